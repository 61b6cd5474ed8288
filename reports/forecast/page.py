"""What the page shows, from stored rows alone: nothing is counted or simulated while somebody waits."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from reports.figures import Report
from reports.forecast import basis, capacity, months, record, store
from reports.forecast.basis import rests_on, thin
from reports.forecast.capacity import TeamWeek, team_weeks
from reports.forecast.charts import fan, track
from reports.forecast.months import forecast
from reports.forecast.record import Check, checks, kept_of, score
from reports.forecast.scenarios import effect
from reports.forecast.scope import CHANGE, ForecastScope
from reports.models.forecast import Assumption, ForecastCount

# /reports/forecast/<name>.csv, /api/v1/forecast/<name>; docs/forecast.md defines them
TABLES: dict[str, Report] = {
    table.name: table for table in (months.REPORT, months.TEAMS, record.REPORT, basis.REPORT, capacity.REPORT)
}
AFTERWARDS = timedelta(minutes=10)  # so long after a count may past months still be made
RECENT = 6  # months of the record


def waiting() -> str:
    """What a page waits for, in words; empty: nothing. Two queries, four while past months are made afterwards."""
    if under_way := ForecastCount.objects.running():
        return f"Being counted: {under_way.step}" if under_way.step else "Being counted"
    last = ForecastCount.objects.finished()
    if last is None:
        return "Will be counted in a moment"
    fresh = last.finished_at and last.finished_at > timezone.now() - AFTERWARDS
    due = store.record_due() if fresh and not last.missing else []
    return f"{len(due)} past month{'s' if len(due) > 1 else ''} to be forecast afterwards" if due else ""


def shown(scope: ForecastScope) -> dict[str, Any]:
    """The context of the template. A few queries, whatever the number of leads."""
    found = forecast(scope.latest, {team.pk: team for team in scope.teams})
    last = ForecastCount.objects.finished()
    context = {"scope": scope, "waiting": waiting(), "last": last, "found": found, "tables": TABLES}
    if found is None:
        return context
    what_if = effect(scope.what_if, scope.latest, scope.teams) if scope.what_if else None
    basis = rests_on(scope.latest)
    return context | {
        "fan": fan(found), "early": found.deals < store.EARLY_WON, "early_won": store.EARLY_WON, "effect": what_if,
        "record": _record(scope), "basis": basis, "thin": thin(basis), "held": _held(scope),
        "may_overrule": scope.user.has_perm(CHANGE),
        "weeks": by_team(team_weeks(scope.latest, scope.teams, scope.what_if)),
    }  # fmt: skip


def _record(scope: ForecastScope) -> dict[str, Any]:
    every = checks(kept_of(scope), scope.latest)
    near = [one for one in every if one.ahead == 1][-RECENT:]
    far = [one for one in every if one.ahead == 3][-RECENT:]
    return {
        "near": near, "inside": sum(one.inside for one in near), "score": score(near),
        "far": score(far), "all": score(every), "chart": track(near),
        "surprise": _surprise(near), "partly": _partly(near, scope), "afterwards": sum(one.afterwards for one in near),
    }  # fmt: skip


def _partly(near: Sequence[Check], scope: ForecastScope) -> bool:
    """Whether more was won in these months than is compared: by teams that were not here yet."""
    came = {one.month: one.revenue for one in months.pasts(scope.latest)}
    return any(came.get(one.month, 0.0) - one.actual >= 1 for one in near)


def _surprise(near: Sequence[Check]) -> Check | None:
    """A month above its interval of which one deal was more than a third."""
    return next((one for one in near if one.actual > one.high and one.largest > one.actual / 3), None)


def _held(scope: ForecastScope) -> list[dict[str, Any]]:
    """The assumptions in force, with the effect each has on the revenue of the horizon."""
    gains = {one["id"]: one for row in scope.latest for one in row.basis["assumptions"]}
    rows = Assumption.objects.visible_to(scope.user).in_force().filter(team__in=scope.teams)
    return [{"row": one, "effect": gains.get(one.pk)} for one in rows.select_related("team", "by")]


def by_team(weeks: Sequence[TeamWeek]) -> dict[str, list[TeamWeek]]:
    found: dict[str, list[TeamWeek]] = {}
    for week in weeks:
        found.setdefault(week.team, []).append(week)
    return found
