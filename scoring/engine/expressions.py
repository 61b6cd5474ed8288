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

from leads.conditions.compile import compile, matching_events, older_event
from leads.conditions.grammar import EventTest, Node
from leads.conditions.sql import Parameter, Sql, integer
from leads.conditions.terms import Term
from leads.conditions.vocabulary import Vocabulary
from leads.models import Event
from scoring.engine.definition import CriterionRule, besides, driver
from scoring.models.criterion import Counting

HUNDREDTHS = 100
MOST = 1000  # what a criterion gives for all its events together, where it does not say less
# How many kinds of events are looked up apart, and how many times as wide their windows are.
APART, MUCH = 2, 1.5
TODAY = Parameter("today", "int", IntegerField())
AS_OF = Parameter("as_of", "timestamptz", DateTimeField())


@dataclass
class EngineScope:
    """Collects the columns that conditions need from events; implements compile.Scope."""

    vocabulary: Vocabulary
    dense: bool = False
    today: Expression = TODAY
    turns: list[Expression] = field(default_factory=list)
    # what is read of the lead, and what of its events: columns of `l` and `e`
    terms: dict[str, tuple[str, Expression]] = field(default_factory=dict)
    columns: dict[str, Expression] = field(default_factory=dict)
    # kind → the windows in which it is asked, in days; None: ever
    windows: dict[int, set[int | None]] = field(default_factory=dict)
    # columns that leads have besides, where each is asked at a moment of its own (scoring/engine/past.py); then the
    # tables hold the leads asked for and no others, and nobody becomes due
    also: dict[str, Expression] = field(default_factory=dict)
    _names: dict[object, str] = field(default_factory=dict)

    def value(self, term: Term) -> Expression:
        """Each term is read once for a lead, however many criteria ask it."""
        sql = term.compared(self)
        name, _ = self.terms.setdefault(term.key, (f"t{len(self.terms)}", sql))
        return Sql(f"l.{name}", output_field=sql.output_field)

    def count(self, test: EventTest) -> Expression:
        self._asked(test, test.days)
        return _or_zero(self.column(("count", test), Count("lead_id", filter=matching_events(test, self))))

    def days(self, test: EventTest) -> Expression:
        """On how many different days there was such an event."""
        self._asked(test, test.days)
        counted = Count("day", distinct=True, filter=matching_events(test, self))
        return _or_zero(self.column(("days", test), counted))

    def older(self, test: EventTest, days: int) -> Expression:
        """Whether there is such an event at least so many days ago."""
        if not self.also:
            return older_event(test, days, self)
        # Past events have no index: looking for one of them reads them all, for every lead. Counting reads them once.
        return Sql("({} > {})", self.count(test), self.count(replace(test, days=days)))

    def past(self) -> QuerySet[Event]:
        return Event.objects.filter(Sql("({} <= {})", F("occurred_at"), AS_OF), lead=OuterRef("pk"), quarantined=False)

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
        within = matching_events(test, self) & Q(Sql("({} > {} - {}::int)", F("day"), self.today, Value(horizon)))
        total = self.column(("sum", test, key), Sum(contribution, filter=within, output_field=IntegerField()))
        number = self.column(("number", test, key), Count("lead_id", filter=within))
        return _or_zero(total), _or_zero(number)

    def _asked(self, test: EventTest, days: int | None) -> None:
        for kind in self.vocabulary.kind_ids(test.kind):
            self.windows.setdefault(kind, set()).add(days)

    def wanted_events(self) -> Q:
        """The events any condition can see: for each kind its widest window.

        A few kinds looked for much further back than the others are asked for apart: found together, most of the
        older events would be of kinds nobody asks for.
        """
        near = {kind: max(math.inf if days is None else days for days in asked) for kind, asked in self.windows.items()}
        far = _far_back(near)
        wanted = self._inside({kind: days for kind, days in near.items() if kind not in far})
        for kind in far:
            wanted |= self._inside({kind: near[kind]})
        return wanted

    def _inside(self, widest: dict[int, float]) -> Q:
        """Events of these kinds, each in its window; the widest is said once more, since an index can use it."""
        by_window: dict[float, list[int]] = {}
        for kind, days in sorted(widest.items()):
            by_window.setdefault(days, []).append(kind)
        wanted = Q()
        for days, kinds in by_window.items():
            wanted |= Q(kind__in=kinds) & self._since(days)
        return wanted & self._since(max(by_window)) if len(by_window) > 1 else wanted

    def _since(self, days: float) -> Q:
        return Q() if days == math.inf else Q(Sql("({} > {} - {}::int)", F("day"), self.today, Value(days)))

    def next_turn(self) -> Expression | None:
        """The first day on which an event leaves a window it is in now, whatever its properties: a column of `e`."""
        by_windows: dict[tuple[int, ...], list[int]] = {}
        for kind, asked in sorted(self.windows.items()):
            if windows := tuple(sorted(filter(None, asked))):
                by_windows.setdefault(windows, []).append(kind)
        cases = ""
        for windows, kinds in by_windows.items():
            of_kind = " OR ".join(f"kind_id = {kind}" for kind in kinds)
            leaves = " ".join(f"WHEN day > {{}} - {days} THEN day + {days}" for days in windows)
            cases += f" WHEN {of_kind} THEN CASE {leaves} END"
        if not cases:
            return None
        return Min(Sql(f"(CASE{cases} END)", *[self.today] * cases.count("{}"), output_field=IntegerField()))


