"""The demo's hidden truth can be learned: a card from what the product sees, held against who would really buy."""

import numpy as np
import pytest

from scoring.accuracy import auc
from scoring.demo.chance import dice
from scoring.demo.story import Person, Story
from scoring.learning.learn import learn
from scoring.learning.table import Table, number_column, text_column

LEADS = 6_000
KNOWN, ANSWERS = ("source", "seniority", "department"), ("use_case", "timeline")


def people_of(seed: int) -> tuple[Table, list[Person]]:
    """What is known of the people of a story, without what they do, and whether they would buy."""
    story = Story(LEADS, seed)
    people = list(story.people())
    firms = [firm.known(dice("known", seed, number)) for number, firm in enumerate(story.firms)]
    known = [firms[person.firm] if person.firm is not None else {} for person in people]
    columns = (
        *(text_column(name, [getattr(person, name) for person in people]) for name in KNOWN),
        text_column("industry", [firm.get("industry") for firm in known]),
        number_column("employees", [firm.get("employees") for firm in known]),
        *(text_column(name, [str(person.fields.get(name) or "") for person in people]) for name in ANSWERS),
    )  # fmt: skip
    won = np.array([person.luck < person.probability for person in people])
    return Table(columns, won, np.arange(LEADS, dtype=float)), people


@pytest.fixture(scope="module")
def year() -> tuple[Table, list[Person]]:
    return people_of(1)


def test_a_card_finds_who_buys(year: tuple[Table, list[Person]]) -> None:
    """On people it never saw. The truth itself, which knows their timing, reaches 0.90."""
    learned, (others, people) = learn(year[0]), people_of(2)
    assert learned.card is not None
    reached = auc(learned.card.totals(others), others.won)
    most = auc(np.array([person.probability for person in people]), others.won)
    assert reached is not None and most is not None
    assert 0.74 < reached.value < most.value
    assert learned.left_out == []


def test_it_says_what_the_story_says(year: tuple[Table, list[Person]]) -> None:
    """Trainees never buy, and a bought list is poor."""
    table, _ = year
    card = learn(table).card
    assert card is not None
    for name, poor in (("seniority", "trainee"), ("source", "Bought list")):
        column = next(column for column in table.columns if column.name == name)
        theirs = table.take(np.flatnonzero(column.values == column.words.index(poor)))
        assert card.totals(theirs).mean() < card.totals(table).mean() - 5


def test_where_luck_decides_alone_nothing_is_learned(year: tuple[Table, list[Person]]) -> None:
    """Negative control."""
    table, _ = year
    shuffled = Table(table.columns, np.random.default_rng(1).permutation(table.won), table.order)
    assert learn(shuffled).refused == "no_signal"
