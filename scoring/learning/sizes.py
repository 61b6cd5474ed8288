"""How large a card, and in which way: each size is learned from a part of the leads and judged on the others.

Under LARGE leads in five parts, each judged once (Stone 1974, cross-validation); of more the newest fifth judges.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leads.statistics import Z95
from scoring.accuracy import Auc, auc
from scoring.learning.anchored import anchored
from scoring.learning.card import Card, card_of
from scoring.learning.pairs import add_pairs
from scoring.learning.shape import Data, Fitted, data_of, fit_shape
from scoring.learning.splits import Tick, grow, shrink
from scoring.learning.table import Table

BUDGETS = (15, 25, 40)  # criteria
SPLITS, EVIDENCE, ANCHORED = "splits", "evidence", "anchored"
FEW = 2_000  # conversions below which weights are also tried anchored
LARGE = 20_000  # leads of which a fifth judges surely enough
PARTS, NEWEST = 5, 0.2
NEXT_TO_NOTHING = 0.25  # of the standard error: a card that loses no more to the best is as good
Rows = NDArray[np.intp]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Size:
    """`budget` criteria, at most `pairs` of them of two conditions. `way`: groups from splits, each given all others;
    groups from the evidence of each field alone; or such groups, with weights that stay close to it too (anchored).
    """

    budget: int
    pairs: int = 0
    way: str = SPLITS

    @property
    def name(self) -> str:
        two = f", {self.pairs} of two conditions" if self.pairs else ""
        return f"{self.budget} criteria{two} ({self.way})"


@dataclass(frozen=True)
class Tried:
    """What cards of a size reached on leads they had not seen. `criteria`: of the largest of them."""

    size: Size
    auc: Auc
    criteria: int


def choose(table: Table, budget: int | None, seed: int, step: Callable[[int], None] = lambda done: None) -> list[Tried]:
    """Every size, the simplest first; chosen() says which is best. There must be some of both outcomes for each part.
    `step` is told the cards done, often; it may raise to stop.
    """
    sizes = sizes_for(table, budget)
    told, seen, most = np.zeros((len(sizes), len(table))), np.zeros(len(table), bool), [0] * len(sizes)
    done = 0

    def tick() -> None:
        step(done)

    for old, new in judged(table, seed):
        judge, seen[new] = table.take(new), True
        for place, card in enumerate(cards_of(table.take(old), sizes, tick)):
            told[place, new] = card.probability(card.totals(judge))
            most[place], done = max(most[place], len(card.criteria)), done + 1
    reached = [auc(row[seen], table.won[seen]) for row in told]
    return [Tried(size, one, n) for size, one, n in zip(sizes, reached, most, strict=True) if one]


def steps(table: Table, budget: int | None) -> int:
    """How many cards are tried."""
    return len(sizes_for(table, budget)) * (1 if len(table) > LARGE else PARTS)


def chosen(tried: list[Tried]) -> Size:
    """The simplest that loses next to nothing against the best."""
    best = max((one.auc for one in tried), key=lambda one: one.value)
    enough = best.value - NEXT_TO_NOTHING * (best.high - best.low) / (2 * Z95)
    return next(one.size for one in tried if one.auc.value >= enough)


def sizes_for(table: Table, budget: int | None) -> list[Size]:
    """From the simplest on, none larger than the budget."""
    most = budget or BUDGETS[-1]
    first, *larger = sorted({min(one, most) for one in BUDGETS} | {most})
    few = table.wins < FEW
    ways = [Size(first, way=ANCHORED)] * few + [Size(first), Size(first, first // 3), Size(first, first // 3, EVIDENCE)]
    for one in larger:
        ways += [Size(one, way=ANCHORED)] * (few and one < BUDGETS[-1]) + [Size(one, one // 3, EVIDENCE)]
    return list(dict.fromkeys(ways))


def judged(table: Table, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """(rows to learn from, rows that judge): each part once, or of many leads the newest."""
    return iter([parted(table, seed)]) if len(table) > LARGE else in_parts(table, PARTS, seed)


def in_parts(table: Table, parts: int, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """(all other rows, the rows of a part), with as many winners in each part."""
    part = np.empty(len(table), int)
    chance = np.random.default_rng(seed)
    for outcome in (True, False):
        rows = np.flatnonzero(table.won == outcome)
        part[chance.permutation(rows)] = np.arange(len(rows)) % parts
    for one in range(parts):
        yield np.flatnonzero(part != one), np.flatnonzero(part == one)


def parted(table: Table, seed: int) -> tuple[Rows, Rows]:
    """(the older, the newest 20 %); by lot where nothing tells old from new."""
    order = np.random.default_rng(seed).random(len(table)) if table.order is None else table.order
    ranked = np.argsort(order, kind="stable")
    at = len(table) - round(NEWEST * len(table))
    return ranked[:at], ranked[at:]


def cards_of(table: Table, sizes: list[Size], tick: Tick = lambda: None) -> Iterator[Card]:
    """A card of each size. The forward splits are shared: a smaller card grows along the same path. `tick` is called
    often: it may raise to stop.
    """
    data = data_of(table)
    most = max((size.budget for size in sizes if size.way == SPLITS), default=0)
    path = grow(data, most * 3 // 2, tick) if most else []
    for size in sizes:
        tick()
        yield card_of(data, _fit(data, size, path, tick))


def train(table: Table, size: Size, tick: Tick = lambda: None) -> Card:
    """A card of one size, without a question asked."""
    return next(cards_of(table, [size], tick))


def _fit(data: Data, size: Size, path: list[Fitted], tick: Tick) -> Fitted:
    if size.way == ANCHORED:
        return anchored(data, size.budget)
    if size.way == EVIDENCE:
        grown = fit_shape(data, anchored(data, size.budget * 3 // 2).shape)
    else:
        grown = path[min(len(path) - 1, size.budget * 3 // 2)]
    return shrink(data, add_pairs(data, grown, size.pairs), size.budget, tick)