def _far_back(widest: dict[int, float]) -> list[int]:
    """The kinds, APART at most, whose window is much wider than that of all others."""
    by_width = sorted(widest, key=lambda kind: (widest[kind], kind))
    others = max((widest[kind] for kind in by_width[:1] + by_width[1:-APART]), default=math.inf)
    return [kind for kind in by_width[1:][-APART:] if widest[kind] > MUCH * others]


def points(criterion: CriterionRule, scope: EngineScope) -> Expression:
    """What the criterion gives a lead, in whole points."""
    condition: Node | None = criterion.node
    given: Expression = Value(criterion.points)
    if criterion.counting != Counting.ONCE:
        test = driver(criterion.node)
        given = _limited(criterion, _counted(criterion, replace(test, number=1), scope))
        if test.number == 1:  # where there is no such event the count is 0 anyway
            condition = besides(criterion.node)
    if condition is None:
        return given
    return integer("(CASE WHEN {} THEN {} ELSE 0 END)", boolean(compile(condition, scope)), given)


def _counted(criterion: CriterionRule, test: EventTest, scope: EngineScope) -> Expression:
    match criterion.counting:
        case Counting.EACH:
            return integer("({}::int * {})", Value(criterion.points), scope.count(test))
        case Counting.EACH_DAY:
            return integer("({}::int * {})", Value(criterion.points), scope.days(test))
    return _fading(criterion, test, scope)


def _fading(criterion: CriterionRule, test: EventTest, scope: EngineScope) -> Expression:
    """sign × round(sum of what each event still gives); also notes the day on which the rounded sum may next drop."""
    full, days = abs(criterion.points) * HUNDREDTHS, criterion.days or 1
    age = integer("({} - {})", scope.today, F("day"))
    if criterion.counting == Counting.HALF_LIFE:
        # float8 throughout: PostgreSQL's numeric power() would cost twice the whole query
        exponent = Value(-math.log(2) / days)
        each = integer("floor({}::float8 * exp({}::float8 * {}) + 0.5)::int", Value(full), exponent, age)
        horizon = math.ceil(days * math.log2(2 * full)) + 1
    else:
        each = integer("({}::int * ({}::int - {}) / {}::int)", Value(full), Value(days), age, Value(days))
        horizon = days
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
    """Never more than MOST: a robot with ten thousand page views must not leave the range of a line of the ledger."""
    word, most = ("LEAST", MOST) if criterion.points > 0 else ("GREATEST", -MOST)
    at_most = most if criterion.at_most is None else criterion.at_most
    return integer(f"{word}({{}}, {{}}::int)", given, Value(at_most))


def clamp_to_axis(value: str, limit: int) -> str:
    """Both axes run from 0 to the limit of the model."""
    return f"LEAST({limit}, GREATEST(0, {value}))"


def _or_zero(column: Expression) -> Expression:
    return integer("COALESCE({}, 0)", column)


def boolean(condition: Q) -> Expression:
    return ExpressionWrapper(condition, output_field=BooleanField())
