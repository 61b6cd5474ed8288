"""With less: criteria that give nothing, say the same or undo one another, and what removing each would cost.

Counted from the points of every lead today; where past outcomes are known, the loss of AUC from those.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from scoring.arithmetic import Points, Sum
from scoring.engine.definition import Definition
from scoring.leaner import Leaner

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
        self.definition, self.points, self.barred, self.proven = definition, points, barred, proven
        self.sum = Sum(definition, points, barred)
        self.meets = self.sum.points != 0
        self.whole = self._whole()
        self.auc = self.whole.auc

    def _whole(self) -> "Removal":
        return Removal(self.definition, self.points, self.barred, self.proven)

    def findings(self) -> list[Finding]:
        """One for each criterion, in order of the definition."""
        pairs = {place: (kind, other, share) for kind, place, other, share in self._pairs()}
        return [self._finding(place, pairs) for place in range(len(self.definition.criteria))]

    def _finding(self, place: int, pairs: dict[int, tuple[str, int, float]]) -> Finding:
        matched, loss = int(self.meets[:, place].sum()), self.whole.loss(place)
        rule = self.definition.criteria[place]
        if rule.disqualifies:  # what it does is no matter of points
            return Finding(place, matched, loss)
        if not matched:
            return Finding(place, matched, loss, DEAD)
        if place in pairs:
            kind, other, share = pairs[place]
            return Finding(place, matched, loss, kind, other, share)
        flat = loss.labels <= FEW * len(self.meets) and (loss.auc is None or abs(loss.auc) <= FLAT)
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

    def losses(self, order: Sequence[int]) -> list[Loss]:
        """What it costs to take these out, one after the other: after each."""
        removal = self._whole()
        return [removal.remove(place) for place in order]

    def order(self, most: int) -> list[int]:
        """The criteria to take out, one after the other, so that at most so many are left.

        Always the one whose loss hurts least: of AUC in steps of FLAT, then of labels. Criteria that disqualify stay.
        """
        removal = self._whole()
        removed: list[int] = []
        free = [i for i, rule in enumerate(self.definition.criteria) if not rule.disqualifies]
        while len(self.definition.criteria) - len(removed) > most and free:
            least = min(free, key=lambda place: _pain(removal.loss(place)))
            removal.remove(least)
            removed.append(least)
            free.remove(least)
        return removed


def _pain(loss: Loss) -> tuple[int, int]:
    # A gain is not sought: with few outcomes it is mostly chance.
    return round(max(loss.auc or 0.0, 0.0) / FLAT), loss.labels


class Removal:
    """Criteria taken out one after the other; losses are against all of them."""

    def __init__(self, definition: Definition, points: Points, barred: NDArray[np.bool_], proven: Proven | None):
        self.today = Leaner(definition, points, barred, None)
        self.past = Leaner(definition, proven.points, proven.barred, proven.won) if proven else None
        self.auc = self.past.auc if self.past else None

    def loss(self, place: int) -> Loss:
        """If this one went too."""
        return self._loss(self.today.loss(place)[0], self.past.loss(place)[1] if self.past else None)

    def remove(self, place: int) -> Loss:
        for leads in filter(None, (self.today, self.past)):
            leads.remove(place)
        return self._loss(self.today.changed, self.past.auc if self.past else None)

    def _loss(self, labels: int, auc: float | None) -> Loss:
        return Loss(labels, self.auc - auc if self.auc is not None and auc is not None else None)
