"""What somebody without a forecast would say, for the same months: the references of bench/forecast.py.

Each says an expected revenue and, where it can, an 80 % interval: what so many months differed by, with Student's
factor. The pipeline says a number alone, as pipelines do.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import comb

import numpy as np

from reports.days import midnight, month_of, months_before, next_month
from reports.forecast.record import Check
from reports.forecast.replay import Replayed

OUTSIDE = 0.2  # of months, by an 80 % interval
DRAWS = 100_000
LEAST = timedelta(days=15)  # a deal that is late closes half a month from now


@dataclass(frozen=True)
class Said:
    """One month as it was said beforehand, and as it came. `low`, `high` NaN: a number alone."""

    made: date
    ahead: int
    expected: float
    low: float
    high: float
    actual: float


@dataclass(frozen=True)
class Known:
    """What was known when it was made: revenue of the months before, the latest first; deals of that moment."""

    made: date
    revenue: list[float]
    pipeline: dict[date, float]


Rule = Callable[[Known, date], tuple[float, float, float] | None]


def as_last(months: int) -> Rule:
    """The mean of so many months before; None before there are three."""

    def rule(known: Known, month: date) -> tuple[float, float, float] | None:
        if len(known.revenue) < 3:
            return None
        last, year = known.revenue[:months], known.revenue[:12]
        off = _student(len(year) - 1) * float(np.std(year, ddof=1)) * (1 + 1 / len(last)) ** 0.5
        mean = float(np.mean(last))
        return mean, max(0.0, mean - off), mean + off

    return rule


def _student(freedom: int) -> float:
    """The factor of an 80 % interval."""
    return float(np.quantile(np.random.default_rng(80).standard_t(freedom, DRAWS), 1 - OUTSIDE / 2))


def pipeline(known: Known, month: date) -> tuple[float, float, float]:
    return known.pipeline.get(month, 0.0), np.nan, np.nan


RULES: dict[str, Rule] = {
    "as last month": as_last(1), "mean of 3 months": as_last(3), "mean of 6 months": as_last(6),
    "mean of 12 months": as_last(12), "open deals × rate": pipeline,
}  # fmt: skip


def known_at(made: date) -> Known:
    return Known(made, _revenue_before(made), _pipeline_at(midnight(made)))


def _revenue_before(made: date) -> list[float]:
    from leads.models import Deal

    won: dict[date, float] = {}
    for closed, amount in Deal.objects.filter(state="won", closed_at__lt=midnight(made)).values_list(
        "closed_at", "amount"
    ):
        month = month_of(closed)
        won[month] = won.get(month, 0.0) + float(amount or 0)
    back = 1
    while won and months_before(made, back) >= min(won):
        back += 1
    return [won.get(months_before(made, place), 0.0) for place in range(1, back)]


def _pipeline_at(moment: datetime) -> dict[date, float]:
    """Each open deal × the share that is won × the mean amount, in the month in which it has the usual age of a win."""
    from leads.models import Deal

    closed = Deal.objects.filter(closed_at__lt=moment)
    won = [(deal.closed_at - deal.opened_at, float(deal.amount or 0)) for deal in closed.filter(state="won")]
    if not won:
        return {}
    each = len(won) / closed.count() * float(np.mean([amount for _, amount in won]))
    usual = sorted(took for took, _ in won)[len(won) // 2]
    found: dict[date, float] = {}
    here = Deal.objects.filter(opened_at__lt=moment).exclude(closed_at__lt=moment)
    for opened in here.values_list("opened_at", flat=True):
        month = month_of(max(opened + usual, moment + LEAST))
        found[month] = found.get(month, 0.0) + each
    return found


def said_by_us(replayed: Iterable[Replayed], which: Callable[[Replayed], list[Check]]) -> list[Said]:
    return [Said(one.month, check.ahead, check.expected, check.low, check.high, check.actual)
            for one in replayed for check in which(one)]  # fmt: skip


def said_by(rule: Rule, ours: Sequence[Said], known: dict[date, Known]) -> list[Said]:
    """The same months; those of which the rule cannot say anything are left out."""
    told = [(one, rule(known[one.made], month_ahead(one))) for one in ours]
    return [Said(one.made, one.ahead, *words, one.actual) for one, words in told if words]


def month_ahead(one: Said) -> date:
    month = one.made
    for _ in range(one.ahead - 1):
        month = next_month(month)
    return month


def said_by_truth(ours: Sequence[Said], others: Sequence[dict[date, float]]) -> list[Said]:
    """The mean of what came in other worlds with the same hidden truth: what nobody could know better beforehand."""
    found = []
    for one in ours:
        came = [world.get(month_ahead(one), 0.0) for world in others]
        found.append(Said(one.made, one.ahead, float(np.mean(came)), np.nan, np.nan, one.actual))
    return found


@dataclass(frozen=True)
class Quality:
    """Errors in parts of the mean actual. `score`: width, and ten times by how much a month lies outside: T. Gneiting,
    A. Raftery (2007), "Strictly proper scoring rules, prediction, and estimation", JASA 102, 359–378; lower is better.
    """

    n: int
    error: float
    bias: float
    inside: int
    width: float
    score: float


def quality(said: Sequence[Said]) -> Quality:
    expected, low, high, actual = (
        np.array([getattr(one, name) for one in said]) for name in ("expected", "low", "high", "actual")
    )
    mean = actual.mean()
    missed = np.clip(low - actual, 0, None) + np.clip(actual - high, 0, None)
    return Quality(
        n=len(said), error=float(np.abs(expected - actual).mean() / mean),
        bias=float((expected - actual).mean() / mean), inside=int(((low <= actual) & (actual <= high)).sum()),
        width=float((high - low).mean() / mean), score=float((high - low + 2 / OUTSIDE * missed).mean() / mean),
    )  # fmt: skip


def allowed(number: int) -> tuple[int, int]:
    """Fewest and most of so many months inside, of independent 80 % intervals, with the middle 95 % of chance."""
    chance = np.cumsum([comb(number, k) * (1 - OUTSIDE) ** k * OUTSIDE ** (number - k) for k in range(number + 1)])
    return int(np.searchsorted(chance, 0.025)), int(np.searchsorted(chance, 0.975))
