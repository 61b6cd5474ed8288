"""From the points of criteria to standings, for many leads at once and with criteria left out.

Which points a lead has, only SQL says (engine/evaluate.py). What is done here is the addition that follows: limits of
groups, limits of axes, grades and labels, so that a model without a criterion need not be asked of every lead again. A
test compares it with the engine.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leads.enums import Axis, Label
from scoring.engine.definition import Definition

Points = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Standings:
    """Of the leads in order of their rows. `labels` are places in LABELS."""

    fit: NDArray[np.int32]
    engagement: NDArray[np.int32]
    labels: NDArray[np.int8]

    @property
    def totals(self) -> NDArray[np.int32]:
        return self.fit + self.engagement


LABELS = list(Label.values)


class Sum:
    """The addition of one definition, ready for any choice of its criteria.

    `points`: a row for each lead, a column for each criterion of the definition. `barred`: who is disqualified.
    """

    def __init__(self, definition: Definition, points: Points, barred: NDArray[np.bool_]):
        self.definition, self.barred = definition, barred
        self.points = points[:, : len(definition.criteria)].astype(np.int32)
        self.grid = grid_of(definition)

    def standings(self, kept: NDArray[np.bool_] | None = None) -> Standings:
        """With these criteria; without a choice, with all of them."""
        fit, engagement = self._axis(Axis.FIT, kept), self._axis(Axis.ENGAGEMENT, kept)
        letters = places(fit, self.definition.fit_limits)
        digits = places(engagement, self.definition.engagement_limits)
        labels = np.where(self.barred, LABELS.index(Label.DISQUALIFIED), self.grid[letters, digits])
        return Standings(fit, engagement, labels.astype(np.int8))

    def _axis(self, axis: str, kept: NDArray[np.bool_] | None) -> NDArray[np.int32]:
        total = np.zeros(len(self.points), np.int32)
        for place in self.definition.groups_of(axis):
            total += self.group(place, kept)
        return np.clip(total, 0, self.definition.axis_limit)

    def group(self, place: int, kept: NDArray[np.bool_] | None = None, *, limited: bool = True) -> NDArray[np.int32]:
        """What the group gives each lead."""
        group = self.definition.groups[place]
        columns = [i for i in self.definition.criteria_of(place) if kept is None or kept[i]]
        given = self.points[:, columns].sum(axis=1, dtype=np.int32)
        return np.clip(given, group.floor, group.cap) if limited and (group.floor, group.cap) != (None, None) else given


def grid_of(definition: Definition) -> NDArray[np.int8]:
    """Places in LABELS, by letter of fit and digit of engagement."""
    grid = [[LABELS.index(definition.labels[f"{letter}{digit}"]) for digit in "1234"] for letter in "ABCD"]
    return np.array(grid, np.int8)


def places(values: NDArray[np.int32], limits: tuple[int, ...]) -> NDArray[np.intp]:
    """0 for the best grade, 3 for the last."""
    return 3 - np.searchsorted(np.array(limits[::-1]), values, side="right")
