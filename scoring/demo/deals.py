"""What came of it. Who considers buying opens a deal some days after the interest peaked; who buys, wins it for us.

Sales matters: an accepted lead is called at once and buys a little more often; one that was turned down rarely comes
back by itself. Many deals begin without a handoff, so that labels can be compared by what became of them.
"""

import math
from dataclasses import dataclass
from random import Random

from leads.enums import DealState, HandoffState
from scoring.demo.calendar import DAYS
from scoring.demo.companies import Firm
from scoring.demo.story import BUYER, Person

CONSIDERS = 2.1  # times as many consider buying as buy
ATTENTION = {HandoffState.ACCEPTED: 1.2, HandoffState.REJECTED: 0.3, HandoffState.RECYCLED: 0.8, "": 0.9}
LOST_REASONS = ["Chose another supplier", "Project stopped", "No budget this year", "No answer any more"]
PACKAGES = ["starter package", "line monitoring", "pilot", "roll-out"]
OPEN_STAGES = ["Qualified", "Demo held", "Quote sent", "Negotiation"]


@dataclass(slots=True)
class Outcome:
    """A deal of the story. `closes` may lie beyond today: then it is open."""

    opens: float
    closes: float
    wins: bool
    amount: int
    name: str
    lost_reason: str

    @property
    def state(self) -> str:
        if self.closes >= DAYS:
            return DealState.OPEN
        return DealState.WON if self.wins else DealState.LOST

    @property
    def stage(self) -> str:
        if self.state != DealState.OPEN:
            return DealState(self.state).label
        share = (DAYS - self.opens) / (self.closes - self.opens)
        return OPEN_STAGES[min(3, int(share * 4))]


def unprompted(person: Person, firm: Firm | None, rng: Random) -> Outcome | None:
    """The deal this person opens of their own accord, or None."""
    if person.kind != BUYER or person.luck >= min(0.95, CONSIDERS * person.probability):
        return None
    opens = person.peak + 2 + rng.expovariate(1 / 8)
    return _deal(person, firm, opens, person.probability * ATTENTION[""], rng)


def after_answer(person: Person, firm: Firm | None, state: str, at: float, rng: Random) -> Outcome | None:
    """The deal once sales has answered at that moment: soon and likelier when accepted, rare when turned down."""
    chance = person.probability * ATTENTION[state]
    accepted = state == HandoffState.ACCEPTED
    # a call opens more deals than would come by themselves; most of these are lost
    considers = 0.1 + 3 * chance if accepted else chance
    if person.kind != BUYER or person.luck >= min(0.95, considers):
        return None
    wait = rng.expovariate(1 / 4) if accepted else 20 + rng.expovariate(1 / 30)
    return _deal(person, firm, at + wait, chance, rng)


def _deal(person: Person, firm: Firm | None, opens: float, chance: float, rng: Random) -> Outcome:
    # the larger the company, the longer it takes and the more it pays
    size = ((firm.employees if firm else 12) / 300) ** 0.3
    usual = 30 * size**0.5 * (0.6 if person.source == "Demo request" else 1.0)
    name = f"{firm.name if firm else person.last_name}: {rng.choice(PACKAGES)}"
    return Outcome(
        opens, closes=opens + rng.lognormvariate(math.log(usual), 0.55), wins=person.luck < chance,
        amount=max(1500, int(round(rng.lognormvariate(math.log(11_000 * size), 0.5), -2))), name=name,
        lost_reason=rng.choice(LOST_REASONS),
    )  # fmt: skip
