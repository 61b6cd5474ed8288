"""Tree → Q. SQL is the only interpreter of conditions; there is no second one in Python.

A `Scope` says how the surroundings answer event tests: in a list each is a subquery, in the engine a column of one
grouped query over events.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db.models import (
    BooleanField,
    Count,
    Expression,
    ExpressionWrapper,
    F,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce

from leads.conditions import grammar
from leads.conditions.grammar import All, AnyOf, EventTest, FieldTest, Node, Not
from leads.conditions.sql import Sql
from leads.conditions.vocabulary import Vocabulary, read_property


class Scope(Protocol):
    """`today` is the day number at which the condition is asked; `turns` collects the days on which answers change."""

    vocabulary: Vocabulary
    today: Expression
    turns: list[Expression]

    def measure(self, test: EventTest) -> Expression:
        """The number an event test asks about: a count, or the day of the first or last event."""


def compile(node: Node, scope: Scope) -> Q:
    """A Q that is true for the leads that match. NULL counts as no, also under `not`."""
    match node:
        case All(parts):
            return _joined(parts, scope, Q.AND)
        case AnyOf(parts):
            return _joined(parts, scope, Q.OR)
        case Not(part):
            known = Coalesce(ExpressionWrapper(compile(part, scope), BooleanField()), Value(False))
            return Q(Sql("(NOT {})", known))
        case FieldTest():
            return Q(_field(node, scope))
        case EventTest():
            return Q(_event(node, scope))


def _joined(parts: tuple[Node, ...], scope: Scope, connector: str) -> Q:
    return Q(*(compile(part, scope) for part in parts), _connector=connector)


def _field(test: FieldTest, scope: Scope) -> Expression:
    term, operator, value = scope.vocabulary.read(test)
    if operator.turns:
        scope.turns.append(operator.turns(term.sql(), value, scope.today))
    return operator.sql(term.sql(), value, scope.today)


def _event(test: EventTest, scope: Scope) -> Expression:
    measure, number = scope.measure(test), Value(test.number)
    match test.question:
        case "at_least":
            return Sql("({} >= {}::int)", measure, number)
        case "at_most":
            return Sql("({} <= {}::int)", measure, number)
        case "first_within":
            scope.turns.append(_turn(measure, number, scope.today))
            return Sql("({} > {} - {}::int)", measure, scope.today, number)
        case _:
            scope.turns.append(_turn(measure, number, scope.today))
            return Sql("({} <= {} - {}::int)", measure, scope.today, number)


def _turn(day: Expression, number: Value, today: Expression) -> Expression:
    return Sql(
        "(CASE WHEN {} + {}::int > {} THEN {} + {}::int END)", day, number, today, day, number,
        output_field=IntegerField(),
    )  # fmt: skip


def matching_events(test: EventTest, scope: Scope) -> Q:
    """Which events a test is about, apart from lead and moment: kind, properties and window."""
    condition = Q(kind__in=sorted(scope.vocabulary.kind_ids(test.kind, test.path)))
    for question in test.where:
        sql, operator, value = read_property(question)
        condition &= Q(operator.sql(sql, value, scope.today))
    if test.days:
        condition &= Q(Sql("({} > {} - {}::int)", F("day"), scope.today, Value(test.days)))
    return condition


MEASURES: dict[str, Callable[..., Any]] = {"first_within": Min, "last_before": Max}


@dataclass
class ListScope:
    """For lists, segments and counts: event tests are subqueries on the lead, asked today."""

    vocabulary: Vocabulary
    today: Expression
    turns: list[Expression] = field(default_factory=list)

    def measure(self, test: EventTest) -> Expression:
        from leads.models import Event

        events = Event.objects.filter(matching_events(test, self), lead=OuterRef("pk"), quarantined=False)
        if aggregate := MEASURES.get(test.question):
            return Subquery(events.order_by().values("lead").annotate(day_=aggregate("day")).values("day_"))
        counted = events.order_by().values("lead").annotate(n=Count("pk")).values("n")
        return Coalesce(Subquery(counted), 0)


def leads_matching(condition: Any, *, scoring: bool = False) -> Q:
    """A filter for Lead querysets from a condition as JSON: `Lead.objects.visible_to(user).filter(leads_matching(c))`.

    Raises ConditionError when the condition cannot be read.
    """
    from django.utils import timezone

    from leads.models.event import day_number

    vocabulary = Vocabulary.load()
    node = grammar.parse(condition)
    vocabulary.check(node, scoring=scoring)
    return compile(node, ListScope(vocabulary, Value(day_number(timezone.now()))))
