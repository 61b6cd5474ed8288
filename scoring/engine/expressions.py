"""Criterion → SQL.

What a criterion asks of events becomes columns of one grouped query over events (`e`, a row per lead); what it is
worth becomes one whole number per lead in a query over leads that is joined to it. Points are rounded per criterion,
before anything is added up; faded points are summed in whole hundredths, so that no order of adding can change them.
"""

import math
from dataclasses import dataclass, field, replace

from django.db.models import (
    BooleanField,
    Count,
    DateTimeField,
    Expression,
    ExpressionWrapper,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
)

from leads.conditions.compile import compile, matching_events
from leads.conditions.grammar import EventTest
from leads.conditions.sql import Parameter, Sql, integer
from leads.conditions.vocabulary import Vocabulary
from leads.models import Event
from scoring.engine.definition import CriterionRule, driver
from scoring.models.criterion import Counting

HUNDREDTHS = 100
TODAY = Parameter("today", "int", IntegerField())
AS_OF = Parameter("as_of", "timestamptz", DateTimeField())


@dataclass
class EngineScope:
    """Collects the columns that conditions need from events; implements compile.Scope."""

    vocabulary: Vocabulary
    today: Expression = TODAY
    turns: list[Expression] = field(default_factory=list)
    columns: dict[str, Expression] = field(default_factory=dict)
    # kind → the windows in which it is asked, in days; None: ever
    windows: dict[int, set[int | None]] = field(default_factory=dict)
    _names: dict[object, str] = field(default_factory=dict)

    def count(self, test: EventTest) -> Expression:
        self._asked(test, test.days)
        return _or_zero(self.column(("count", test), Count("lead_id", filter=self.events(test))))

    def past(self) -> QuerySet[Event]:
        return Event.objects.filter(Sql("({} <= {})", F("occurred_at"), AS_OF), lead=OuterRef("pk"), quarantined=False)

    def events(self, test: EventTest) -> Q:
        return matching_events(test, self)

    def column(self, key: object, aggregate: Expression) -> Expression:
        """A reference to the aggregate as a column of `e`; the same key gives the same column."""
        if key not in self._names:
            self._names[key] = f"a{len(self._names)}"
            self.columns[self._names[key]] = aggregate
        return Sql(f"e.{self._names[key]}", output_field=IntegerField())

    def faded(
        self, test: EventTest, contribution: Expression, horizon: int, key: object
    ) -> tuple[Expression, Expression]:
        """Sum and number of what events inside the horizon still give, each in whole hundredths."""
        self._asked(test, min(horizon, test.days or horizon))
        within = self.events(test) & Q(Sql("({} > {} - {}::int)", F("day"), self.today, Value(horizon)))
        total = self.column(("sum", test, key), Sum(contribution, filter=within, output_field=IntegerField()))
        number = self.column(("number", test, key), Count("lead_id", filter=within))
        return _or_zero(total), _or_zero(number)

    def _asked(self, test: EventTest, days: int | None) -> None:
        for kind in self.vocabulary.kind_ids(test.kind):
            self.windows.setdefault(kind, set()).add(days)

    def wanted_events(self) -> Q:
        """The events any condition can see: for each kind its widest window."""
        widest: dict[int | None, list[int]] = {}
        for kind, windows in sorted(self.windows.items()):
            days = None if None in windows else max(window for window in windows if window)
            widest.setdefault(days, []).append(kind)
        wanted = Q()
        for days, kinds in widest.items():
            within = Q() if days is None else Q(Sql("({} > {} - {}::int)", F("day"), self.today, Value(days)))
            wanted |= Q(kind__in=kinds) & within
        return wanted

    def next_turn(self) -> Expression | None:
        """The first day on which an event leaves a window it is in now, whatever its properties: a column of `e`."""
        cases = ""
        for kind, windows in sorted(self.windows.items()):
            for days in sorted(window for window in windows if window):
                cases += f" WHEN kind_id = {kind} AND day > {{}} - {days} THEN day + {days}"
        if not cases:
            return None
        return Min(Sql(f"(CASE{cases} END)", *[self.today] * cases.count("{}"), output_field=IntegerField()))


