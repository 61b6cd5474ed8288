"""With less: criteria that give nothing, say the same or undo one another, and what removing each would cost.

Counted from the points of every lead today; where past outcomes are known, the loss of AUC from those.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from scoring.accuracy import auc
from scoring.arithmetic import Points, Sum
from scoring.engine.definition import Definition

DEAD, DUPLICATE, OPPOSITE, WITHOUT_EFFECT = "dead", "duplicate", "opposite", "without_effect"
# Two criteria meet the same leads when this share of those who meet either meets both.
SAME = 0.95
# A removal that moves fewer leads than this share to another label has no effect one could measure.
FEW = 0.0005
FLAT = 0.0005  # of AUC


@dataclass(frozen=True)
class Loss:
    """What removing a criterion, or several, costs: leads that get another label, and AUC where outcomes are known."""

    labels: int
    auc: float | None


@dataclass(frozen=True)
class Finding:
    """`place` is the criterion's in the definition; `kind` is empty where nothing speaks against it.

    `other`: the criterion it duplicates or undoes. `share`: of the leads that meet either, those that meet both.
    """

    place: int
    matched: int
    loss: Loss
    kind: str = ""
    other: int | None = None
    share: float | None = None


@dataclass(frozen=True)
class Ceiling:
    """A group with a cap: of `n` leads it gave points, `capped` would have had more."""

    place: int
    n: int
    capped: int

    @property
    def always(self) -> bool:
        return self.n > 0 and self.capped >= SAME * self.n


@dataclass(frozen=True)
class Proven:
    """The points of past leads at their decision moments, and who of them won; rows align."""

    points: Points
    barred: NDArray[np.bool_]
    won: NDArray[np.bool_]


class Simplifier:
    """`points` and `barred`: of every lead today, as arithmetic.Sum takes them."""

    def __init__(self, definition: Definition, points: Points, barred: NDArray[np.bool_], proven: Proven | None = None):
        self.definition, self.sum = definition, Sum(definition, points, barred)
        self.meets = self.sum.points != 0
        self.labels = self.sum.standings().labels
        self.past = Sum(definition, proven.points, proven.barred) if proven else None
        self.won = proven.won if proven else None
        self.auc = self._auc(None)

    def findings(self) -> list[Finding]:
        """One for each criterion, in order of the definition."""
        pairs = {place: (kind, other, share) for kind, place, other, share in self._pairs()}
        return [self._finding(place, pairs) for place in range(len(self.definition.criteria))]

    def _finding(self, place: int, pairs: dict[int, tuple[str, int, float]]) -> Finding:
        matched, loss = int(self.meets[:, place].sum()), self.loss({place})
        rule = self.definition.criteria[place]
        if rule.disqualifies:  # what it does is no matter of points
            return Finding(place, matched, loss)
        if not matched:
            return Finding(place, matched, loss, DEAD)
        if place in pairs:
            kind, other, share = pairs[place]
            return Finding(place, matched, loss, kind, other, share)
        flat = loss.labels <= FEW * len(self.labels) and (loss.auc is None or abs(loss.auc) <= FLAT)
        return Finding(place, matched, loss, WITHOUT_EFFECT if flat else "")

    def _pairs(self) -> Iterator[tuple[str, int, int, float]]:
        """Of two criteria that meet the same leads the later is named, with the earlier."""
        counts = self.meets.sum(axis=0)
        met = self.meets.astype(np.float32)
        both = met.T @ met
        for first, second in combinations(range(len(counts)), 2):
            either = counts[first] + counts[second] - both[first, second]
            if not counts[first] or not counts[second] or both[first, second] < SAME * either:
                continue
            points = [self.definition.criteria[place].points for place in (first, second)]
            kind = OPPOSITE if points[0] * points[1] < 0 else DUPLICATE
            yield kind, second, first, float(both[first, second] / either)

    def ceilings(self) -> list[Ceiling]:
        """The groups with a cap, in order of the definition."""
        return [
            Ceiling(place, int((given > 0).sum()), int((given > group.cap).sum()))
            for place, group in enumerate(self.definition.groups) if group.cap is not None
            for given in [self.sum.group(place, limited=False)]
        ]  # fmt: skip

    def loss(self, removed: set[int]) -> Loss:
        kept = self._without(removed)
        labels = int((self.sum.standings(kept).labels != self.labels).sum())
        return Loss(labels, self.auc - (self._auc(kept) or 0.0) if self.auc is not None else None)

    def keep(self, most: int) -> tuple[set[int], Loss]:
        """The criteria to take out so that at most so many are left, and what that costs.

        Taken out one after the other, always the one whose loss hurts least: of AUC in steps of FLAT, then of labels.
        Criteria that disqualify stay.
        """
        removed = set(self.order(most))
        return removed, self.loss(removed)

    def order(self, most: int) -> list[int]:
        """The criteria to take out one after the other until at most so many are left: those of a smaller model begin
        with those of a larger one."""
        removed: list[int] = []
        free = [i for i, rule in enumerate(self.definition.criteria) if not rule.disqualifies]
        while len(self.definition.criteria) - len(removed) > most and len(free) > len(removed):
            left = (place for place in free if place not in removed)
            removed.append(min(left, key=lambda place: self._pain({*removed, place})))
        return removed

    def _pain(self, removed: set[int]) -> tuple[int, int]:
        loss = self.loss(removed)
        # A gain is not sought: with few outcomes it is mostly chance.
        return round(max(loss.auc or 0.0, 0.0) / FLAT), loss.labels

    def _without(self, removed: set[int]) -> NDArray[np.bool_]:
        kept = np.ones(len(self.definition.criteria), bool)
        kept[list(removed)] = False
        return kept

    def _auc(self, kept: NDArray[np.bool_] | None) -> float | None:
        if self.past is None or self.won is None:
            return None
        found = auc(self.past.standings(kept).totals, self.won)
        return found.value if found else None
