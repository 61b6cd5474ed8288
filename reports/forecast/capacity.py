"""What reps can take, against the handoffs to come: each team, week by week."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any

import numpy as np
from django.db.models import Count, Min
from django.utils import timezone

from leads.enums import Role
from leads.models import Absence, Handoff, Membership, Team
from reports.days import day_of, midnight
from reports.figures import Figure, Report
from reports.forecast.scope import ForecastScope, WhatIf
from reports.forecast.simulation import SEED, interval
from reports.models.forecast import TeamForecast

WEEKS_BACK, WEEKS_AHEAD = 8, 6
LABELS_BACK = timedelta(days=90)
DRAWS = 4000
WORKDAYS = 5
WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class TeamWeek:
    """One week of one team."""

    team: Annotated[str, Figure("Team", "Whose reps and handoffs.")]
    week: Annotated[date, Figure("Week from", "Its Monday.")]
    expected: Annotated[
        float,
        Figure("Handoffs expected", "As many a week as in the last eight whole weeks, or since the week of the first."),
    ]
    low: Annotated[float, Figure("80% from", "Fewer in one week of ten, if these weeks are usual.")]
    high: Annotated[float, Figure("80% to", "More in one week of ten, if these weeks are usual.")]
    capacity: Annotated[
        float | None,
        Figure(
            "Capacity",
            "Leads the reps of the team take that week: their limits, less days away. Empty: no limit is known.",
        ),
    ]
    over: Annotated[float | None, Figure("Chance of too many", "How probable it is that more come than can be taken.")]

    @property
    def room(self) -> float | None:
        """What is left at the expected number; below 0: so many too many."""
        return None if self.capacity is None else self.capacity - self.expected


@dataclass(frozen=True)
class Reps:
    """The reps of a team who are given leads. `limits` of those that have one; `unlimited`: how many have none."""

    limits: dict[int, int]
    unlimited: int

    @property
    def leads(self) -> float | None:
        """A week, nobody away; None where it is not known."""
        return float(sum(self.limits.values())) if self.limits and not self.unlimited else None

    @property
    def usual(self) -> float:
        """What one rep takes."""
        return sum(self.limits.values()) / len(self.limits) if self.limits else 0.0


def handoffs_before(teams: Iterable[int], as_of: datetime) -> dict[int, dict[str, Any]]:
    """By team: {"weeks": handoffs of the last eight whole weeks, the oldest first, "labels": of 90 days, by label}.

    A team that began later has fewer weeks: those after the one of its first handoff.
    """
    monday = _monday(as_of)
    start = midnight(monday - WEEKS_BACK * WEEK)
    found: dict[int, dict[str, Any]] = {team: {"weeks": [0] * WEEKS_BACK, "labels": {}} for team in teams}
    opened = Handoff.objects.filter(opened_at__gte=start, opened_at__lt=midnight(monday), team__in=found)
    for team, moment in opened.values_list("team", "opened_at").iterator():
        found[team]["weeks"][(day_of(moment) - (monday - WEEKS_BACK * WEEK)).days // 7] += 1
    recent = Handoff.objects.filter(opened_at__gte=as_of - LABELS_BACK, opened_at__lte=as_of, team__in=found)
    for team, label, number in recent.order_by().values_list("team", "label").annotate(Count("pk")):
        found[team]["labels"][label] = number
    began = Handoff.objects.filter(team__in=found).order_by().values_list("team").annotate(Min("opened_at"))
    for team, first in began:
        weeks = (monday - _monday(first)).days // 7 - 1
        found[team]["weeks"] = found[team]["weeks"][-weeks:] if weeks > 0 else []
    return found


def reps_of(teams: Iterable[Team]) -> dict[int, Reps]:
    """The active reps of each team that are given leads. One query."""
    members = Membership.objects.filter(team__in=list(teams), role=Role.REP, user__is_active=True, weight__gt=0)
    found: dict[int, list[tuple[int, int | None]]] = {team.pk: [] for team in teams}
    for team, user, limit in members.values_list("team", "user", "weekly_capacity"):
        found[team].append((user, limit))
    return {
        team: Reps({user: limit for user, limit in each if limit is not None}, sum(limit is None for _, limit in each))
        for team, each in found.items()
    }


def team_weeks(latest: Sequence[TeamForecast], teams: Sequence[Team], what_if: WhatIf) -> list[TeamWeek]:
    """The next six weeks of each team. Two queries."""
    reps, rows = reps_of(teams), {row.team_id: row for row in latest}
    more = place_reps(what_if, latest, reps)
    monday = _monday(timezone.now()) + WEEK
    weeks = [monday + number * WEEK for number in range(WEEKS_AHEAD)]
    away = _away([user for each in reps.values() for user in each.limits], weeks[0], weeks[-1] + WEEK)
    return [
        week for team in teams if team.pk in rows
        for week in _weeks(rows[team.pk], team, reps[team.pk], weeks, away, what_if, more.get(team.pk, 0))
    ]  # fmt: skip


def place_reps(what_if: WhatIf, latest: Sequence[TeamForecast], reps: dict[int, Reps]) -> dict[int, int]:
    """More reps go, one after another, to the team that has most handoffs beyond its capacity; fewer go from where
    most room is. Teams without limits need nobody."""
    limited = {row.team_id: row for row in latest if reps[row.team_id].leads is not None}
    placed = dict.fromkeys(limited, 0)
    step = 1 if what_if.reps > 0 else -1
    for _ in range(abs(what_if.reps) if limited else 0):
        missing = {
            team: per_week(row, what_if) - (reps[team].leads or 0) - placed[team] * reps[team].usual
            for team, row in limited.items()
        }
        chosen = max(missing, key=lambda team: step * missing[team])
        placed[chosen] += step
    return {team: number for team, number in placed.items() if number}


def per_week(row: TeamForecast, what_if: WhatIf | None = None) -> float:
    weeks = row.basis["handoffs"]["weeks"] or [0]
    more = what_if.more / 100 * share_of(row, what_if.label) if what_if else 0.0
    return sum(weeks) / len(weeks) * (1 + more)


def _weeks(
    row: TeamForecast, team: Team, reps: Reps, weeks: list[date], away: dict[int, list[tuple[date, date]]],
    what_if: WhatIf, more: int,
) -> list[TeamWeek]:  # fmt: skip
    drawn = _drawn(row, what_if)
    low, high = interval(drawn)
    found = []
    for week in weeks:
        capacity = _capacity(reps, week, away, more)
        over = None if capacity is None else float((drawn > capacity).mean())
        found.append(TeamWeek(str(team), week, per_week(row, what_if), float(low), float(high), capacity, over))
    return found


def _drawn(row: TeamForecast, what_if: WhatIf) -> np.ndarray:
    """Handoffs of a week, as they may fall: a rate that fits the weeks before, then chance.

    Γ(n + ½, weeks): the gamma posterior of a Poisson rate after Jeffreys; the draws are then negative binomial.
    """
    rng = np.random.default_rng([SEED, row.team_id])
    before = row.basis["handoffs"]["weeks"] or [0]
    rate = rng.gamma(sum(before) + 0.5, 1 / len(before), DRAWS)
    return rng.poisson(rate * (1 + what_if.more / 100 * share_of(row, what_if.label)))


def share_of(row: TeamForecast, label: str) -> float:
    """The share of the team's handoffs that had the label."""
    labels = row.basis["handoffs"]["labels"]
    return labels.get(label, 0) / (sum(labels.values()) or 1)


