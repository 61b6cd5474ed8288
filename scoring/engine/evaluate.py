"""model × leads × moment → standings, in one SQL statement and without writing anything.

    standing = f(facts with occurred_at ≤ as_of, version, as_of)

The statement of a set of versions is compiled once and kept; only lead ids and moment are filled in.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import BigIntegerField, F, Q, QuerySet
from django.db.models.sql.constants import LOUTER
from django_cte import CTE, with_cte

from leads.conditions.compile import compile
from leads.conditions.grammar import Not, parse, tests
from leads.conditions.sql import Parameter, Sql, bind, integer
from leads.conditions.vocabulary import Vocabulary
from leads.enums import Axis
from leads.models import Event, Lead
from leads.models.event import day_number
from scoring.engine.definition import Definition, load
from scoring.engine.expressions import AS_OF, EngineScope, boolean, clamp_to_axis, points
from scoring.engine.sides import sides_of
from scoring.models import Version

LEADS = Parameter("leads", "bigint[]", ArrayField(BigIntegerField()))
FIRST, LAST = (Parameter(name, "bigint", BigIntegerField()) for name in ("first", "last"))

# The columns of a result, in order. version is None for a lead outside every audience; then the numbers are None.
COLUMNS = ("lead_id", "version", "fit", "engagement", "total", "grade", "label", "points", "due_at")
SCORE = COLUMNS[1:-1]


def numbers_of(alias: str) -> str:
    """What the version of a score says: its columns behind the version, of that row of a statement."""
    return ", ".join(f"{alias}.{name}" for name in SCORE[1:])


@dataclass(frozen=True)
class Result:
    lead_id: int
    version: int | None
    fit: int | None
    engagement: int | None
    total: int | None
    grade: str
    label: str
    points: list[int]
    due_at: datetime | None


@dataclass(frozen=True, eq=False)
class Compiled:
    """SQL that gives a row of COLUMNS for each lead."""

    sql: str
    params: tuple[Any, ...]
    # False while no version is live: then nobody is excluded, they are not scored.
    scores: bool = True

    def bound(self, lead_ids: Sequence[int], as_of: datetime) -> list[Any]:
        """The parameters for these leads, in order of id."""
        ids = list(lead_ids)
        first, last = (ids[0], ids[-1]) if ids else (0, 0)
        return bind(self.params, leads=ids, first=first, last=last, as_of=as_of, today=day_number(as_of))


def evaluate(
    versions: Version | Sequence[Version], lead_ids: Iterable[int], as_of: datetime, *, dense: bool = False
) -> list[Result]:
    """Where the leads would stand at that moment, by the first version whose audience they belong to.

    dense: the ids are all leads between the first and the last, in order.
    """
    wanted = [versions] if isinstance(versions, Version) else versions
    compiled = compiled_for(tuple(version.pk for version in wanted), dense=dense)
    with connection.cursor() as cursor:
        cursor.execute(compiled.sql, compiled.bound(list(lead_ids), as_of))
        return [Result(*row) for row in cursor.fetchall()]


def database_clock() -> datetime:
    """The moment for which standings are counted, from the one clock all processes share.

    Read it after the revisions: then no fact behind a revision lies in the future of the count.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def compiled_for(version_ids: tuple[int, ...], *, dense: bool = False) -> Compiled:
    """The statement for these versions, the first deciding where audiences overlap.

    dense: for pages of all leads between two ids, which are read in one sweep instead of lead by lead.
    """
    return _compile(version_ids, activity(version_ids), dense)


def activity(version_ids: tuple[int, ...]) -> frozenset[int]:
    """The kinds of events that count as activity of the lead, where that is asked."""
    if not _ask_for_any_kind(version_ids):
        return frozenset()
    with connection.cursor() as cursor:  # for each lead again, so not compiled each time
        cursor.execute("SELECT id FROM leads_eventkind WHERE by_lead")
        return frozenset(pk for (pk,) in cursor.fetchall())


@lru_cache(maxsize=32)
def _ask_for_any_kind(version_ids: tuple[int, ...]) -> bool:
    """Then a kind that a sender has just invented belongs to what is asked."""
    definitions = Version.objects.filter(pk__in=version_ids).values_list("definition", flat=True)
    asked = chain.from_iterable(tests(parse(condition)) for data in definitions for condition in load(data).conditions)
    return any(map(Vocabulary.load().asks_for_any_kind, asked))


