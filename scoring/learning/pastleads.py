"""Our own past leads → a table to learn from, each as it stood at its decision moment.

The fields that a criterion may ask, and for every kind of event how often in 7, 30 and 90 days and how long ago the
last one was. Facts come through leads/pasts.py and values through the terms that conditions ask: what is learned is
what will be scored.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from leads.conditions.compile import ListScope, compile
from leads.conditions.grammar import parse
from leads.conditions.terms import Term
from leads.conditions.vocabulary import Vocabulary
from leads.enums import FieldType
from leads.models import EventKind, Lead
from leads.pasts import as_of_each_sql
from scoring.engine.expressions import EngineScope
from scoring.engine.past import TODAY
from scoring.leaks import Leak, leaking
from scoring.learning.table import NUMBER, TEXT, Column, Spelling, Table
from scoring.sample import Sample

PAGE = 5_000
WINDOWS = (7, 30, 90)
COMMON = 0.01  # a kind of event that fewer leads had by then is not learned from
# They name one lead or company, and say nothing of the next.
NAMES = {"email", "email_domain", "first_name", "last_name", "phone", "website", "company.name", "company.domain"}
ASKED = {FieldType.TEXT, FieldType.CHOICE, FieldType.NUMBER, FieldType.BOOLEAN}
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Asked:
    """What a column asks: a term; or of a kind of event how often in `days`, None is how long ago the last one was."""

    term: Term | None = None
    kind: str = ""
    days: int | None = None


@dataclass(frozen=True)
class PastLeads:
    """`asked` says by the name of a column what a condition has to ask. `kept`: which leads of the sample are rows."""

    table: Table
    asked: dict[str, Asked]
    leaks: list[Leak]
    kept: NDArray[np.bool_]

    @property
    def dated(self) -> list[str]:
        """Columns of events: none of them is later than the decision moment, so none can know the outcome."""
        return [name for name, asked in self.asked.items() if asked.term is None]


def past_leads(
    found: Sample, *, audience: Any = None, keep: Collection[str] = (), progress: Progress = lambda done, total: None
) -> PastLeads:
    """Two queries for every 5,000 leads. Leads that were not there yet at their moment are left out, and so are those
    that were outside the audience then. `keep`: labels of fields to ask although they follow the outcome.
    """
    vocabulary = Vocabulary.load()
    terms = [term for key, term in vocabulary.terms.items() if term.type in ASKED and term.scorable
             and not term.of_activity and key not in NAMES]  # fmt: skip
    known = leaking({term.key for term in terms}, found, vocabulary)
    guilty = {leak.key for leak in known if leak.label not in keep}
    terms = [term for term in terms if term.key not in guilty]
    columns = _Columns(terms, len(found.moments))
    for start, values, events in _pages(terms, found, vocabulary, audience):
        columns.take(start, [lead for lead, _ in found.moments[start : start + PAGE]], values, events)
        progress(min(start + PAGE, len(found.moments)), len(found.moments))
    order = np.array([moment.timestamp() for _, moment in found.moments])
    named = dict(columns.named())
    table = Table(tuple(column for column, _ in named.values()), found.won[columns.kept], order[columns.kept])
    return PastLeads(table, {name: asked for name, (_, asked) in named.items()}, known, columns.kept)


Rows = list[tuple[Any, ...]]


def _pages(terms: list[Term], found: Sample, vocabulary: Vocabulary, audience: Any) -> Iterator[tuple[int, Rows, Rows]]:
    """(place of the first lead, (lead, values of the terms), (kind, lead, last days ago, how often in each window))."""
    scope = EngineScope(vocabulary, today=TODAY)
    leads = Lead.objects.order_by("pk")  # the same words come in the same order, so that a card can be learned again
    if audience is not None:
        leads = leads.filter(compile(parse(audience), ListScope(vocabulary, TODAY)))
    asked = leads.annotate(**{f"t{i}": term.sql(scope) for i, term in enumerate(terms)})
    fields, given = asked.values_list("pk", *[f"t{i}" for i in range(len(terms))]).query.sql_with_params()
    often = ", ".join(f"count(*) FILTER (WHERE today - day < {days})" for days in WINDOWS)
    counted = f"SELECT kind_id, lead_id, min(today - day), {often} FROM leads_event WHERE NOT quarantined GROUP BY 1, 2"
    for start in range(0, len(found.moments), PAGE):
        past, params = as_of_each_sql(found.moments[start : start + PAGE])
        with connection.cursor() as cursor:
            cursor.execute(f"WITH {past} {fields}", [*params, *given])
            values = cursor.fetchall()
            cursor.execute(f"WITH {past} {counted}", params)
            yield start, values, cursor.fetchall()


class _Columns:
    """Filled page by page, so that of 100,000 leads only numbers are kept."""

    def __init__(self, terms: list[Term], size: int) -> None:
        self.terms, self.size = terms, size
        self.kept = np.zeros(size, bool)
        self.spelling = {place: Spelling() for place, term in enumerate(terms) if term.type != FieldType.NUMBER}
        self.values: list[NDArray[Any]] = [
            np.full(size, -1, np.int32) if place in self.spelling else np.full(size, np.nan)
            for place in range(len(terms))
        ]  # fmt: skip
        self.events: dict[int, NDArray[np.float64]] = {}  # of a kind: days since the last one, then each window

    def take(self, start: int, leads: list[int], values: Rows, events: Rows) -> None:
        row_of = {lead: start + row for row, lead in enumerate(leads)}
        rows = [row_of[row[0]] for row in values]
        self.kept[rows] = True
        for place, column in enumerate(self.values):
            if spelling := self.spelling.get(place):
                column[rows] = [spelling.place(_word(row[place + 1])) for row in values]
            else:
                column[rows] = [np.nan if row[place + 1] is None else float(row[place + 1]) for row in values]
        for kind, lead, *counted in events:
            if kind not in self.events:
                self.events[kind] = np.zeros((1 + len(WINDOWS), self.size))
                self.events[kind][0] = np.nan
            self.events[kind][:, row_of[lead]] = counted

    def named(self) -> Iterator[tuple[str, tuple[Column, Asked]]]:
        for place, term in enumerate(self.terms):
            spelling, values = self.spelling.get(place), self.values[place][self.kept]
            kind, words = (TEXT, spelling.words) if spelling else (NUMBER, ())
            yield term.label, (Column(term.label, kind, values, words), Asked(term=term))
        for event in EventKind.objects.filter(pk__in=self.events):
            last, *often = self.events[event.pk][:, self.kept]
            if np.count_nonzero(~np.isnan(last)) < COMMON * len(last):
                continue
            for place, (days, values) in enumerate(zip(WINDOWS, often, strict=True)):
                if place and np.array_equal(values, often[place - 1]):
                    continue  # nobody was there that long: it would ask the same again
                name = f"{event.label}, times in {days} days"
                yield name, (Column(name, NUMBER, values), Asked(kind=event.slug, days=days))
            name = f"{event.label}, days since"
            yield name, (Column(name, NUMBER, last), Asked(kind=event.slug))


def _word(cell: Any) -> str:
    return {True: "Yes", False: "No", None: ""}.get(cell) if isinstance(cell, bool | None) else str(cell)  # type: ignore[return-value]
