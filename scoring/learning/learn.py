"""The one verb: past leads → a card with its proof, or a refusal that says what is missing."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scoring.accuracy import Z95, Auc, auc
from scoring.learning.anchored import anchored
from scoring.learning.card import Card, card_of
from scoring.learning.guard import LeftOut, left_out
from scoring.learning.pairs import add_pairs
from scoring.learning.shape import Data, Fitted, data_of, fit_shape
from scoring.learning.splits import Tick, grow, shrink
from scoring.learning.table import Table

CLOSED, EACH = 200, 40  # fewest leads, fewest that won and that lost
EARLY = 120  # conversions below which a card is called early
FEW = 2_000  # conversions below which weights are also tried anchored
NEWEST = 0.2
SIGNAL = 0.55
SMALL, LARGE, LARGEST = 15, 25, 40  # criteria
Progress = Callable[[int, int], None]


SPLITS, EVIDENCE, ANCHORED = "splits", "evidence", "anchored"


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
    """What a size reached on the newest leads, which it had not seen."""

    size: Size
    auc: Auc
    criteria: int


@dataclass(frozen=True)
class Learned:
    """`card` is None where `refused` says why: too_few (`missing` what) or no_signal.

    held: the newest leads, by place in the table; `proof` is the card of the chosen size learned from all others, so
    what it says of them is fair. `by_time`: they are the newest; else a share by lot. `early`: few conversions.
    """

    table: Table
    left_out: list[LeftOut]
    refused: str = ""
    missing: str = ""
    card: Card | None = None
    proof: Card | None = None
    held: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp))
    tried: list[Tried] = field(default_factory=list)
    chosen: Size | None = None
    early: bool = False

    @property
    def by_time(self) -> bool:
        return self.table.order is not None


def learn(
    table: Table, *, budget: int | None = None, ignore: Collection[str] = (), keep: Collection[str] = (), seed: int = 0,
    progress: Progress = lambda done, total: None,
) -> Learned:  # fmt: skip
    """The size is chosen by the newest leads, or by `budget`: at most so many criteria. `ignore` leaves columns out,
    `keep` takes columns in that the guard would leave out.

    The same table and seed give the same card.
    """
    table = table.without(ignore)
    if missing := _missing(table):
        return Learned(table, [], refused="too_few", missing=missing)
    out = [one for one in left_out(table, seed) if one.column not in keep]
    kept = table.without({one.column for one in out})
    old, held = _parted(kept, seed)
    if missing := _one_sided(kept, held):
        return Learned(kept, out, refused="too_few", missing=missing, held=held)
    return _choose(kept, out, old, held, budget, progress)


def train(table: Table, size: Size) -> Card:
    """A card of one size, without a question asked."""
    return _train(table, size, lambda: None)


def _train(table: Table, size: Size, tick: Tick) -> Card:
    data = data_of(table)
    return card_of(data, next(fit for _, fit in _fits(data, [size], tick)))


def _choose(
    table: Table,
    out: list[LeftOut],
    old: NDArray[np.intp],
    held: NDArray[np.intp],
    budget: int | None,
    progress: Progress,
) -> Learned:
    """The first size that is as good on the newest leads as the best, give or take half a standard error; with a budget
    the best.
    """
    sizes, newest = sizes_for(table, budget), table.take(held)
    tried: list[Tried] = []
    cards: list[Card] = []
    data = data_of(table.take(old))

    def tick() -> None:
        """Whoever waits is told again, so that it can be stopped between two sizes."""
        progress(len(tried), len(sizes) + 1)

    for size, fitted in _fits(data, sizes, tick):
        cards.append(card_of(data, fitted))
        reached = auc(cards[-1].totals(newest), newest.won)
        assert reached is not None
        tried.append(Tried(size, reached, len(cards[-1].criteria)))
        tick()
    best = max((one.auc for one in tried), key=lambda one: one.value)
    enough = best.value - ((best.high - best.low) / (2 * Z95) / 2 if budget is None else 0)
    at = next(place for place, one in enumerate(tried) if one.auc.value >= enough)
    told = {"proof": cards[at], "held": held, "tried": tried, "chosen": tried[at].size}
    if tried[at].auc.low <= SIGNAL:
        return Learned(table, out, refused="no_signal", missing=_no_signal(tried[at].auc), **told)  # type: ignore[arg-type]
    card = _train(table, tried[at].size, tick)
    progress(len(sizes) + 1, len(sizes) + 1)
    return Learned(table, out, card=card, early=table.wins < EARLY, **told)  # type: ignore[arg-type]


def sizes_for(table: Table, budget: int | None) -> list[Size]:
    """From the simplest on; with a budget all are of that size."""
    small, large = (SMALL, LARGE) if budget is None else (budget, budget)
    wanted = [Size(small, way=ANCHORED)] * (table.wins < FEW)
    wanted += [Size(small), Size(small, small // 3), Size(small, small // 3, EVIDENCE)]
    wanted += [Size(large, large // 3), Size(large, large // 3, EVIDENCE)]
    wanted += [Size(LARGEST, LARGEST // 3, EVIDENCE)] * (budget is None)
    return list(dict.fromkeys(wanted))


def _fits(data: Data, sizes: list[Size], tick: Tick) -> Iterator[tuple[Size, Fitted]]:
    """The forward splits are shared: a smaller card grows along the same path."""
    most = max((size.budget for size in sizes if size.way == SPLITS), default=0)
    path = grow(data, most * 3 // 2, tick) if most else []
    for size in sizes:
        yield size, _fit(data, size, path, tick)


def _fit(data: Data, size: Size, path: list[Fitted], tick: Tick) -> Fitted:
    if size.way == ANCHORED:
        return anchored(data, size.budget)
    if size.way == EVIDENCE:
        grown = fit_shape(data, anchored(data, size.budget * 3 // 2).shape)
    else:
        grown = path[min(len(path) - 1, size.budget * 3 // 2)]
    return shrink(data, add_pairs(data, grown, size.pairs), size.budget, tick)


def _parted(table: Table, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(the older, the newest 20 %); by lot where nothing tells old from new."""
    order = np.random.default_rng(seed).random(len(table)) if table.order is None else table.order
    ranked = np.argsort(order, kind="stable")
    at = len(table) - round(NEWEST * len(table))
    return ranked[:at], ranked[at:]


def _missing(table: Table) -> str:
    short = [
        f"{least - have:,} more that {what}"
        for have, least, what in (
            (table.wins, EACH, "won"), (table.losses, EACH, "lost"), (len(table), CLOSED, "are decided either way"),
        )
        if have < least
    ]  # fmt: skip
    return f"to learn from, leads are missing: {', '.join(short)}" if short else ""


def _one_sided(table: Table, held: NDArray[np.intp]) -> str:
    won = table.won[held]
    if won.any() and not won.all():
        return ""
    return f"all of the newest {len(held):,} leads {'won' if won.all() else 'lost'}: nothing to prove a card on yet"


def _no_signal(reached: Auc) -> str:
    return (
        f"no signal: on the newest leads the best card reaches an AUC of {reached.value:.3f}"
        f" ({reached.low:.3f} to {reached.high:.3f}), and 0.5 is chance; nothing is proposed"
    )
