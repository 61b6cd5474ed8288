"""What a card asks while it is learned: groups of bins of each field, and pairs of conditions ("A and B")."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scoring.learning.bins import Bins, Codes, bins_of
from scoring.learning.logistic import Floats, fit, probability
from scoring.learning.table import Table

RIDGE = 1.0
Mask = tuple[bool, ...]  # over the bins of a field
Part = tuple[int, Mask]  # (place of the field, which of its bins)


@dataclass(frozen=True)
class Data:
    """A table in bins. Rows align."""

    bins: tuple[Bins, ...]
    codes: tuple[Codes, ...]
    won: Floats

    @cached_property
    def counts(self) -> list[NDArray[np.intp]]:
        return [np.bincount(codes, minlength=bins.size) for codes, bins in zip(self.codes, self.bins, strict=True)]

    def meets(self, part: Part) -> NDArray[np.bool_]:
        place, mask = part
        return np.array((*mask, False))[self.codes[place]]  # the last is for a value from nowhere

    def meets_all(self, parts: tuple[Part, ...]) -> NDArray[np.bool_]:
        return np.logical_and.reduce([self.meets(part) for part in parts])


@dataclass(frozen=True)
class Shape:
    """`groups` of each field are disjoint and hold every bin that has leads; a single one says and costs nothing."""

    groups: tuple[tuple[Mask, ...], ...]
    pairs: tuple[tuple[Part, Part], ...] = ()

    @property
    def size(self) -> int:
        """How many criteria it will be: of the groups of a field one is the rest and needs none."""
        return sum(len(groups) - 1 for groups in self.groups) + len(self.pairs)

    @property
    def parts(self) -> list[tuple[Part, ...]]:
        """Every condition that has a weight, groups first."""
        split = [((place, mask),) for place, groups in enumerate(self.groups) if len(groups) > 1 for mask in groups]
        return [*split, *self.pairs]

    def regrouped(self, place: int, groups: tuple[Mask, ...]) -> "Shape":
        return replace(self, groups=(*self.groups[:place], groups, *self.groups[place + 1 :]))


@dataclass(frozen=True)
class Fitted:
    """`weights` and `covariance`: the constant first, then shape.parts; `p`: the probability of each row."""

    shape: Shape
    weights: Floats
    covariance: Floats
    p: Floats
    design: Floats

    def weight(self, parts: tuple[Part, ...]) -> float:
        return float(self.weights[1 + self.shape.parts.index(parts)])


def data_of(table: Table) -> Data:
    rare = min(table.wins, table.losses) / max(len(table), 1)
    bins = tuple(bins_of(column, rare) for column in table.columns)
    codes = tuple(one.codes(column) for one, column in zip(bins, table.columns, strict=True))
    return Data(bins, codes, table.won.astype(float))


def blank(data: Data) -> Shape:
    return Shape(tuple((tuple(bool(n) for n in counts),) for counts in data.counts))


def fit_shape(data: Data, shape: Shape, before: Fitted | None = None) -> Fitted:
    """All weights anew; those of conditions that were there before begin where they stood."""
    parts = shape.parts
    design = np.empty((len(data.won), 1 + len(parts)))
    design[:, 0] = 1
    for place, part in enumerate(parts, 1):
        design[:, place] = data.meets_all(part)
    weights, covariance = fit(design, data.won, _penalty(len(parts)), _start(data, parts, before))
    return Fitted(shape, weights, covariance, probability(design @ weights), design)


def _penalty(parts: int) -> Floats:
    return np.concatenate([[0.0], np.full(parts, RIDGE)])


def _start(data: Data, parts: list[tuple[Part, ...]], before: Fitted | None) -> Floats:
    start = np.zeros(1 + len(parts))
    rate = float(np.clip(data.won.mean(), 1e-6, 1 - 1e-6))
    start[0] = np.log(rate / (1 - rate)) if before is None else before.weights[0]
    if before is None:
        return start
    known = dict(zip(before.shape.parts, before.weights[1:].tolist(), strict=True))
    for place, part in enumerate(parts, 1):
        start[place] = known.get(part, 0.0) or next((known[old] for old in known if _within(part, old)), 0.0)
    return start


def _within(part: tuple[Part, ...], old: tuple[Part, ...]) -> bool:
    """A group that was cut out of this one."""
    return (
        len(part) == len(old) == 1
        and part[0][0] == old[0][0]
        and all(not new or was for new, was in zip(part[0][1], old[0][1], strict=True))
    )
