"""docs/conditions.md names every operator, every question about events and every field, with an example each."""

import json
import re
from pathlib import Path

import pytest

from leads.conditions import grammar, parse
from leads.conditions.describe import describe
from leads.conditions.grammar import QUESTIONS, EventTest, FieldTest
from leads.conditions.operators import OPERATORS
from leads.conditions.terms import BUILT_IN
from leads.conditions.vocabulary import Vocabulary
from leads.models import Field

DOCS = Path(__file__).resolve().parent.parent.parent / "docs" / "conditions.md"
EXAMPLE = re.compile(r"```json\n(.+?)\n```\n\n> (.+?)\n", re.DOTALL)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def custom_fields() -> None:
    """The custom fields the page speaks of."""
    Field.objects.create(key="budget", label="Budget", type="number")
    Field.objects.create(key="renewal", label="Renewal", type="date")
    Field.objects.create(key="partner", label="Partner", type="boolean")
    Field.objects.create(key="interests", label="Interests", type="list", choices=["Robots", "Vision"])


def examples() -> list[tuple[str, str]]:
    found = EXAMPLE.findall(DOCS.read_text())
    assert len(found) >= len(OPERATORS)
    return found


def test_every_example_reads_as_the_page_says() -> None:
    vocabulary = Vocabulary.load()
    for source, sentence in examples():
        node = parse(json.loads(source))
        vocabulary.check(node, scoring=False)
        assert describe(node, vocabulary) == sentence


def test_every_operator_has_an_example() -> None:
    asked = [test for source, _ in examples() for test in grammar.tests(parse(json.loads(source)))]
    used = {test.op for test in asked if isinstance(test, FieldTest)}
    assert set(OPERATORS) - used == set()
    assert set(QUESTIONS) - {test.question for test in asked if isinstance(test, EventTest)} == set()


def test_what_an_unknown_value_does_is_said_for_every_operator() -> None:
    text = DOCS.read_text()
    for operator in OPERATORS.values():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{operator.key}` "))
        assert operator.unknown in row, operator.key


def test_every_field_is_listed() -> None:
    text = DOCS.read_text()
    assert [term.key for term in BUILT_IN if f"`{term.key}`" not in text] == []
