"""Weights → whole points on 0–100, and what each criterion is worth in words and figures."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leads.statistics import Interval, Rate, wilson
from scoring.learning.bins import Bins
from scoring.learning.logistic import Floats, fit, probability
from scoring.learning.shape import Data, Fitted, Part
from scoring.learning.table import Table

EDGE = 0.005  # so many leads may lie below 0 and above 100 points
BANDS = ((0, 19), (20, 39), (40, 59), (60, 79), (80, 100))


@dataclass(frozen=True)
class Criterion:
    """One condition, or two that must both hold, with its points. `n` leads meet it, `won` of them."""

    parts: tuple[Part, ...]
    points: int
    n: int
    won: int


@dataclass(frozen=True)
class Card:
    """total = base + points of every criterion that holds; probability = 1 / (1 + exp(−(constant + slope · total))).

    The raw total ranks and promises; on a page it ends at 0 and 100.
    """

    bins: tuple[Bins, ...]
    criteria: tuple[Criterion, ...]
    base: int
    constant: float
    slope: float
    rate: float  # of the leads it was learned from

    def totals(self, table: Table) -> NDArray[np.int64]:
        """The columns it asks must be in the table, by name."""
        columns = {column.name: column for column in table.columns}
        asked = {place for criterion in self.criteria for place, _ in criterion.parts}
        codes = {place: self.bins[place].codes(columns[self.bins[place].name]) for place in asked}
        totals = np.full(len(table), self.base, np.int64)
        for criterion in self.criteria:
            holds = [np.array((*mask, False))[codes[place]] for place, mask in criterion.parts]
            totals += criterion.points * np.logical_and.reduce(holds)
        return totals

    def probability(self, totals: NDArray[np.int64]) -> Floats:
        return probability(self.constant + self.slope * totals)


def card_of(data: Data, fitted: Fitted) -> Card:
    """The largest group of each field is the rest and gets no points; the others say how they differ from it."""
    base, weights = _against_the_rest(data, fitted)
    logit = fitted.design @ fitted.weights
    low, high = np.quantile(logit, [EDGE, 1 - EDGE])
    scale = 100 / (high - low) if high > low else 0.0
    criteria = _criteria(data, {parts: round(weight * scale) for parts, weight in weights.items()})
    start = round((base - low) * scale)
    totals = start + sum(one.points * data.meets_all(one.parts) for one in criteria) + np.zeros(len(data.won))
    constant, slope = calibrate(totals, data.won > 0.5)
    ordered = tuple(sorted(criteria, key=lambda one: -abs(one.points)))
    return Card(data.bins, ordered, start, constant, slope, float(data.won.mean()))


def calibrate(
    totals: NDArray[np.floating[Any]] | NDArray[np.integer[Any]], won: NDArray[np.bool_]
) -> tuple[float, float]:
    """The two numbers that make a probability of a total. J. Platt (1999), "Probabilistic outputs for support vector
    machines", with his targets a little inside 0 and 1, so that few leads promise nothing for sure.
    """
    wins, losses = int(won.sum()), int((~won).sum())
    target = np.where(won, (wins + 1) / (wins + 2), 1 / (losses + 2))
    design = np.column_stack([np.ones(len(totals)), (totals - 50.0) / 25])
    (at_50, per_25), _ = fit(design, target, np.zeros(2))
    return float(at_50 - 2 * per_25), float(per_25 / 25)


@dataclass(frozen=True)
class Band:
    """`low`–`high` points on the screen; how many leads were there, who of them won, and what was promised."""

    low: int
    high: int
    rate: Rate
    interval: Interval
    promised: float


def bands(card: Card, totals: NDArray[np.int64], won: NDArray[np.bool_]) -> list[Band]:
    shown, promised = np.clip(totals, 0, 100), card.probability(totals)
    result = []
    for low, high in BANDS:
        inside = (shown >= low) & (shown <= high)
        n, k = int(inside.sum()), int(won[inside].sum())
        mean = float(promised[inside].mean()) if n else 0.0
        result.append(Band(low, high, Rate(k, n), wilson(k, n), mean))
    return result


def _against_the_rest(data: Data, fitted: Fitted) -> tuple[float, dict[tuple[Part, ...], float]]:
    base = float(fitted.weights[0])
    weights: dict[tuple[Part, ...], float] = {}
    for place, groups in enumerate(fitted.shape.groups):
        if len(groups) < 2:
            continue
        rest = max(groups, key=lambda mask: int(data.counts[place][np.array(mask)].sum()))
        nothing = fitted.weight(((place, rest),))
        base += nothing
        for mask in groups:
            if mask != rest:
                weights[((place, mask),)] = fitted.weight(((place, mask),)) - nothing
    for pair in fitted.shape.pairs:
        weights[pair] = fitted.weight(pair)
    return base, weights


def _criteria(data: Data, points: dict[tuple[Part, ...], int]) -> list[Criterion]:
    """Conditions that the very same leads meet become one: two fields of a company may be empty together."""
    alike: dict[bytes, tuple[Part, ...]] = {}
    given: dict[tuple[Part, ...], int] = {}
    for parts, worth in points.items():
        first = alike.setdefault(data.meets_all(parts).tobytes(), parts)
        given[first] = given.get(first, 0) + worth
    return [_criterion(data, parts, worth) for parts, worth in given.items() if worth]


def _criterion(data: Data, parts: tuple[Part, ...], points: int) -> Criterion:
    meets = data.meets_all(parts)
    return Criterion(parts, points, int(meets.sum()), int(data.won[meets].sum()))