def _capacity(reps: Reps, week: date, away: dict[int, list[tuple[date, date]]], more: int) -> float | None:
    if reps.leads is None:
        return None
    each = (limit * (1 - _days_off(week, away.get(user, [])) / WORKDAYS) for user, limit in reps.limits.items())
    return max(0.0, round(sum(each) + more * reps.usual, 1))


def _days_off(week: date, absences: list[tuple[date, date]]) -> int:
    days = {week + timedelta(days=number) for number in range(WORKDAYS)}
    return sum(any(first <= day <= last for first, last in absences) for day in days)


def _away(users: list[int], first: date, last: date) -> dict[int, list[tuple[date, date]]]:
    found: dict[int, list[tuple[date, date]]] = {}
    absences = Absence.objects.filter(user__in=users, first__lt=last, last__gte=first)
    for user, start, end in absences.values_list("user", "first", "last"):
        found.setdefault(user, []).append((start, end))
    return found


def _monday(moment: datetime) -> date:
    day = day_of(moment)
    return day - timedelta(days=day.weekday())


def rows(scope: ForecastScope) -> list[TeamWeek]:
    return team_weeks(scope.latest, scope.teams, scope.what_if)


REPORT = Report(
    name="capacity",
    title="Capacity and handoffs to come",
    about="What the reps of each team can take in the next six weeks, against the handoffs to be expected; with the "
    "what-if that was asked for.",
    row=TeamWeek,
    rows=rows,
)
