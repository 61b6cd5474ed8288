"""How good was it so far: forecasts kept at the beginning of a month against what came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

import numpy as np

from leads.statistics import Rate
from reports.days import midnight, month_of, months_before
from reports.figures import Figure, Report
from reports.forecast.months import Past, pasts, sums, together
from reports.forecast.scope import ForecastScope
from reports.forecast.simulation import interval
from reports.models.forecast import TeamForecast

SHOWN = 12  # months
LATE = timedelta(days=2)


@dataclass(frozen=True)
class Check:
    """One month, as it was forecast so many months ahead, and as it came."""

    month: Annotated[date, Figure("Month", "The month that was forecast, over by now.")]
    ahead: Annotated[
        int, Figure("Months ahead", "1: forecast at the beginning of the month itself; 3: two months before that.")
    ]
    expected: Annotated[float, Figure("Forecast", "What was expected then, with the assumptions that held then.")]
    low: Annotated[float, Figure("80% from", "Of the interval that was given then.")]
    high: Annotated[float, Figure("80% to", "Of the interval that was given then.")]
    actual: Annotated[float, Figure("Actual", "What was won in that month.")]
    inside: Annotated[bool, Figure("Inside", "Whether the actual lies in the interval.")]
    unsure: Annotated[
        float,
        Figure("Error to be expected", "How far its own paths lay from their mean: luck, and what was not known then."),
    ]
    afterwards: Annotated[
        bool, Figure("Made afterwards", "By the same rules with what was known then, but computed later.")
    ]
    naive: Annotated[
        float | None,
        Figure("As before", "What the mean of the three months before would have said, for comparison."),
    ]
    largest: Annotated[float, Figure("Largest deal", "Of that month.")]

    @property
    def error(self) -> float:
        return self.expected - self.actual


@dataclass(frozen=True)
class Score:
    """How some checks went. Errors are in parts of the mean actual, so that small months do not weigh more."""

    inside: Annotated[Rate, Figure("Inside", "Months inside their interval; 8 in 10 should be.")]
    mean_error: Annotated[float, Figure("Mean error, either way", "Mean error without its sign, over the mean actual.")]
    unsure: Annotated[
        float, Figure("Error to be expected", "What the forecasts themselves said they would be off by, over the same.")
    ]
    tendency: Annotated[float, Figure("Tendency", "Mean error over the mean actual; above 0: too high.")]
    naive_error: Annotated[float | None, Figure("As before", "Mean error of “as the three months before”.")]
    worst: Check


def checks(kept: Sequence[TeamForecast], latest: Sequence[TeamForecast]) -> list[Check]:
    """Every month that is over, by how far ahead it was forecast; the oldest first. No query.

    A forecast is held against what its own teams won: one that was founded later is not in it.
    """
    now = {row.team_id: row for row in latest}
    made: dict[date, list[TeamForecast]] = {}
    for row in kept:
        if row.month and row.team_id in now:
            made.setdefault(row.month, []).append(row)
    found = [check for rows in made.values() for check in _checks(rows, [now[row.team_id] for row in rows])]
    return sorted(found, key=lambda check: (check.month, check.ahead))


def _checks(rows: list[TeamForecast], latest: list[TeamForecast]) -> list[Check]:
    past, over = {one.month: one for one in pasts(latest)}, month_of(latest[0].as_of)
    paths = together(rows)
    low, high = interval(paths)
    expected = np.sum([sums(row, range(len(row.spans))) for row in rows], axis=0)
    found = []
    for place, (month, *_) in enumerate(rows[0].spans):
        day = date.fromisoformat(month)
        if day >= over:
            continue
        came = past.get(day, Past(day, 0.0, 0, 0.0))
        found.append(Check(
            month=day, ahead=place + 1, expected=float(expected[place]), low=float(low[place]),
            high=float(high[place]), actual=came.revenue, inside=bool(low[place] <= came.revenue <= high[place]),
            unsure=float(np.abs(paths[:, place] - paths[:, place].mean()).mean()),
            afterwards=rows[0].made_at > midnight(rows[0].month or day) + LATE,
            naive=_naive(rows[0].month or day, past), largest=came.largest,
        ))  # fmt: skip
    return found


def _naive(made: date, past: dict[date, Past]) -> float | None:
    """The mean of the three months before it was made, also of those that brought nothing; None before the first."""
    before = [months_before(made, back) for back in (1, 2, 3)]
    if not past or min(before) < min(past):
        return None
    return sum(past[month].revenue for month in before if month in past) / 3


def score(found: Sequence[Check]) -> Score | None:
    """None where there is nothing to score."""
    actual = sum(check.actual for check in found)
    if not found or not actual:
        return None
    compared = [abs(check.naive - check.actual) for check in found if check.naive is not None]
    return Score(
        inside=Rate(sum(check.inside for check in found), len(found)),
        mean_error=sum(abs(check.error) for check in found) / actual,
        unsure=sum(check.unsure for check in found) / actual,
        tendency=sum(check.error for check in found) / actual,
        naive_error=sum(compared) / actual if len(compared) == len(found) else None,
        worst=max(found, key=lambda check: abs(check.error)),
    )  # fmt: skip


def kept_of(scope: ForecastScope) -> list[TeamForecast]:
    """The forecasts of the past year of these teams. One query."""
    since = months_before(month_of(scope.latest[0].as_of), SHOWN + 6) if scope.latest else None
    record = TeamForecast.objects.visible_to(scope.user).record().filter(team__in=scope.teams)
    return list(record.filter(month__gte=since).order_by("month", "team__name")) if since else []


def rows(scope: ForecastScope) -> list[Check]:
    return checks(kept_of(scope), scope.latest)


REPORT = Report(
    name="record",
    title="Forecast against actual",
    about="What was forecast at the beginning of each month, one to six months ahead, and what came.",
    row=Check,
    rows=rows,
)
