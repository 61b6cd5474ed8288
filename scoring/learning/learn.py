"""The one verb: past leads → a card with its proof, or a refusal that says what is missing."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import numpy as np

from scoring.accuracy import Auc, auc
from scoring.learning.card import Card
from scoring.learning.guard import LeftOut, left_out
from scoring.learning.sizes import PARTS, Progress, Rows, Size, Tried, choose, chosen, parted, steps, train
from scoring.learning.table import Table

CLOSED, EACH = 200, 40  # fewest leads, fewest that won and that lost
EARLY = 120  # conversions below which a card is called early
SIGNAL = 0.55


@dataclass(frozen=True)
class Learned:
    """`card` is None where `refused` says why: too_few (`missing` what) or no_signal.

    held: the newest leads, by place in the table; `proof` is the card of the chosen size learned from all others. The
    size was chosen on those others too, so what the proof says of the held leads is fair. `by_time`: they are the
    newest; else a share by lot. `early`: few conversions.
    """

    table: Table
    left_out: list[LeftOut]
    refused: str = ""
    missing: str = ""
    card: Card | None = None
    proof: Card | None = None
    held: Rows = field(default_factory=lambda: np.empty(0, np.intp))
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
    """The size is chosen by the leads themselves, none larger than `budget`. `ignore` leaves columns out, `keep` takes
    columns in that the guard would leave out.

    The same table and seed give the same card.
    """
    table = table.without(ignore)
    if missing := _missing(table):
        return Learned(table, [], refused="too_few", missing=missing)
    out = [one for one in left_out(table, seed) if one.column not in keep]
    kept = table.without({one.column for one in out})
    old, held = parted(kept, seed)
    if missing := _one_sided(kept, old, held):
        return Learned(kept, out, refused="too_few", missing=missing, held=held)
    before, newest = kept.take(old), kept.take(held)
    most = steps(before, budget) + 2
    proof, size, tried = best_card(before, budget, seed, lambda done: progress(done, most))
    told = {"proof": proof, "held": held, "tried": tried, "chosen": size}
    reached = auc(proof.totals(newest), newest.won)
    assert reached is not None
    if reached.low <= SIGNAL:
        return Learned(kept, out, refused="no_signal", missing=_no_signal(reached), **told)  # type: ignore[arg-type]
    card = train(kept, size, lambda: progress(most - 1, most))
    progress(most, most)
    return Learned(kept, out, card=card, early=kept.wins < EARLY, **told)  # type: ignore[arg-type]


def best_card(
    table: Table, budget: int | None = None, seed: int = 0, step: Callable[[int], None] = lambda done: None
) -> tuple[Card, Size, list[Tried]]:
    """The card of the size that these leads choose, learned from all of them. `step` is told the cards done."""
    tried = choose(table, budget, seed, step)
    size = chosen(tried)
    return train(table, size, lambda: step(steps(table, budget))), size, tried


def _missing(table: Table) -> str:
    short = [
        f"{least - have:,} more that {what}"
        for have, least, what in (
            (table.wins, EACH, "won"), (table.losses, EACH, "lost"), (len(table), CLOSED, "are decided either way"),
        )
        if have < least
    ]  # fmt: skip
    return f"to learn from, leads are missing: {', '.join(short)}" if short else ""


def _one_sided(table: Table, old: Rows, held: Rows) -> str:
    for rows, which, least in ((held, "newest", 1), (old, "older", 2 * PARTS)):
        won = table.won[rows]
        if min(won.sum(), (~won).sum()) < least:
            few = "won" if won.mean() < 0.5 else "lost"
            return f"of the {which} {len(rows):,} leads fewer than {least} {few}: nothing to prove a card on yet"
    return ""


def _no_signal(reached: Auc) -> str:
    return (
        f"no signal: on the newest leads the best card reaches an AUC of {reached.value:.3f}"
        f" ({reached.low:.3f} to {reached.high:.3f}), and 0.5 is chance; nothing is proposed"
    )