def points(criterion: CriterionRule, scope: EngineScope) -> tuple[Expression, Q]:
    """What the criterion gives a lead, in whole points, and the condition under which it does."""
    holds = compile(criterion.node, scope)
    if criterion.counting == Counting.ONCE:
        given: Expression = Value(criterion.points)
    elif criterion.counting in (Counting.EACH, Counting.EACH_DAY):
        given = _limited(criterion, _per_event(criterion, scope))
    else:
        given = _limited(criterion, _fading(criterion, scope))
    return integer("(CASE WHEN {} THEN {} ELSE 0 END)", _boolean(holds), given), holds


def _per_event(criterion: CriterionRule, scope: EngineScope) -> Expression:
    test = _plain(driver(criterion.node))
    if criterion.counting == Counting.EACH:
        return integer("({}::int * {})", Value(criterion.points), scope.count(test))
    days = scope.column(("days", test), Count("day", distinct=True, filter=scope.events(test)))
    return integer("({}::int * {})", Value(criterion.points), _or_zero(days))


def _fading(criterion: CriterionRule, scope: EngineScope) -> Expression:
    """sign × round(sum of what each event still gives); also notes the day on which the rounded sum may next drop."""
    test, full, days = _plain(driver(criterion.node)), abs(criterion.points) * HUNDREDTHS, criterion.days or 1
    age = integer("({} - {})", scope.today, F("day"))
    if criterion.counting == Counting.HALF_LIFE:
        # float8 throughout: PostgreSQL's numeric power() would cost twice the whole query
        each = integer(
            "floor({}::float8 * exp({}::float8 * {}) + 0.5)::int", Value(full), Value(-math.log(2) / days), age
        )
        horizon = math.ceil(days * math.log2(2 * full)) + 1
    else:
        each, horizon = (
            integer("({}::int * ({}::int - {}) / {}::int)", Value(full), Value(days), age, Value(days)),
            days,
        )
    total, number = scope.faded(test, each, horizon, (criterion.counting, full, days))
    whole = integer("(({} + 50) / 100)::int", total)
    scope.turns.append(_fades_on(criterion, total, number, whole, scope.today))
    return whole if criterion.points > 0 else integer("(-{})", whole)


def _fades_on(
    criterion: CriterionRule, total: Expression, number: Expression, whole: Expression, today: Expression
) -> Expression:
    """A day not after the one on which rounding next gives a point less. Each of the `number` addends is off by < 1."""
    shown = integer("LEAST({}, {}::int)", whole, Value(abs(criterion.at_most))) if criterion.at_most else whole
    least = Sql("({} * 100 - 50 + {})::float8", shown, number)
    left = Sql("({} - {})::float8", total, number)
    days = criterion.days or 1
    if criterion.counting == Counting.HALF_LIFE:
        wait = Sql("{}::float8 * ln(GREATEST({}, {}) / {}) / ln(2::float8)", Value(days), left, least, least)
    else:
        wait = Sql("GREATEST({} - {}, 0) * {}::float8 / ({} * {}::float8)", left, least, Value(days), number,
                   Value(abs(criterion.points) * HUNDREDTHS))  # fmt: skip
    return integer("(CASE WHEN {} > 0 THEN {} + 1 + floor({})::int END)", shown, today, wait)


def _limited(criterion: CriterionRule, given: Expression) -> Expression:
    if criterion.at_most is None:
        return given
    word = "LEAST" if criterion.points > 0 else "GREATEST"
    return integer(f"{word}({{}}, {{}}::int)", given, Value(criterion.at_most))


def clamp_to_axis(value: str, limit: int) -> str:
    """Both axes run from 0 to the limit of the model."""
    return f"LEAST({limit}, GREATEST(0, {value}))"


def _or_zero(column: Expression) -> Expression:
    return integer("COALESCE({}, 0)", column)


def _boolean(condition: Q) -> Expression:
    return ExpressionWrapper(condition, output_field=BooleanField())


def _plain(test: EventTest) -> EventTest:
    """What a test counts, whatever number it asks for."""
    return replace(test, number=1)
