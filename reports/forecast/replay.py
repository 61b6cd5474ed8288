"""Past forecasts made again with what was known then, against what came. Nothing is kept."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from django.db.models import Min
from django.utils import timezone

from leads.models import Deal, Team
from reports.days import midnight, month_of, months_before, next_month
from reports.forecast.counting import count
from reports.forecast.horizon import MONTHS
from reports.forecast.months import together
from reports.forecast.record import Check, Score, checks, score
from reports.forecast.simulation import interval
from reports.forecast.store import forecasts, missing, won_before
from reports.models.forecast import TeamForecast

MOST = 24  # months back


@dataclass(frozen=True)
class Replayed:
    """The checks of one month's forecast: of all teams together, of each team, and of all months that are over as one
    (where there are several). `missing`: why there is none.
    """

    month: date
    missing: str
    together: list[Check]
    teams: dict[int, list[Check]]
    sums: list[Check]


def replay(until: date | None = None) -> Iterator[Replayed]:
    """Month by month from the first with results on record; what came is known until the month `until` begins."""
    over = until or month_of(timezone.now())
    first = Deal.objects.filter(closed_at__isnull=False).aggregate(first=Min("closed_at"))["first"]
    if first is None:
        return
    ended = _ended(over)
    month = max(next_month(month_of(first)), months_before(over, MOST))
    while month < over:
        yield _replayed(month, ended)
        month = next_month(month)


def _ended(over: date) -> list[TeamForecast]:
    """What came, where the latest forecast would carry it."""
    teams = list(Team.objects.order_by("pk").values_list("pk", flat=True))
    won = won_before(teams, midnight(over), MOST + 3)  # three before the first, for “as before”
    return [TeamForecast(team_id=team, as_of=midnight(over), won=won[team]) for team in teams]


def _replayed(month: date, ended: list[TeamForecast]) -> Replayed:
    evidence = count(midnight(month))
    if lacks := missing(evidence):
        return Replayed(month, lacks, [], {}, [])
    kept = forecasts(evidence, [], month)
    teams = {row.team_id: checks([row], [last]) for row, last in zip(kept, ended, strict=True)}
    found = checks(kept, ended)
    return Replayed(month, "", found, teams, _summed(kept, found))


def _summed(kept: list[TeamForecast], found: list[Check]) -> list[Check]:
    """What the title of the page promises is a sum; `ahead`: of so many months."""
    if len(found) < 2:
        return []
    paths = together(kept)[:, : len(found)].sum(axis=1)
    low, high = (float(end) for end in interval(paths))
    came, naive = sum(check.actual for check in found), found[0].naive
    return [
        replace(
            found[-1], expected=sum(check.expected for check in found), low=low, high=high, actual=came,
            inside=low <= came <= high, unsure=float(np.abs(paths - paths.mean()).mean()),
            naive=None if naive is None else naive * len(found), largest=max(check.largest for check in found),
        )
    ]  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """How the replayed forecasts did: together by months ahead, all of them, sums of months, all of single teams."""

    ahead: dict[int, Score]
    together: Score | None
    sums: Score | None
    teams: Score | None


def verdict(replayed: Iterable[Replayed]) -> Verdict:
    every = list(replayed)
    found = [check for one in every for check in one.together]
    by_ahead = {ahead: score([check for check in found if check.ahead == ahead]) for ahead in range(1, MONTHS + 1)}
    of_teams = [check for one in every for team in one.teams.values() for check in team]
    sums = [check for one in every for check in one.sums]
    return Verdict(
        {ahead: each for ahead, each in by_ahead.items() if each}, score(found), score(sums), score(of_teams)
    )
