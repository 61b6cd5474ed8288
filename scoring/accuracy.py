"""How well scores sort leads whose outcome is known, with the source of each formula.

Everywhere `scores` are numbers and `won` says of the same leads, in the same order, whether they became customers (or
whatever outcome is asked). Equal scores are never put in an order: what depends on it is averaged.
"""

from dataclasses import dataclass
from math import erfc, exp, log, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leads.statistics import Z95

Scores = NDArray[np.floating[Any]] | NDArray[np.integer[Any]]
Outcomes = NDArray[np.bool_]


@dataclass(frozen=True)
class Auc:
    """How often a lead that won has the higher score of the two, ties counting half; 0.5 is chance, 1 is perfect.

    `low` and `high` are its 95 % interval.
    """

    value: float
    low: float
    high: float
    won: int
    lost: int


@dataclass(frozen=True)
class AucGain:
    """AUC of the second minus AUC of the first on the same leads, its 95 % interval, and the two-sided p."""

    value: float
    low: float
    high: float
    p: float

    @property
    def beyond_chance(self) -> bool:
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Tenth:
    """A tenth of the leads, best scores first. `lift`: its share of winners against the average of all leads."""

    n: float
    won: float
    lift: float


def auc(scores: Scores, won: Outcomes) -> Auc | None:
    """None where nobody won or nobody lost.

    Variance: DeLong, DeLong, Clarke-Pearson (1988), Biometrics 44, 837–845, by midranks as Sun and Xu (2014), IEEE
    Signal Processing Letters 21, 1389–1393. The interval is made on the scale of log odds, so that it stays inside 0–1.
    """
    wins, losses = int(won.sum()), int((~won).sum())
    if not wins or not losses:
        return None
    (value,), covariance = _delong([scores], won)
    low, high = _logit_interval(value, covariance[0][0], wins, losses)
    return Auc(value, low, high, wins, losses)


def auc_of_counts(won: NDArray[Any], lost: NDArray[Any]) -> float | None:
    """The AUC alone, from how many winners and how many losers have each score, lowest first. None as in auc()."""
    wins, losses = int(won.sum()), int(lost.sum())
    if not wins or not losses:
        return None
    below = np.cumsum(lost) - lost
    return float((won * (below + lost / 2)).sum() / (wins * losses))


def auc_gain(before: Scores, after: Scores, won: Outcomes) -> AucGain | None:
    """Whether the second sorts the same leads better. None where nobody won or nobody lost. Source as in auc()."""
    if won.all() or not won.any():
        return None
    (first, second), covariance = _delong([before, after], won)
    gain = second - first
    variance = covariance[0][0] + covariance[1][1] - 2 * covariance[0][1]
    spread = sqrt(max(variance, 0.0))
    p = erfc(abs(gain) / spread / sqrt(2)) if spread else 1.0 if not gain else 0.0
    return AucGain(gain, gain - Z95 * spread, gain + Z95 * spread, p)


def tenths(scores: Scores, won: Outcomes, parts: int = 10) -> list[Tenth]:
    """The leads in ten equal parts by score, best first. A group of equal scores on a border is shared out evenly."""
    n = len(scores)
    if not n or not won.any():
        return []
    reached, gained = _cumulated(scores, won)
    edges = np.linspace(0, n, parts + 1)
    winners = np.diff(np.interp(edges, reached, gained))
    size, average = n / parts, won.sum() / n
    return [Tenth(size, float(number), float(number / size / average)) for number in winners]


def average_precision(scores: Scores, won: Outcomes) -> float:
    """Area under precision over recall, as the sum over steps; the base rate is what chance reaches.

    Equal scores are one step (as in scikit-learn's average_precision_score).
    """
    reached, gained = _cumulated(scores, won)
    return float(np.sum(np.diff(gained) * gained[1:] / reached[1:]) / won.sum())


def brier(probabilities: NDArray[np.floating[Any]], won: Outcomes) -> float:
    """Mean squared error of probabilities. G. W. Brier (1950), Monthly Weather Review 78, 1–3."""
    return float(np.mean((probabilities - won) ** 2))


def _cumulated(scores: Scores, won: Outcomes) -> tuple[NDArray[Any], NDArray[Any]]:
    """Leads and winners so far, best first, at the end of each group of equal scores; both begin with 0."""
    order = np.argsort(-np.asarray(scores, float), kind="stable")
    ranked, wins = np.asarray(scores, float)[order], np.cumsum(won[order])
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    return np.append(0, ends + 1), np.append(0, wins[ends])


def _delong(rows: list[Scores], won: Outcomes) -> tuple[list[float], NDArray[Any]]:
    """AUC of each row of scores, and their covariance."""
    wins, losses = int(won.sum()), int((~won).sum())
    of_winners, of_losers, values = [], [], []
    for scores in rows:
        among_all = _midranks(np.concatenate([scores[won], scores[~won]]))
        within_wins, within_losses = _midranks(scores[won]), _midranks(scores[~won])
        values.append(float((among_all[:wins].sum() - wins * (wins + 1) / 2) / (wins * losses)))
        of_winners.append((among_all[:wins] - within_wins) / losses)
        of_losers.append(1 - (among_all[wins:] - within_losses) / wins)
    return values, _covariance(of_winners, wins) + _covariance(of_losers, losses)


def _covariance(rows: list[NDArray[Any]], n: int) -> NDArray[Any]:
    return np.atleast_2d(np.cov(np.vstack(rows))) / n if n > 1 else np.zeros((len(rows), len(rows)))


def _midranks(scores: Scores) -> NDArray[Any]:
    """Ranks from 1, equal scores sharing the mean of theirs."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return ((ends - counts + 1 + ends) / 2)[inverse]


def _logit_interval(value: float, variance: float, wins: int, losses: int) -> tuple[float, float]:
    # A perfect order has no variance of its own: one case more of each kind keeps the interval honest.
    edge = 1 / (2 * wins * losses + 2)
    inside = min(max(value, edge), 1 - edge)
    spread = sqrt(max(variance, edge * (1 - edge) / min(wins, losses))) / (inside * (1 - inside))
    odds = log(inside / (1 - inside))
    return 1 / (1 + exp(-(odds - Z95 * spread))), 1 / (1 + exp(-(odds + Z95 * spread)))
