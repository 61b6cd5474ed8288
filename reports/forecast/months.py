"""What the forecast says of some teams together: the sum, the months, the labels, and how sure that is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any

import numpy as np

from leads.models import Team
from reports.days import month_of, next_month
from reports.exports import rounded
from reports.figures import Figure, Report
from reports.forecast.counting import LABELS, Floats
from reports.forecast.scope import ForecastScope
from reports.forecast.simulation import interval
from reports.models.forecast import TeamForecast

EXPECTED = "Amounts of won deals, by the day on which they are won: the mean of all draws, before luck decides."


@dataclass(frozen=True)
class Month:
    """What a month should bring. The running month: what is still to come of it."""

    month: Annotated[date, Figure("Month", "Its first day, in the zone of the installation.")]
    expected: Annotated[float, Figure("Expected", EXPECTED)]
    low: Annotated[float, Figure("80% from", "One path in ten lies below.")]
    high: Annotated[float, Figure("80% to", "One path in ten lies above.")]
    half_low: Annotated[float, Figure("50% from", "One path in four lies below.")]
    half_high: Annotated[float, Figure("50% to", "One path in four lies above.")]
    hot: Annotated[float, Figure("Hot", "Expected of leads and deals of this label.")]
    warm: Annotated[float, Figure("Warm", "The same.")]
    cool: Annotated[float, Figure("Cool", "The same.")]
    cold: Annotated[float, Figure("Cold", "The same.")]
    others: Annotated[float, Figure("Others", "Disqualified, not scored, or a deal without a lead.")]

    def of(self, label: str) -> float:
        return getattr(self, label)


MOMENT = timedelta(microseconds=1)  # before midnight of the first it is the month before
GROUPS = ("hot", "warm", "cool", "cold", "others")


@dataclass(frozen=True)
class TeamMonth:
    """What a month should bring in one team."""

    team: Annotated[str, Figure("Team", "Whose deals.")]
    month: Annotated[date, Figure("Month", "Its first day, in the zone of the installation.")]
    expected: Annotated[float, Figure("Expected", EXPECTED)]
    low: Annotated[float, Figure("80% from", "One path in ten lies below.")]
    high: Annotated[float, Figure("80% to", "One path in ten lies above.")]


@dataclass(frozen=True)
class Group:
    """A label or a team: its months, their sum, and its share of the whole. `low`, `high`: of the sum of a team."""

    name: str
    months: list[float]
    total: float
    share: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Total:
    expected: float
    low: float
    high: float


@dataclass(frozen=True)
class Past:
    """A month that is over. `largest`: its largest deal."""

    month: date
    revenue: float
    deals: int
    largest: float


@dataclass(frozen=True)
class Forecast:
    """`rest`: what the running month should still bring, no part of the total. `deals`: won deals it rests on."""

    as_of: datetime
    months: list[Month]
    rest: Month | None
    total: Total
    labels: list[Group]
    teams: list[Group]
    past: list[Past]
    so_far: float
    deals: int


def forecast(latest: Sequence[TeamForecast], names: dict[int, Team]) -> Forecast | None:
    """The latest of these teams, added up path by path. None while there is none. No query."""
    if not latest:
        return None
    paths = together(latest)
    months = [_month(latest, paths, place) for place in range(paths.shape[1])]
    whole = [place for place, span in enumerate(latest[0].spans) if span[3]]
    low, high = interval(paths[:, whole].sum(axis=1))
    every = [months[place] for place in whole]
    total = Total(sum(month.expected for month in every), float(low), float(high))
    rest = months[0] if 0 not in whole else None
    past = pasts(latest)
    return Forecast(
        as_of=latest[0].as_of, months=every, rest=rest, total=total,
        labels=_groups({name: [month.of(name) for month in every] for name in GROUPS}),
        teams=_teams(latest, names, whole),
        past=[one for one in past if rest is None or one.month < rest.month],
        so_far=sum(one.revenue for one in past if rest and one.month == rest.month), deals=latest[0].basis["deals"],
    )  # fmt: skip


def together(rows: Sequence[TeamForecast]) -> Floats:
    """[draw, month] of these teams: paths of the same number share what concerns everybody."""
    return np.sum([row.revenue for row in rows], axis=0, dtype=np.float64)


def _month(rows: Sequence[TeamForecast], paths: Floats, place: int) -> Month:
    drawn = paths[:, place]
    (low, high), (half_low, half_high) = interval(drawn), interval(drawn, 0.5)
    expected = {label: sum(row.expected[label][place] for row in rows) for label in LABELS}
    named = {name: expected.pop(name) for name in GROUPS[:4]}
    return Month(
        date.fromisoformat(rows[0].spans[place][0]), sum(named.values()) + sum(expected.values()), float(low),
        float(high), float(half_low), float(half_high), **named, others=sum(expected.values()),
    )  # fmt: skip


def sums(row: TeamForecast, places: Iterable[int]) -> list[float]:
    """What is expected of the team in the months at these places, all labels together."""
    return [sum(row.expected[label][place] for label in LABELS) for place in places]


def _teams(latest: Sequence[TeamForecast], names: dict[int, Team], whole: list[int]) -> list[Group]:
    groups = _groups({str(names[row.team_id]): sums(row, whole) for row in latest})
    ends = [interval(together([row])[:, whole].sum(axis=1)) for row in latest]
    return [replace(group, low=float(low), high=float(high)) for group, (low, high) in zip(groups, ends, strict=True)]


def _groups(months: dict[str, list[float]]) -> list[Group]:
    whole = sum(sum(each) for each in months.values()) or 1.0
    return [Group(name, each, sum(each), sum(each) / whole) for name, each in months.items()]


def pasts(latest: Sequence[TeamForecast]) -> list[Past]:
    """From the first month in which something was won to the one they were counted in, of these teams together; a month
    that brought nothing is one of them.
    """
    found: dict[str, list[float]] = {}
    for row in latest:
        for month, (revenue, deals, largest) in row.won.items():
            was = found.get(month, [0.0, 0, 0.0])
            found[month] = [was[0] + revenue, was[1] + deals, max(was[2], largest)]
    if not found:
        return []
    rows, month, last = [], date.fromisoformat(min(found)), month_of(latest[0].as_of - MOMENT)
    while month <= last:
        revenue, deals, largest = found.get(month.isoformat(), [0.0, 0, 0.0])
        rows.append(Past(month, revenue, int(deals), largest))
        month = next_month(month)
    return rows


def rows(scope: ForecastScope) -> list[Month]:
    found = forecast(scope.latest, {team.pk: team for team in scope.teams})
    return found.months if found else []


REPORT = Report(
    name="months",
    title="Forecast by month",
    about="Expected revenue of the next six whole months, with intervals, by label.",
    row=Month,
    rows=rows,
)


def team_rows(scope: ForecastScope) -> list[TeamMonth]:
    """Of each team the whole months, one after another."""
    names = {team.pk: str(team) for team in scope.teams}
    return [month for row in scope.latest for month in _months_of(row, names[row.team_id])]


def _months_of(row: TeamForecast, team: str) -> list[TeamMonth]:
    whole = [place for place, span in enumerate(row.spans) if span[3]]
    low, high = interval(together([row]))
    return [
        TeamMonth(team, date.fromisoformat(row.spans[place][0]), expected, float(low[place]), float(high[place]))
        for place, expected in zip(whole, sums(row, whole), strict=True)
    ]


TEAMS = Report(
    name="teams",
    title="Forecast by team and month",
    about="Expected revenue of the next six whole months of each team, with intervals.",
    row=TeamMonth,
    rows=team_rows,
)


def as_json(found: Forecast) -> dict[str, Any]:
    """What the API answers besides the months."""
    return rounded({
        "as_of": found.as_of, "total": vars(found.total), "deals": found.deals, "so_far": found.so_far,
        "teams": [vars(group) for group in found.teams], "labels": [vars(group) for group in found.labels],
    })  # fmt: skip
