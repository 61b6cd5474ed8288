"""Groups from data: split where it helps most, fit everything anew, and merge what turns out not to differ.

Forward splits with the score test and refits: each step is a test for one new weight given all others (Rao, 1948,
Proceedings of the Cambridge Philosophical Society 44, 50–57); merging uses Wald's test of equal weights.
"""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.learning.bins import EMPTY
from scoring.learning.shape import Data, Fitted, Mask, Part, Shape, blank, fit_shape
from scoring.learning.table import NUMBER

Tick = Callable[[], None]
Sums = tuple[NDArray[Any], ...]  # over the bins of a field: residual, information, leads

LEAST_CHI2 = 4.0
PAIR_COUNTS = 0.75  # a condition of two parts costs the reader more


def grow(data: Data, most: int, tick: Tick = lambda: None) -> list[Fitted]:
    """The cards with 0, 1, 2 … splits, at most so many; it ends where nothing more is worth a test. `tick` is called
    before each: it may raise to stop.
    """
    path = [fit_shape(data, blank(data))]
    while len(path) <= most:
        tick()
        better = _best_split(data, path[-1])
        if better is None:
            break
        path.append(fit_shape(data, better, path[-1]))
    return path


def shrink(data: Data, fitted: Fitted, budget: int, tick: Tick = lambda: None) -> Fitted:
    """At most so many criteria, and none that is not worth a test."""
    while fitted.shape.size:
        tick()
        chi2, smaller = min(_mergers(data, fitted), key=lambda one: one[0])
        if fitted.shape.size <= budget and chi2 >= LEAST_CHI2:
            break
        fitted = fit_shape(data, smaller, fitted)
    return fitted


# --- Splitting -----------------------------------------------------------------------------------------


def _best_split(data: Data, fitted: Fitted) -> Shape | None:
    least = max(10.0, 0.01 * len(data.won))
    residuals, information = data.won - fitted.p, fitted.p * (1 - fitted.p)
    best, shape = LEAST_CHI2, None
    for place, groups in enumerate(fitted.shape.groups):
        codes, size = data.codes[place], data.bins[place].size
        sums = (
            np.bincount(codes, residuals, size),
            np.bincount(codes, information, size),
            data.counts[place].astype(float),
        )
        number = data.bins[place].kind == NUMBER
        for at, mask in enumerate(groups):
            chi2, left = _split(mask, sums, number, least)
            if left is not None and chi2 > best:
                right = tuple(inside and not taken for inside, taken in zip(mask, left, strict=True))
                best = chi2
                shape = fitted.shape.regrouped(place, (*groups[:at], left, right, *groups[at + 1 :]))
    return shape


def _split(mask: Mask, sums: Sums, number: bool, least: float) -> tuple[float, Mask | None]:
    """(chi2, left side) of the best way to split one group in two."""
    best, left = 0.0, None
    for order in _orders(mask, sums, number):
        r, h, n = (np.cumsum(part[order]) for part in sums)
        with np.errstate(divide="ignore", invalid="ignore"):
            gap = r[:-1] / h[:-1] - (r[-1] - r[:-1]) / (h[-1] - h[:-1])
            chi2 = gap**2 / (1 / h[:-1] + 1 / (h[-1] - h[:-1]))
        chi2[~((n[:-1] >= least) & (n[-1] - n[:-1] >= least))] = 0
        if len(chi2) and chi2.max() > best:
            at = int(chi2.argmax())
            best, taken = float(chi2[at]), set(order[: at + 1].tolist())
            left = tuple(bin_ in taken for bin_ in range(len(mask)))
    return best, left


def _orders(mask: Mask, sums: Sums, number: bool) -> Iterator[NDArray[np.intp]]:
    """The orders in which a group may be cut: numbers as they are, with empty at either end; words by what they do."""
    inside = np.flatnonzero(mask)
    if not number:
        r, h, _ = sums
        yield inside[np.argsort(r[inside] / (h[inside] + 1), kind="stable")]
        return
    yield inside  # empty, where it is here, is bin 0
    if inside[0] == EMPTY:
        yield np.concatenate([inside[1:], inside[:1]])


# --- Merging -------------------------------------------------------------------------------------------


def _mergers(data: Data, fitted: Fitted) -> Iterator[tuple[float, Shape]]:
    """Each card with one criterion less, and how much that would hurt."""
    shape = fitted.shape
    places = {parts: place for place, parts in enumerate(shape.parts, 1)}
    for place, groups in enumerate(shape.groups):
        for a, b in _touching(data, fitted, place, groups, places):
            i, j = places[((place, groups[a]),)], places[((place, groups[b]),)]
            both = tuple(x or y for x, y in zip(groups[a], groups[b], strict=True))
            rest = tuple(group for at, group in enumerate(groups) if at not in (a, b))
            yield _wald(fitted, i, j), shape.regrouped(place, (both, *rest))
    for pair in shape.pairs:
        at = places[pair]
        chi2 = fitted.weights[at] ** 2 / fitted.covariance[at, at]
        yield PAIR_COUNTS * float(chi2), Shape(shape.groups, tuple(one for one in shape.pairs if one != pair))


def _wald(fitted: Fitted, i: int, j: int) -> float:
    v = fitted.covariance
    return float((fitted.weights[i] - fitted.weights[j]) ** 2 / (v[i, i] + v[j, j] - 2 * v[i, j]))


def _touching(
    data: Data, fitted: Fitted, place: int, groups: tuple[Mask, ...], places: dict[tuple[Part, ...], int]
) -> Iterator[tuple[int, int]]:
    if data.bins[place].kind != NUMBER:
        weights = [fitted.weights[places[((place, group),)]] if len(groups) > 1 else 0.0 for group in groups]
        order = np.argsort(weights, kind="stable").tolist()
        yield from zip(order, order[1:], strict=False)
        return
    for a, b in combinations(range(len(groups)), 2):
        one, other = (np.flatnonzero(groups[at][1:]) for at in (a, b))  # without the bin of empty
        if not len(one) or not len(other) or one[-1] + 1 == other[0] or other[-1] + 1 == one[0]:
            yield a, b
