"""What sales says about a lead it is handed, and how soon. Reps talk to the person, so they see the hidden traits."""

from dataclasses import dataclass
from random import Random

from leads.enums import HandoffState
from scoring.demo.story import COMPETITOR, STUDENT, Person

# Working hours until half of the answers are there; the promise for Hot is 4.
USUAL_HOURS, SPREAD = 2.4, 0.9


@dataclass(frozen=True)
class Answer:
    """`state`: accepted, rejected or recycled. A rejection has a reason (a slug), a recycled lead rests for `days`."""

    state: str
    comment: str = ""
    reason: str = ""
    days: int = 0


COMMENTS: dict[str, list[str]] = {
    HandoffState.ACCEPTED: [
        "Demo on Thursday.",
        "Good talk, wants a quote for two lines.",
        "Calls me back after the audit.",
        "Has the budget, needs it before the new line starts.",
        "Brings the plant manager next week.",
        "Knows us from the fair, asked good questions.",
    ],
    HandoffState.RECYCLED: [
        "The project starts after the summer.",
        "Interested, but the new line comes first.",
        "Budget round is next quarter. Ask again then.",
    ],
    "wrong_person": [
        "Trainee. The buyer is her boss.",
        "Writes a thesis about us, nothing more.",
        "Intern, left in July.",
        "Not in the purchase at all, just curious.",
    ],
    "no_authority": [
        "Would love it, but does not decide. Asked for the name of the plant manager.",
        "Has to ask two levels up and does not want to.",
    ],
    "wrong_fit": [
        "No machines to connect, they only resell.",
        "Looks for accounting software.",
        "An office, no plant.",
    ],
    "no_budget": [
        "Budget freeze until February.",
        "Too expensive for one line.",
        "Ten people, hoped it was free.",
    ],
    "unreachable": [
        "Four calls, two mails, nothing.",
        "Voice mail every time.",
    ],
    "bad_data": [
        "The address bounces and the company does not know the name.",
        "Number belongs to somebody else.",
    ],
    "duplicate": [
        "Same person as last month, other address.",
    ],
    "competitor": [
        "Works for the competition.",
    ],
}
SILENT = 0.35  # so many answers come without a comment


def answer(person: Person, rng: Random) -> Answer:
    """The first thing that stands in the way decides; about one in four leads is turned down."""
    state, reason = _verdict(person, rng)
    comment = "" if rng.random() < SILENT else rng.choice(COMMENTS[reason or state])
    return Answer(state, comment, reason, rng.randrange(30, 100) if state == HandoffState.RECYCLED else 0)


def _verdict(person: Person, rng: Random) -> tuple[str, str]:
    rejected = HandoffState.REJECTED
    if person.kind == STUDENT:
        return rejected, rng.choices(["wrong_person", "unreachable", "bad_data"], [86, 9, 5])[0]
    if person.kind == COMPETITOR:
        return rejected, "competitor"
    if person.authority + rng.gauss(0, 0.4) < -1.0:
        return rejected, rng.choice(["wrong_person", "no_authority"])
    if person.need + rng.gauss(0, 0.4) < -0.6:
        return rejected, "wrong_fit"
    if person.budget + rng.gauss(0, 0.4) < -0.9:
        return rejected, "no_budget"
    if person.timing + rng.gauss(0, 0.4) < -0.6:
        return HandoffState.RECYCLED, ""
    if rng.random() < 0.06:
        return rejected, rng.choice(["unreachable", "unreachable", "bad_data", "duplicate"])
    return HandoffState.ACCEPTED, ""


def hours_to_answer(rng: Random, pace: float) -> float:
    """In working time. `pace` is the rep's: 1 is usual, more is slower."""
    return USUAL_HOURS * pace * rng.lognormvariate(0, SPREAD)
