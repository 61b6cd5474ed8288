"""A rate and its interval as a whisker with a dot, all on one scale: for the cells of a table."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from leads.statistics import Rate

WIDTH, MARGIN = 160, 2


@dataclass(frozen=True)
class Whisker:
    """A rate and its interval on a scale from 0 to `top`, 160 units wide with a margin of 2."""

    low: float
    at: float
    high: float


def scale_top(rates: Iterable[Rate]) -> float:
    """The end of a common scale: the highest end of an interval, rounded up to a twentieth."""
    highs = [rate.interval.high for rate in rates if rate.interval]
    return ceil(max(highs) * 20 - 1e-9) / 20 if highs else 1.0


def whisker(rate: Rate, top: float) -> Whisker | None:
    """None while there are too few cases to say."""
    if rate.share is None or rate.interval is None:
        return None
    places = (_place(value, top) for value in (rate.interval.low, rate.share, rate.interval.high))
    return Whisker(*places)


def _place(share: float, top: float) -> float:
    return round(MARGIN + (WIDTH - 2 * MARGIN) * share / top, 1)
