"""“A and B”: two conditions of different fields that together say more than the sum of both."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from scoring.learning.bins import EMPTY
from scoring.learning.logistic import Floats
from scoring.learning.shape import Data, Fitted, Mask, Part, Shape, fit_shape
from scoring.learning.table import NUMBER

LEAST_CHI2 = 15.0
LEAST_SHARE = 0.015
MOST_FIELDS = 24
LOOKED_AT = 60  # of all pairs, those with the largest plain residual are tested exactly


def add_pairs(data: Data, fitted: Fitted, most: int) -> Fitted:
    """The card with at most so many pairs, the most telling first."""
    search = _Search.over(data, fitted)
    for _ in range(most):
        pair = search.best(fitted)
        if pair is None:
            break
        fitted = fit_shape(data, replace(fitted.shape, pairs=(*fitted.shape.pairs, pair)), fitted)
    return fitted


@dataclass(frozen=True)
class _Search:
    """`conditions`: of each field that is looked at, its conditions over its bins."""

    data: Data
    conditions: dict[int, NDArray[np.float64]]
    counts: dict[tuple[int, int], Floats]

    @classmethod
    def over(cls, data: Data, fitted: Fitted) -> "_Search":
        conditions = {place: _conditions(data, fitted.shape, place) for place in _fields(data, fitted)}
        conditions = {place: masks for place, masks in conditions.items() if len(masks)}
        search = cls(data, conditions, {})
        ones = np.ones(len(data.won))
        search.counts.update({key: search._both(key, ones) for key in combinations(conditions, 2)})
        return search

    def best(self, fitted: Fitted) -> tuple[Part, Part] | None:
        found = sorted(self._candidates(fitted), key=lambda one: -one[0])[:LOOKED_AT]
        tested = [(_chi2(self.data, fitted, pair), pair) for _, pair in found if pair not in fitted.shape.pairs]
        chi2, pair = max(tested, key=lambda one: one[0], default=(0.0, None))
        return pair if chi2 >= LEAST_CHI2 else None

    def _candidates(self, fitted: Fitted) -> Iterator[tuple[float, tuple[Part, Part]]]:
        """Of every two fields the few with the largest residual."""
        residuals, information = self.data.won - fitted.p, fitted.p * (1 - fitted.p)
        least = max(10.0, LEAST_SHARE * len(self.data.won))
        for key, counts in self.counts.items():
            r, h = self._both(key, residuals), self._both(key, information)
            plain = np.where(counts >= least, r**2 / (h + 1), 0.0)
            for flat in np.argsort(-plain, axis=None, kind="stable")[:5].tolist():
                i, j = divmod(flat, plain.shape[1])
                if plain[i, j] > 0:
                    yield float(plain[i, j]), (self._part(key[0], i), self._part(key[1], j))

    def _part(self, place: int, row: int) -> Part:
        return place, tuple(bool(inside) for inside in self.conditions[place][row])

    def _both(self, key: tuple[int, int], values: Floats) -> Floats:
        """Sum of the values over the leads that meet a condition of the first field and one of the second."""
        a, b = key
        width = self.data.bins[b].size
        cells = self.data.codes[a].astype(np.intp) * width + self.data.codes[b]
        table = np.bincount(cells, values, self.data.bins[a].size * width).reshape(-1, width)
        return self.conditions[a] @ table @ self.conditions[b].T


def _fields(data: Data, fitted: Fitted) -> list[int]:
    """Those of the card, then those that tell most alone."""

    def telling(place: int) -> tuple[bool, float]:
        n, won = data.counts[place], np.bincount(data.codes[place], data.won, data.bins[place].size)
        return len(fitted.shape.groups[place]) > 1, float(np.sum((won - n * data.won.mean()) ** 2 / np.maximum(n, 1)))

    splittable = [place for place, counts in enumerate(data.counts) if np.count_nonzero(counts) > 1]
    return sorted(sorted(splittable, key=telling, reverse=True)[:MOST_FIELDS])


def _conditions(data: Data, shape: Shape, place: int) -> NDArray[np.float64]:
    """What a person might say of the field: at least, under, one value, empty, and the groups that were found."""
    bins, counts = data.bins[place], data.counts[place]
    masks: list[Mask] = [group for group in shape.groups[place] if len(shape.groups[place]) > 1]
    if bins.kind == NUMBER:
        numbers = range(2, bins.size)
        for cut in [bin_ for bin_ in numbers if len(numbers) <= 12 or bin_ % 2]:
            masks.append(tuple(bin_ >= cut for bin_ in range(bins.size)))
            masks.append(tuple(EMPTY < bin_ < cut for bin_ in range(bins.size)))
    else:
        common = [bin_ for bin_ in range(1, len(bins.words) + 1) if counts[bin_] >= 0.03 * len(data.won)]
        masks += [tuple(bin_ == one for bin_ in range(bins.size)) for one in common]
    unique = [mask for mask in dict.fromkeys(masks) if 0 < counts[np.array(mask)].sum() < len(data.won)]
    return np.array(unique, float).reshape(-1, bins.size)


def _chi2(data: Data, fitted: Fitted, pair: tuple[Part, Part]) -> float:
    """The score test of one more weight, given those that are there."""
    meets = data.meets_all(pair)
    h = fitted.p * (1 - fitted.p)
    shared = fitted.design[meets].T @ h[meets]
    variance = float(h[meets].sum() - shared @ fitted.covariance @ shared)
    return float((data.won - fitted.p)[meets].sum()) ** 2 / variance if variance > 1e-6 else 0.0