@lru_cache(maxsize=32)
def _compile(version_ids: tuple[int, ...], by_lead: frozenset[int], dense: bool) -> Compiled:
    """Versions are frozen, so is this."""
    rows = Version.objects.in_bulk(version_ids)
    definitions = [(pk, load(rows[pk].definition)) for pk in version_ids]
    vocabulary, sides = replace(Vocabulary.load(), by_lead=by_lead), sides_of(version_ids)
    earlier: list[Any] = []
    parts: list[str] = []
    params: list[Any] = []
    for pk, definition in definitions:
        scope = EngineScope(vocabulary, dense)
        belongs = audience_of(definition.audience, earlier, scope) & sides.decided_by(pk)
        if not sides.on_trial(pk):
            earlier.append(definition.audience)
        elif sides.only_shadows(pk):
            continue
        sql, values = version_sql(pk, definition, belongs, scope)
        parts.append(sql)
        params += values
    if all(audience is not None for audience in earlier):
        scope = EngineScope(vocabulary, dense)
        sql, values = excluded_sql(audience_of(None, earlier, scope), scope)
        parts.append(sql)
        params += values
    return Compiled(" UNION ALL ".join(f"({part})" for part in parts), tuple(params), bool(version_ids))


def version_sql(pk: int, definition: Definition, belongs: Q, scope: EngineScope) -> tuple[str, list]:
    """Rows for the leads that belong."""
    columns: dict[str, Any] = {f"p{i}": points(criterion, scope) for i, criterion in enumerate(definition.criteria)}
    columns["barred"] = barred(definition, scope)
    inner, params = lead_query(scope, columns, belongs)
    return outer_sql(pk, definition, inner), params


def barred(definition: Definition, scope: EngineScope) -> Any:
    """Whether a criterion that disqualifies is met."""
    bars = [compile(criterion.node, scope) for criterion in definition.criteria if criterion.disqualifies]
    return boolean(Q(*bars, _connector=Q.OR)) if bars else Sql("false")


def excluded_sql(belongs: Q, scope: EngineScope) -> tuple[str, list]:
    inner, params = lead_query(scope, {}, belongs)
    nothing = "NULL::int, NULL::int, NULL::int, NULL::int, '', '', ARRAY[]::smallint[]"
    return f"SELECT p.lead_id, {nothing}, {_moment('p.turn')} FROM ({inner}) p", params


def compile_definition(definition: Definition, scope: EngineScope) -> Compiled:
    """The statement of a definition alone, a draft's too: a row for each lead of its audience, of version 0."""
    belongs = Q() if definition.audience is None else compile(parse(definition.audience), scope)
    sql, params = version_sql(0, definition, belongs, scope)
    return Compiled(sql, tuple(params))


def audience_of(audience: Any, earlier: list[Any], scope: EngineScope) -> Q:
    """Who belongs to the audience and to no earlier one."""
    belongs = Q() if audience is None else compile(parse(audience), scope)
    for other in earlier:
        belongs &= Q(Sql("false")) if other is None else compile(Not(parse(other)), scope)
    return belongs


def lead_query(scope: EngineScope, columns: dict[str, Any], audience: Q) -> tuple[str, list[Any]]:
    """SELECT lead_id, the columns, turn FROM (what is read of leads) l LEFT JOIN (one grouped query over events) e."""
    turn = None if scope.also else scope.next_turn()
    turns = [] if scope.also else [*scope.turns, *([integer("e.turn")] if turn else [])]
    columns |= {"turn": integer(f"LEAST({', '.join(['{}'] * len(turns))})" if turns else "NULL::int", *turns)}
    terms = dict(scope.terms.values()) | scope.also
    leads = CTE(_of_leads(Lead.objects.all(), "pk", scope).values("id").annotate(**terms), name="l", materialized=True)
    rows, ctes = leads.queryset(), [leads]
    if aggregates := scope.columns | ({"turn": turn} if turn else {}):
        seen = Event.objects.filter(
            scope.wanted_events(), Sql("({} <= {})", F("occurred_at"), AS_OF), quarantined=False
        )
        # not materialized: the planner sees that a lead has one row, and grouping keeps it from being torn apart
        events = CTE(_of_leads(seen, "lead_id", scope).values("lead_id").annotate(**aggregates), name="e")
        rows, ctes = events.join(rows, id=events.col.lead_id, _join_type=LOUTER), [leads, events]
    rows = with_cte(*ctes, select=rows).filter(audience).annotate(lead=F("id"), **columns)
    sql, params = rows.values_list("lead", *columns).query.sql_with_params()
    return f"SELECT * FROM ({sql}) AS q({', '.join(['lead_id', *columns])})", list(params)


