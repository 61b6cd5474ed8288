"""Values → a few dozen bins a column, cut where a person would: round numbers, single values, empty on its own."""

from dataclasses import dataclass
from math import floor, log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.learning.table import NUMBER, Column

CUTS = 23
MOST_WORDS = 40
EXPECTED = 3.0
Codes = NDArray[np.int16]
NOWHERE = -1
EMPTY = 0


@dataclass(frozen=True)
class Bins:
    """Bin 0 is empty. Numbers: bin i+1 begins at cuts[i] (bin 1 below the first). Text: bin i+1 is words[i], the last
    one every other value where `other`.
    """

    name: str
    kind: str
    cuts: tuple[float, ...] = ()
    words: tuple[str, ...] = ()
    other: bool = False

    @property
    def size(self) -> int:
        return 2 + len(self.cuts) if self.kind == NUMBER else 1 + len(self.words) + self.other

    def codes(self, column: Column) -> Codes:
        """The bin of each row; NOWHERE for a value that learning never saw."""
        if self.kind == NUMBER:
            found = np.searchsorted(self.cuts, column.values, side="right") + 1
            return np.where(column.empty, EMPTY, found).astype(np.int16)
        known = {word.lower(): place for place, word in enumerate(self.words, 1)}
        rest = len(self.words) + 1 if self.other else NOWHERE
        places = np.array([known.get(word.lower(), rest) for word in column.words] + [EMPTY], np.int16)
        return places[column.values.astype(np.intp)]


def bins_of(column: Column, rare: float = 0.5) -> Bins:
    """At least max(8, 0.4 % of the rows) in each, and so many that EXPECTED rows of the rarer outcome, whose share is
    `rare`, lie there on average: where few win, a small bin would say nothing but chance.
    """
    least = max(8.0, 0.004 * len(column.values), EXPECTED / max(rare, 1e-9))
    known = column.values[~column.empty]
    if column.kind == NUMBER:
        return Bins(column.name, NUMBER, cuts=_cuts(known, least) if len(known) else ())
    counts = np.bincount(known.astype(np.intp), minlength=len(column.words))
    common = [int(i) for i in np.argsort(-counts, kind="stable")[:MOST_WORDS] if counts[i] >= least]
    rare = counts.sum() - counts[common].sum()
    return Bins(column.name, column.kind, words=tuple(column.words[i] for i in common), other=bool(rare))


def _cuts(known: NDArray[Any], least: float) -> tuple[float, ...]:
    ordered = np.sort(known.astype(float))
    whole = bool(np.all(ordered == np.floor(ordered)))
    spread = float(np.quantile(ordered, 0.99) - np.quantile(ordered, 0.01)) or float(ordered[-1] - ordered[0])
    wanted = {_round(float(cut), spread, whole) for cut in np.quantile(ordered, np.arange(1, CUTS + 1) / (CUTS + 1))}
    if np.mean(ordered == 0) > 0.05:
        wanted.add(1.0)
    kept: list[float] = []
    below = 0
    for cut in sorted(wanted):
        at = int(np.searchsorted(ordered, cut))
        if at - below >= least and len(ordered) - at >= least:
            kept.append(cut)
            below = at
    return tuple(kept)


def _round(cut: float, spread: float, whole: bool) -> float:
    """Two significant digits, of the number or of the spread where that is finer: 763 → 760, the year 1996 stays."""
    if whole:
        cut = float(np.ceil(cut))
    if not cut or not spread:
        return cut
    step = 10.0 ** (floor(log10(min(abs(cut), spread))) - 1)
    return float(f"{round(cut / (max(step, 1.0) if whole else step)) * (max(step, 1.0) if whole else step):.12g}")
