"""Our own past leads → a table to learn from, each as it stood at its decision moment.

The fields that a criterion may ask, and for every kind of event how often in 7, 30 and 90 days and how long ago the
last one was. Facts come through leads/pasts.py and values through the terms that conditions ask: what is learned is
what will be scored.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from leads.conditions.vocabulary import Term, Vocabulary
from leads.enums import FieldType
from leads.models import EventKind, Lead
from leads.pasts import as_of_each_sql
from scoring.engine.expressions import EngineScope
from scoring.engine.past import TODAY
from scoring.leaks import Leak, leaking
from scoring.learning.table import Column, Table, number_column, text_column
from scoring.sample import Sample

PAGE = 5_000
WINDOWS = (7, 30, 90)
COMMON = 0.01  # a kind of event that fewer leads had by then is not learned from
# They name one lead or company, and say nothing of the next.
NAMES = {"email", "email_domain", "first_name", "last_name", "phone", "website", "company.name", "company.domain"}
ASKED = {FieldType.TEXT, FieldType.CHOICE, FieldType.NUMBER, FieldType.BOOLEAN}


@dataclass(frozen=True)
class Asked:
    """What a column asks: a term; or of a kind of event how often in `days`, None is how long ago the last one was."""

    term: Term | None = None
    kind: str = ""
    days: int | None = None


@dataclass(frozen=True)
class PastLeads:
    """`asked` says by the name of a column what a condition has to ask."""

    table: Table
    asked: dict[str, Asked]
    leaks: list[Leak]


def past_leads(found: Sample) -> PastLeads:
    """Two queries for every 5,000 leads. Leads that were not there yet at their moment are left out."""
    vocabulary = Vocabulary.load()
    terms = [term for key, term in vocabulary.terms.items() if term.type in ASKED and term.scorable
             and not term.of_activity and key not in NAMES]  # fmt: skip
    known = leaking({term.key for term in terms}, found, vocabulary)
    terms = [term for term in terms if term.key not in {leak.key for leak in known}]
    values, events = _read(terms, found, vocabulary)
    kept = np.array([lead in values for lead, _ in found.moments], bool)
    leads = [lead for lead, _ in found.moments if lead in values]
    columns = dict([*_fields(terms, leads, values), *_activities(leads, events)])
    order = np.array([moment.timestamp() for lead, moment in found.moments if lead in values])
    table = Table(tuple(column for column, _ in columns.values()), found.won[kept], order)
    return PastLeads(table, {name: asked for name, (_, asked) in columns.items()}, known)


Named = Iterator[tuple[str, tuple[Column, Asked]]]


def _read(
    terms: list[Term], found: Sample, vocabulary: Vocabulary
) -> tuple[dict[int, tuple], dict[int, list[tuple[int, ...]]]]:
    """Of each lead the values of the terms; of each kind of event (lead, last days ago, how often in each window)."""
    scope = EngineScope(vocabulary, today=TODAY)
    asked = Lead.objects.order_by().annotate(**{f"t{i}": term.sql(scope) for i, term in enumerate(terms)})
    fields, given = asked.values_list("pk", *[f"t{i}" for i in range(len(terms))]).query.sql_with_params()
    often = ", ".join(f"count(*) FILTER (WHERE today - day < {days})" for days in WINDOWS)
    counted = f"SELECT kind_id, lead_id, min(today - day), {often} FROM leads_event WHERE NOT quarantined GROUP BY 1, 2"
    values: dict[int, tuple] = {}
    events: dict[int, list[tuple[int, ...]]] = {}
    with connection.cursor() as cursor:
        for start in range(0, len(found.moments), PAGE):
            past, params = as_of_each_sql(found.moments[start : start + PAGE])
            cursor.execute(f"WITH {past} {fields}", [*params, *given])
            values |= {row[0]: row[1:] for row in cursor.fetchall()}
            cursor.execute(f"WITH {past} {counted}", params)
            for kind, *row in cursor.fetchall():
                events.setdefault(kind, []).append(tuple(row))
    return values, events


def _fields(terms: list[Term], leads: list[int], values: dict[int, tuple]) -> Named:
    for place, term in enumerate(terms):
        cells: list[Any] = [values[lead][place] for lead in leads]
        if term.type == FieldType.NUMBER:
            column = number_column(term.label, [None if cell is None else float(cell) for cell in cells])
        else:
            column = text_column(term.label, [_word(cell) for cell in cells])
        yield term.label, (column, Asked(term=term))


def _word(cell: Any) -> str:
    return {True: "Yes", False: "No", None: ""}.get(cell) if isinstance(cell, bool | None) else str(cell)  # type: ignore[return-value]


def _activities(leads: list[int], events: dict[int, list[tuple[int, ...]]]) -> Named:
    row_of = {lead: row for row, lead in enumerate(leads)}
    for kind in EventKind.objects.filter(pk__in=events):
        rows = [row for row in events[kind.pk] if row[0] in row_of]
        if len(rows) < COMMON * len(leads):
            continue
        at = np.array([row_of[row[0]] for row in rows])
        for place, days in enumerate(WINDOWS, 2):
            name = f"{kind.label}, times in {days} days"
            yield name, (_spread(name, at, rows, place, len(leads), 0.0), Asked(kind=kind.slug, days=days))
        name = f"{kind.label}, days since"
        yield name, (_spread(name, at, rows, 1, len(leads), np.nan), Asked(kind=kind.slug))


def _spread(
    name: str, at: NDArray[np.intp], rows: list[tuple[int, ...]], place: int, size: int, nothing: float
) -> Column:
    values = np.full(size, nothing)
    values[at] = [row[place] for row in rows]
    return number_column(name, values.tolist())
