"""How well scores sort leads, from counts of each score: as scoring/accuracy.py, which asks lead by lead."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leads.statistics import ENOUGH, Z95

Floats = NDArray[np.float64]
Whole = Sequence[int] | NDArray[np.int64]
Part = tuple[int, int, int, int]  # lowest score, highest, n, k
FEWEST = 10  # of either kind


@dataclass(frozen=True)
class Sorted:
    """How often one of the `yes` has the higher score than one of the `no`, ties half; 0.5 is chance. 95 % interval.

    `value`, `low` and `high` are None while there are too few of either.
    """

    value: float | None
    low: float | None
    high: float | None
    yes: int
    no: int


def sorted_by(scores: Whole, yes: Whole, no: Whole) -> Sorted:
    """`yes[i]` and `no[i]` leads have `scores[i]`; each score once.

    Variance: DeLong, DeLong, Clarke-Pearson (1988), Biometrics 44, 837–845, whose sums over leads are sums over scores.
    """
    order = np.argsort(np.asarray(scores))
    won, lost = np.asarray(yes, float)[order], np.asarray(no, float)[order]
    k, m = float(won.sum()), float(lost.sum())
    if k < FEWEST or m < ENOUGH - FEWEST:
        return Sorted(None, None, None, int(k), int(m))
    above_lost = (lost.cumsum() - lost / 2) / m  # of each winner: the losers below, ties half
    below_won = 1 - (won.cumsum() - won / 2) / k  # of each loser: the winners above, ties half
    value = float((won * above_lost).sum() / k)
    variance = _variance(above_lost, won, value) / k + _variance(below_won, lost, value) / m
    error = Z95 * float(np.sqrt(variance))
    return Sorted(value, max(0.0, value - error), min(1.0, value + error), int(k), int(m))


def _variance(values: Floats, times: Floats, mean: float) -> float:
    return float((times * (values - mean) ** 2).sum() / (times.sum() - 1))


def tenths(scores: Sequence[int], n: Sequence[int], k: Sequence[int], parts: int = 10) -> list[Part]:
    """Leads in about equal parts by score, best first. Equal scores are never parted.

    A part ends with the score that fills it, so there are fewer parts where many leads have one score.
    """
    rows = sorted(zip(scores, n, k, strict=True), reverse=True)
    size = sum(n) / parts
    found: list[Part] = []
    high, count, won, done = None, 0, 0, 0
    for score, number, yes in rows:
        high = score if high is None else high
        count, won = count + number, won + yes
        if done + count >= size * (len(found) + 1) - 1e-9:
            found.append((score, high, count, won))
            done, high, count, won = done + count, None, 0, 0
    if count:
        found.append((rows[-1][0], high if high is not None else rows[-1][0], count, won))
    return found
