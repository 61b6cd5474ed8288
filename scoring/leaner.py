"""Leads as they would stand with one criterion less, and then another: only the leads a criterion touches are counted
again. What standings are is said by arithmetic.Sum, which a test compares with this.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leads.enums import Axis, Label
from scoring.accuracy import auc_of_counts
from scoring.arithmetic import LABELS, Points, grid_of, places
from scoring.engine.definition import Definition

Whole = NDArray[np.int32]
AXES = (Axis.FIT, Axis.ENGAGEMENT)


@dataclass(frozen=True)
class Touched:
    """The leads a criterion gives points (places of rows), and where they would stand without it."""

    rows: NDArray[np.intp]
    group: Whole
    axis: Whole
    totals: Whole
    labels: NDArray[np.int8]


class Leaner:
    """`points`, `barred`: as arithmetic.Sum takes them; `won`: who succeeded, where that is known.

    `changed`: leads with another label than with all criteria.
    """

    def __init__(
        self, definition: Definition, points: Points, barred: NDArray[np.bool_], won: NDArray[np.bool_] | None
    ):
        self.definition, self.barred, self.won = definition, barred, won
        self.points = np.asfortranarray(points[:, : len(definition.criteria)], np.int32)
        self.meets = [np.flatnonzero(self.points[:, i]) for i in range(len(definition.criteria))]
        self.axis_of = [AXES.index(Axis(group.axis)) for group in definition.groups]
        self.groups = np.stack([self._all_of(i) for i in range(len(definition.groups))])
        self.axes = np.stack([self._sum(axis) for axis in range(2)])
        self.grid, self.limits = grid_of(definition), (definition.fit_limits, definition.engagement_limits)
        self.totals, self.labels = self._standing(np.arange(len(points)), *self.axes)
        self.first, self.changed = self.labels.copy(), 0
        self.counts = self._counts(np.arange(len(points)), self.totals) if won is not None else None

    def _all_of(self, group: int) -> Whole:
        return self.points[:, self.definition.criteria_of(group)].sum(axis=1, dtype=np.int32)

    def _sum(self, axis: int) -> Whole:
        limited = [self._limited(i, self.groups[i]) for i, of in enumerate(self.axis_of) if of == axis]
        return np.sum(limited, axis=0, dtype=np.int32) if limited else np.zeros(self.points.shape[0], np.int32)

    def _limited(self, group: int, given: Whole) -> Whole:
        rule = self.definition.groups[group]
        return np.clip(given, rule.floor, rule.cap) if (rule.floor, rule.cap) != (None, None) else given

    def _standing(self, rows: NDArray[np.intp], fit: Whole, engagement: Whole) -> tuple[Whole, NDArray[np.int8]]:
        ended = [np.clip(axis, 0, self.definition.axis_limit) for axis in (fit, engagement)]
        letter, digit = (places(axis, limits) for axis, limits in zip(ended, self.limits, strict=True))
        labels = np.where(self.barred[rows], LABELS.index(Label.DISQUALIFIED), self.grid[letter, digit])
        return ended[0] + ended[1], labels.astype(np.int8)

    def _counts(self, rows: NDArray[np.intp], totals: Whole) -> NDArray[np.int64]:
        """How many of them have each total: of those who won, and of the others."""
        assert self.won is not None
        won, size = self.won[rows], 2 * self.definition.axis_limit + 1
        return np.stack([np.bincount(totals[won], minlength=size), np.bincount(totals[~won], minlength=size)])

    def without(self, place: int) -> Touched:
        """The leads the criterion touches, without it."""
        rows, group = self.meets[place], self.definition.criteria[place].group
        before = self.groups[group][rows]
        after = before - self.points[rows, place]
        axis = self.axes[self.axis_of[group]][rows] + self._limited(group, after) - self._limited(group, before)
        other = self.axes[1 - self.axis_of[group]][rows]
        pair = (axis, other) if self.axis_of[group] == 0 else (other, axis)
        return Touched(rows, after, axis, *self._standing(rows, *pair))

    def loss(self, place: int) -> tuple[int, float | None]:
        """(leads with another label, AUC) if this criterion went too."""
        found = self.without(place)
        return self._changed(found), auc_of_counts(*self._recounted(found)) if self.counts is not None else None

    def _changed(self, found: Touched) -> int:
        first, now = self.first[found.rows], self.labels[found.rows]
        return self.changed + int((found.labels != first).sum()) - int((now != first).sum())

    def _recounted(self, found: Touched) -> NDArray[np.int64]:
        assert self.counts is not None
        return self.counts - self._counts(found.rows, self.totals[found.rows]) + self._counts(found.rows, found.totals)

    def remove(self, place: int) -> None:
        """Take it out for good."""
        found, group = self.without(place), self.definition.criteria[place].group
        self.changed = self._changed(found)
        if self.counts is not None:
            self.counts = self._recounted(found)
        self.groups[group][found.rows], self.axes[self.axis_of[group]][found.rows] = found.group, found.axis
        self.totals[found.rows], self.labels[found.rows] = found.totals, found.labels
        self.meets[place] = self.meets[place][:0]

    @property
    def auc(self) -> float | None:
        """With what is left."""
        return auc_of_counts(*self.counts) if self.counts is not None else None
