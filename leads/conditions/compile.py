"""Tree → Q. SQL is the only interpreter of conditions; there is no second one in Python.

A `Scope` says how the surroundings answer event tests: in a list each is a subquery, in the engine a column of one
grouped query over events.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from django.db.models import (
    BooleanField,
    Count,
    Expression,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from leads.conditions import grammar
from leads.conditions.grammar import All, AnyOf, EventTest, FieldTest, Node, Not
from leads.conditions.sql import Sql, integer
from leads.conditions.terms import Term
from leads.conditions.vocabulary import Vocabulary, read_property

FOREVER = 100_000  # days


class Scope(Protocol):
    """`today` is the day number at which the condition is asked; `turns` collects the days on which answers change."""

    vocabulary: Vocabulary
    today: Expression
    turns: list[Expression]

    def value(self, term: Term) -> Expression:
        """What is known of the lead, as operators take it."""

    def count(self, test: EventTest) -> Expression:
        """How many events of the lead match, in the test's window or ever."""

    def older(self, test: EventTest, days: int) -> Expression:
        """Whether there is such an event at least so many days ago."""

    def past(self) -> QuerySet:
        """The events of the lead OuterRef("pk") that may be seen, for asking whether there is one at all."""


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
    known = scope.value(term)
    if operator.turns:
        scope.turns.append(operator.turns(known, value, scope.today))
    if term.ages and operator.steps:
        scope.turns += _reached(known, operator.steps(value), scope.today)
    return operator.sql(known, value, scope.today)


def _reached(known: Expression, steps: tuple[int, ...], today: Expression) -> list[Expression]:
    """The days on which a number that is one more every day comes to each of the steps, as far as they lie ahead."""
    ahead = "(CASE WHEN {} < {}::int THEN ({} + {}::int - {})::int END)"
    within_reach = [Value(step) for step in steps if 0 < step <= FOREVER]
    return [integer(ahead, known, step, today, step, known) for step in within_reach]


def _event(test: EventTest, scope: Scope) -> Expression:
    """The first and the last event are asked for without looking at all of them: is there one in the window, and only
    then or only else, is there an older one."""
    number, asked = Value(test.number), replace(test, question="at_least", number=1)
    match test.question:
        case "at_least":
            return Sql("({} >= {}::int)", scope.count(asked), number)
        case "at_most":
            return Sql("({} <= {}::int)", scope.count(asked), number)
    recent, older = scope.count(replace(asked, days=test.number)), scope.older(asked, test.number)
    if test.question == "first_within":
        return Sql("(CASE WHEN {} > 0 THEN NOT {} ELSE false END)", recent, older)
    return Sql("(CASE WHEN {} > 0 THEN false ELSE {} END)", recent, older)


def older_event(test: EventTest, days: int, scope: Scope) -> Expression:
    """Whether there is such an event at least so many days ago."""
    long_ago = Sql("({} <= {} - {}::int)", F("day"), scope.today, Value(days))
    older = scope.past().filter(matching_events(test, scope), long_ago).order_by().values("pk")[:1]
    # not EXISTS: PostgreSQL may answer that by reading all events of all leads once, and guesses badly when to
    return Sql("({} IS NOT NULL)", Subquery(older))


def matching_events(test: EventTest, scope: Scope) -> Q:
    """Which events a test is about, apart from lead and moment: kind, properties and window."""
    kinds = sorted(scope.vocabulary.kind_ids(test.kind, test.path))
    condition = Q(kind=kinds[0]) if len(kinds) == 1 else Q(kind__in=kinds)
    for question in test.where:
        sql, operator, value = read_property(question)
        condition &= Q(operator.sql(sql, value, scope.today))
    if test.days:
        condition &= Q(Sql("({} > {} - {}::int)", F("day"), scope.today, Value(test.days)))
    return condition


@dataclass
class ListScope:
    """For lists, segments and counts: event tests are subqueries on the lead, asked today."""

    vocabulary: Vocabulary
    today: Expression
    turns: list[Expression] = field(default_factory=list)

    @classmethod
    def of_now(cls, vocabulary: Vocabulary) -> "ListScope":
        from leads.models.event import day_number

        return cls(vocabulary, Value(day_number(timezone.now())))

    def value(self, term: Term) -> Expression:
        return term.compared(self)

    def count(self, test: EventTest) -> Expression:
        events = self.past().filter(matching_events(test, self)).order_by().values("lead")
        return Coalesce(Subquery(events.annotate(n=Count("pk")).values("n")), 0)

    def older(self, test: EventTest, days: int) -> Expression:
        return older_event(test, days, self)

    def past(self) -> QuerySet:
        from leads.models import Event

        happened = Sql("({} <= {})", F("day"), self.today)
        return Event.objects.filter(happened, lead=OuterRef("pk"), quarantined=False)


def leads_matching(condition: Any, *, vocabulary: Vocabulary | None = None) -> Q:
    """A filter for Lead querysets from a condition as JSON: `Lead.objects.visible_to(user).filter(leads_matching(c))`.

    Raises ConditionError when the condition cannot be read. `vocabulary`: for who asks many, so that it is read once.
    """
    vocabulary = vocabulary or Vocabulary.load()
    node = grammar.parse(condition)
    vocabulary.check(node, scoring=False)
    return compile(node, ListScope.of_now(vocabulary))
