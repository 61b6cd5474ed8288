"""Where the outcome of leads is not what their score promised.

A score becomes a probability by two numbers (Platt 1999). A column, such as "meets this criterion", is then asked
whether the leads that have it won more or less often than promised: Rao's score test (1948) of one more weight, given
these two. Many columns are asked at once; which answers to believe says the procedure of Benjamini and Hochberg (1995).
"""

from dataclasses import dataclass
from math import erfc, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leads.statistics import Z95, discoveries
from scoring.learning.logistic import fit, probability
from scoring.suggestions.candidates import LEAST

FALSE = 0.025  # of what is believed in each of the two families, so much may be chance
EXPECTED = 5.0  # wins and losses that must be expected among those who have it
FLAT = 0.25  # the least a standard deviation of the score is taken to mean, in log odds
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Weighed:
    """`n` leads have it, `k` of them won, `expected` were promised. p: two-sided; None where that is too few to say."""

    n: int
    k: int
    expected: float
    p: float | None


@dataclass(frozen=True)
class Change:
    """How many points more the leads with the column should have, shrunk, and its 95 % interval, not shrunk."""

    points: float
    low: float
    high: float


class Scale:
    """`totals` of past leads and who won: what a score promises. Where fewer won the higher they stood, it promises all
    the same: were it taken at its word, what has nothing to do with it would look like a cure.
    """

    def __init__(self, totals: NDArray[Any], won: NDArray[np.bool_]):
        self.won = won.astype(float)
        self.spread = max(float(totals.std()), 1.0)
        self.design = np.column_stack([np.ones(len(totals)), (totals - totals.mean()) / self.spread])
        weights, _ = fit(self.design, self.won, np.zeros(2))
        if weights[1] < 0:
            self.design = self.design[:, :1]
            weights, _ = fit(self.design, self.won, np.zeros(1))
        self.p = probability(self.design @ weights)
        self.information = self.p * (1 - self.p)

    def weigh(self, columns: Floats) -> list[Weighed]:
        """Each column by itself. They are 0 where a lead does not have it."""
        have = columns != 0
        n, k, expected = have.sum(axis=0), self.won @ have, self.p @ have
        residual = (self.won - self.p) @ columns
        shared = columns.T @ (self.design * self.information[:, None])
        inside = (self.design * self.information[:, None]).T @ self.design + 1e-9 * np.eye(self.design.shape[1])
        variance = self.information @ columns**2 - np.einsum("ij,ij->i", shared @ np.linalg.inv(inside), shared)
        return [
            Weighed(int(n[i]), int(k[i]), float(expected[i]), _p(residual[i], variance[i]) if self._enough(
                int(n[i]), float(expected[i])) else None)
            for i in range(columns.shape[1])
        ]  # fmt: skip

    def _enough(self, n: int, expected: float) -> bool:
        return LEAST <= n <= len(self.won) - LEAST and min(expected, n - expected) >= EXPECTED

    def change(self, column: Floats) -> Change:
        """One more weight fitted with these, as points. An estimate that was picked because it is large is too large:
        it is drawn towards 0 by the variance it would have by chance (empirical Bayes, Efron and Morris 1973).
        """
        *free, design = *np.zeros(self.design.shape[1]), np.column_stack([self.design, column])
        weights, covariance = fit(design, self.won, np.array([*free, 1e-3]))
        effect, error = float(weights[-1]), sqrt(float(covariance[-1, -1]))
        shrunk = effect * max(0.0, 1 - (error / effect) ** 2) if effect else 0.0
        slope = float(weights[1]) if len(free) == 2 else 0.0
        per_point = max(slope, FLAT) / self.spread
        low, high = effect - Z95 * error, effect + Z95 * error
        return Change(shrunk / per_point, low / per_point, high / per_point)


def _p(residual: float, variance: float) -> float | None:
    return erfc(abs(residual) / sqrt(2 * variance)) if variance > 1e-6 else None


def believed(families: list[list[Weighed]]) -> list[list[bool]]:
    """What people wrote is weighed apart from what a search turns up, so that a long search does not drown it."""
    return [discoveries([one.p for one in family], FALSE) for family in families]
