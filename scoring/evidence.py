"""What a criterion found on one lead: the values it read and the events it counted, for people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import BooleanField, Count, DateTimeField, ExpressionWrapper, IntegerField, Max, Min, Value

from leads.conditions import grammar
from leads.conditions.compile import ListScope, compile, matching_events
from leads.conditions.grammar import EventTest, FieldTest, Node
from leads.conditions.sql import Sql
from leads.conditions.terms import Term
from leads.conditions.vocabulary import Vocabulary
from leads.enums import FieldType
from leads.models import Event, Lead
from leads.models.event import EPOCH, day_number

# What an event is called when its properties say so, the best name first.
NAMES = ("title", "name", "form", "subject", "content", "url", "path", "page")
SHOWN = 60


@dataclass(frozen=True)
class Found:
    """One thing a criterion looked at. `at` is when the last event happened; None for a field."""

    text: str
    at: datetime | None = None


@dataclass(frozen=True)
class Evidence:
    """`holds`: the condition is true. `found`: the tests that speak for it, in reading order."""

    holds: bool
    found: tuple[Found, ...] = ()

    def __str__(self) -> str:
        return "; ".join(f"{found.text} ({found.at:%Y-%m-%d})" if found.at else found.text for found in self.found)


@dataclass
class _Reader:
    """Collects what has to be read for a lead; then two queries read all of it, and a third the last events."""

    lead: int
    as_of: datetime
    vocabulary: Vocabulary
    answers: dict[str, Any] = field(default_factory=dict)
    aggregates: dict[str, Any] = field(default_factory=dict)
    names: dict[object, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    last: dict[int, Event] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.scope = ListScope(self.vocabulary, Value(day_number(self.as_of)))

    def ask_all(self, node: Node | None) -> None:
        """The condition and each of its tests."""
        for part in [node, *(test for test, _ in _leaves(node))] if node else []:
            self.ask(part)

    def ask(self, node: Node) -> None:
        """Have the answer of a condition or test read, and what it is based on."""
        name = self._name(("holds", node), "h")
        if name not in self.answers:
            self.answers[name] = ExpressionWrapper(compile(node, self.scope), BooleanField())
            if isinstance(node, FieldTest):
                self.answers[self._name(("value", node.field), "v")] = self.vocabulary.term(node.field).sql(self.scope)
            elif isinstance(node, EventTest):
                self._count(node)

    def _count(self, test: EventTest) -> None:
        events, name = matching_events(test, self.scope), self._name(("events", test), "e")
        latest = ArrayAgg("pk", filter=events, order_by=("-occurred_at", "-pk"))
        self.aggregates |= {
            f"{name}_n": Count("pk", filter=events),
            f"{name}_first": Min("occurred_at", filter=events, output_field=DateTimeField()),
            f"{name}_last": Max("occurred_at", filter=events, output_field=DateTimeField()),
            f"{name}_pk": Sql("({})[1]", latest, output_field=IntegerField()),
        }

    def read(self) -> None:
        self.values = dict(Lead.objects.filter(pk=self.lead).values(**self.answers).get())
        if self.aggregates:
            events = Event.objects.filter(lead=self.lead, occurred_at__lte=self.as_of, quarantined=False)
            self.values |= events.aggregate(**self.aggregates)
            pks = {pk for name, pk in self.values.items() if name.endswith("_pk") and pk}
            self.last = Event.objects.in_bulk(pks)

    def holds(self, node: Node) -> bool:
        return bool(self.values.get(self._name(("holds", node), "h")))

    def found(self, test: FieldTest | EventTest) -> Found:
        if isinstance(test, FieldTest):
            value = self.values.get(self._name(("value", test.field), "v"))
            return Found(shown(value, self.vocabulary.term(test.field)))
        name = self._name(("events", test), "e")
        first, last, number = (self.values.get(f"{name}_{part}") for part in ("first", "last", "n"))
        if not number:
            return Found("Never" if test.days is None else f"Not in {test.days} days")
        if test.question == "first_within":
            return Found("First time", first)
        return Found(_named(self.last.get(self.values[f"{name}_pk"]), number), last)

    def _name(self, key: object, letter: str) -> str:
        return self.names.setdefault(key, f"{letter}{len(self.names)}")


def evidence_for(lead: int, conditions: Sequence[Any], as_of: datetime) -> list[Evidence]:
    """What each condition finds on the lead as of that moment. Six queries, however many conditions there are.

    A condition that can no longer be read, since a field it asks is gone, finds nothing.
    """
    reader = _Reader(lead, as_of, Vocabulary.load())
    nodes = [_readable(condition, reader.vocabulary) for condition in conditions]
    for node in nodes:
        reader.ask_all(node)
    if reader.answers:
        reader.read()
    return [_evidence(node, reader) if node else Evidence(holds=False) for node in nodes]


def _readable(condition: Any, vocabulary: Vocabulary) -> Node | None:
    try:
        node = grammar.parse(condition)
        vocabulary.check(node)
    except grammar.ConditionError:
        return None
    return node


def _evidence(node: Node, reader: _Reader) -> Evidence:
    speaking = [test for test, negated in _leaves(node) if reader.holds(test) != negated]
    return Evidence(reader.holds(node), tuple(dict.fromkeys(reader.found(test) for test in speaking)))


def _leaves(node: Node, negated: bool = False) -> Iterator[tuple[FieldTest | EventTest, bool]]:
    """The tests of a condition, each with whether it speaks for the condition by not holding."""
    match node:
        case grammar.All(parts) | grammar.AnyOf(parts):
            for part in parts:
                yield from _leaves(part, negated)
        case grammar.Not(part):
            yield from _leaves(part, not negated)
        case _:
            yield node, negated


def shown(value: Any, term: Term) -> str:
    """A value of a field as people read it."""
    match term.type, value:
        case _, None:
            return "Unknown"
        case FieldType.BOOLEAN, _:
            return "Yes" if value else "No"
        case FieldType.DATE, int():
            day = EPOCH + timedelta(days=value)
            return f"{day.day} {day:%b %Y}"
        case FieldType.NUMBER, _:
            return f"{value.normalize():,f}"
        case FieldType.LIST, list():
            return _short(", ".join(str(item) for item in value))
    return _short(dict(term.choices).get(str(value), str(value)))


def _named(event: Event | None, number: int) -> str:
    """“Pricing request”, or how often when it has no name."""
    properties = event.properties if event and isinstance(event.properties, dict) else {}
    name = next((str(properties[key]) for key in NAMES if properties.get(key)), "")
    times = "once" if number == 1 else f"{number:,} times"
    return f"{_short(name)}, {times}" if name and number > 1 else _short(name) or times.capitalize()


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
