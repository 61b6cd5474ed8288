"""What else could be asked of leads: single values, ranges from a cut on, and how often something was done."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leads.enums import FieldType
from scoring.learning.bins import bins_of
from scoring.learning.pastleads import WINDOWS, Asked
from scoring.learning.table import NUMBER, Column, Table
from scoring.suggestions.cases import Cases

WORDS, CUTS = 12, 5  # of a column, at most so many values and cuts
LEAST = 30  # leads that must meet it, and must not


@dataclass(frozen=True)
class Candidate:
    """A condition over one column: at least `low`, or this word. `of_field`: it asks who somebody is; `subject` is the
    field or the kind of event.
    """

    column: str
    subject: str
    condition: Any
    low: float | None = None
    word: str | None = None
    of_field: bool = True

    def meets(self, table: Table) -> NDArray[np.bool_]:
        """Nobody, where the table has no such column: nobody did such a thing."""
        column = next((one for one in table.columns if one.name == self.column), None)
        if column is None:
            return np.zeros(len(table), bool)
        if self.low is not None:
            return np.nan_to_num(column.values.astype(float), nan=-np.inf) >= self.low
        places = [place for place, word in enumerate(column.words) if word.lower() == (self.word or "").lower()]
        return np.isin(column.values, places)


def candidates(cases: Cases) -> list[Candidate]:
    """Those that enough leads meet, and enough do not."""
    found = [one for column in cases.table.columns for one in _of(column, cases.asked[column.name])]
    enough = []
    for one in found:
        met = int(one.meets(cases.table).sum())
        if LEAST <= met <= len(cases) - LEAST:
            enough.append(one)
    return enough


def _of(column: Column, asked: Asked) -> Iterator[Candidate]:
    if asked.term is None:
        if asked.days is not None:
            yield from (activity(column.name, asked.kind, times, asked.days) for times in _times(column))
    elif column.kind == NUMBER:
        yield from (number(column.name, asked.term.key, cut) for cut in cuts_of(column))
    else:
        for word in bins_of(column).words[:WORDS]:
            yes = asked.term.type == FieldType.BOOLEAN
            value: Any = word.lower() == "yes" if yes else word
            condition = {"field": asked.term.key, "op": "is", "value": value}
            yield Candidate(column.name, asked.term.key, condition, word=word)


def number(column: str, key: str, cut: float) -> Candidate:
    whole = int(cut) if cut == int(cut) else cut
    return Candidate(column, key, {"field": key, "op": "at_least", "value": whole}, low=cut)


def activity(column: str, kind: str, times: int, days: int) -> Candidate:
    condition = {"event": kind, "at_least": times, "days": days}
    return Candidate(column, f"event {kind}", condition, low=times, of_field=False)


def cuts_of(column: Column) -> list[float]:
    """A few of the cuts that learning would try, evenly spread."""
    cuts = bins_of(column).cuts
    if not cuts:
        return []
    return [cuts[place] for place in np.unique(np.linspace(0, len(cuts) - 1, min(CUTS, len(cuts))).astype(int))]


def _times(column: Column) -> list[int]:
    return sorted({1, *(int(cut) for cut in cuts_of(column) if cut >= 1)})


def other_cuts(condition: Any, cases: Cases) -> list[Candidate]:
    """The same test with another cut: another number of a field, another number of times. Empty where it has none."""
    match condition:
        case {"field": key, "op": "at_least", "value": now, **rest} if not rest:
            for name, asked in cases.asked.items():
                if asked.term and asked.term.key == key:
                    return [number(name, key, cut) for cut in cuts_of(_column(cases, name)) if cut != now]
        case {"event": kind, **rest} if rest.keys() <= {"at_least", "days"} and rest.get("days") in WINDOWS:
            days = int(str(rest["days"]))
            for name, asked in cases.asked.items():
                if (asked.kind, asked.days) == (kind, days):
                    times = _times(_column(cases, name))
                    return [activity(name, str(kind), k, days) for k in times if k != rest.get("at_least", 1)]
    return []


def _column(cases: Cases, name: str) -> Column:
    return next(column for column in cases.table.columns if column.name == name)
