"""For few conversions: groups from each field alone, weights held close to what each field says by itself.

Weight of evidence (I. J. Good, 1950, "Probability and the weighing of evidence") with 10 leads of the average added to
every bin; the groups of a field by dynamic programming (Fisher, 1958, JASA 53, 789–798), the fields by a knapsack.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.learning.logistic import Floats, fit, probability
from scoring.learning.shape import Data, Fitted, Mask, Shape, blank
from scoring.learning.table import NUMBER

ADDED = 10.0
MOST_GROUPS = 7
PRICE = 2.0  # of a criterion, in units of lost information
TIGHT = 10.0  # the ridge that holds weights to the evidence


@dataclass(frozen=True)
class _Field:
    """`lost[k]` is the information lost with k+1 groups, `groups[k]` are these groups."""

    lost: list[float]
    groups: list[tuple[Mask, ...]]


def anchored(data: Data, budget: int) -> Fitted:
    fields = [_field(data, place) for place in range(len(data.bins))]
    chosen = _knapsack([field.lost for field in fields], budget)
    groups = tuple(field.groups[k] for field, k in zip(fields, chosen, strict=True))
    return _fit(data, Shape(groups))


def _evidence(won: NDArray[Any], n: NDArray[Any], rate: float) -> Floats:
    share = (won + ADDED * rate) / (n + ADDED)
    return np.log(share / (1 - share)) - np.log(rate / (1 - rate))


def _field(data: Data, place: int) -> _Field:
    """The best 1, 2 … groups of one field. Numbers keep their order, with empty on its own or with the lowest."""
    n = data.counts[place].astype(float)
    won = np.bincount(data.codes[place], data.won, len(n))
    rate = float(data.won.mean())
    evidence, weight = _evidence(won, n, rate), n * rate * (1 - rate)
    order = np.flatnonzero(n)
    if data.bins[place].kind != NUMBER:
        order = order[np.argsort(evidence[order], kind="stable")]
    least = max(10.0, 0.01 * n.sum())
    cost, cuts = _segments(evidence[order], weight[order], n[order], least)
    whole = blank(data).groups[place]
    found = _Field([cost[0][-1]], [whole])
    for k in range(1, len(cost)):
        if np.isfinite(cost[k][-1]):
            bounds = _walk_back(cuts, k, len(order))
            masks = tuple(_mask(order[a:b], len(n)) for a, b in zip(bounds, bounds[1:], strict=False))
            found.lost.append(cost[k][-1])
            found.groups.append(masks)
        else:
            break
    return found


def _segments(e: Floats, w: Floats, n: Floats, least: float) -> tuple[list[Floats], list[list[int]]]:
    """Dynamic programming: the least lost information of the first j bins in k+1 groups, and where the last begins."""
    s0, s1, s2, count = (np.concatenate([[0.0], np.cumsum(part)]) for part in (w, w * e, w * e * e, n))
    size = len(e)

    def lost(i: int, j: int) -> float:
        if count[j] - count[i] < min(least, count[-1]):
            return np.inf
        return float(s2[j] - s2[i] - (s1[j] - s1[i]) ** 2 / max(s0[j] - s0[i], 1e-12))

    table = [[lost(i, j) if i < j else np.inf for j in range(size + 1)] for i in range(size + 1)]
    costs = np.array(table)
    cost, cuts = [costs[0].copy()], [[0] * (size + 1)]
    for _ in range(1, min(MOST_GROUPS, size)):
        through = cost[-1][:, None] + costs
        cuts.append(through.argmin(axis=0).tolist())
        cost.append(through.min(axis=0))
    return cost, cuts


def _walk_back(cuts: list[list[int]], k: int, end: int) -> list[int]:
    bounds = [end]
    for step in range(k, 0, -1):
        bounds.append(cuts[step][bounds[-1]])
    return [0, *reversed(bounds)]


def _mask(bins: NDArray[np.intp], size: int) -> Mask:
    taken = set(bins.tolist())
    return tuple(bin_ in taken for bin_ in range(size))


def _knapsack(lost: list[list[float]], budget: int) -> list[int]:
    """How many criteria of each field, together at most `budget`, with the least lost information and price."""
    best = np.zeros(budget + 1)
    chosen: list[list[int]] = []
    for options in lost:
        through = np.array([
            [best[b - k] + options[k] + PRICE * k if k <= b else np.inf for k in range(len(options))]
            for b in range(budget + 1)
        ])  # fmt: skip
        chosen.append(through.argmin(axis=1).tolist())
        best = through.min(axis=1)
    left, answer = int(best.argmin()), []
    for picks in reversed(chosen):
        answer.append(picks[left])
        left -= picks[left]
    return answer[::-1]


def _fit(data: Data, shape: Shape) -> Fitted:
    """logit = constant + a · (sum of evidence) + small corrections."""
    rate = float(data.won.mean())
    parts = shape.parts
    meets = np.array([data.meets_all(part) for part in parts], float).reshape(len(parts), len(data.won)).T
    evidence = _evidence(meets.T @ data.won, meets.sum(axis=0), rate)
    design = np.column_stack([np.ones(len(data.won)), meets @ evidence, meets])
    penalty = np.concatenate([[0.0, 0.0 if parts else 1.0], np.full(len(parts), TIGHT)])
    found, covariance = fit(design, data.won, penalty)
    weights = np.concatenate([found[:1], found[1] * evidence + found[2:]])
    kept = [0, *range(2, design.shape[1])]
    return Fitted(shape, weights, covariance[np.ix_(kept, kept)], probability(design @ found), design[:, kept])
