"""Logistic regression with a ridge, by Newton's method.

le Cessie and van Houwelingen (1992), "Ridge estimators in logistic regression", Applied Statistics 41, 191–201.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
STEPS = 25


def fit(design: Floats, won: Floats, penalty: Floats, start: Floats | None = None) -> tuple[Floats, Floats]:
    """(weights, their covariance). The penalty of each weight stands beside it; 0 leaves it free."""
    weights = np.zeros(design.shape[1]) if start is None else start.copy()
    loss = _loss(design, won, penalty, weights)
    information = np.eye(len(weights))
    for _ in range(STEPS):
        p = probability(design @ weights)
        slope = design.T @ (won - p) - penalty * weights
        information = (design * (p * (1 - p))[:, None]).T @ design
        information[np.diag_indices_from(information)] += penalty + 1e-6
        step = np.linalg.solve(information, slope)
        after = _loss(design, won, penalty, weights + step)
        while after > loss + 1e-9 and np.abs(step).max() > 1e-6:
            step = step / 2
            after = _loss(design, won, penalty, weights + step)
        weights, gained, loss = weights + step, loss - after, after
        if gained < 1e-3:
            break
    return weights, np.linalg.inv(information)


def probability(logit: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(logit, -30, 30)))


def _loss(design: Floats, won: Floats, penalty: Floats, weights: Floats) -> float:
    logit = np.clip(design @ weights, -30, 30)
    return float(np.sum(np.logaddexp(0, logit) - won * logit) + np.sum(penalty * weights**2) / 2)