def _of_leads(rows: QuerySet, key: str, scope: EngineScope) -> QuerySet:
    if scope.also:
        return rows.order_by()
    if scope.dense:
        return rows.filter(Sql("({} BETWEEN {} AND {})", F(key), FIRST, LAST)).order_by()
    return rows.filter(Sql("({} = ANY({}))", F(key), LEADS)).order_by()


def outer_sql(pk: int, definition: Definition, inner: str) -> str:
    """From criteria to groups, axes, grade and label. Only whole numbers and the names of columns are written here.

    inner: lead_id, the criteria as p0, p1, …, barred, turn.

    OFFSET 0 keeps PostgreSQL from writing the sum of a group into every place that asks for it.
    """
    groups = range(len(definition.groups))
    sums = [f"{_sum(f'p{c}' for c in definition.criteria_of(i))} AS g{i}" for i in groups]
    limited = [_limited(f"g{i}", group.floor, group.cap) for i, group in enumerate(definition.groups)]
    raw = {axis: _sum(limited[i] for i in definition.groups_of(axis)) for axis in (Axis.FIT, Axis.ENGAGEMENT)}
    fit, engagement = (clamp_to_axis(sql, definition.axis_limit) for sql in raw.values())
    lines = [f"p{i}" for i in range(len(definition.criteria))]
    lines += [f"{sql} - g{i}" for i, sql in enumerate(limited)]
    lines += [f"fit - ({raw[Axis.FIT]})", f"engagement - ({raw[Axis.ENGAGEMENT]})"]
    label = _by_grade(definition, lambda grade: definition.labels[grade])
    return (
        f"SELECT lead_id, {pk}::int, fit, engagement, fit + engagement, {_by_grade(definition, str)},"
        f" CASE WHEN barred THEN 'disqualified' ELSE {label} END,"
        f" ARRAY[{', '.join(lines)}]::smallint[], {_moment('turn')} FROM"
        f" (SELECT *, {fit} AS fit, {engagement} AS engagement FROM"
        f" (SELECT {', '.join(['p.*', *sums])} FROM ({inner}) p OFFSET 0) g OFFSET 0) a"
    )


def _limited(value: str, floor: int | None, cap: int | None) -> str:
    """The points of a group inside its limits."""
    value = f"GREATEST({floor}, {value})" if floor is not None else value
    return f"LEAST({cap}, {value})" if cap is not None else value


def _sum(parts: Iterable[str]) -> str:
    return " + ".join(parts) or "0"


def _by_grade(definition: Definition, word: Callable[[str], str]) -> str:
    """A word for the letter of fit and the digit of engagement."""

    def digits(letter: str) -> str:
        words = [f"'{word(letter + digit)}'" for digit in "1234"]
        return _at_least("engagement", definition.engagement_limits, words)

    return _at_least("fit", definition.fit_limits, [digits(letter) for letter in "ABCD"])


def _at_least(axis: str, limits: Sequence[int], results: Sequence[str]) -> str:
    """The first of the results whose limit is reached, else the last."""
    cases = " ".join(f"WHEN {axis} >= {limit} THEN {then}" for limit, then in zip(limits, results, strict=False))
    return f"(CASE {cases} ELSE {results[-1]} END)"


def _moment(day: str) -> str:
    """The start of a day in the installation's zone."""
    zone = settings.TIME_ZONE.replace("'", "''")
    return f"timezone('{zone}', (date '1970-01-01' + {day})::timestamp)"
