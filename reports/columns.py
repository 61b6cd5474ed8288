"""Handoffs of a range as columns of numbers, read at once and added up in the program.

A report on handoffs groups them by six things, takes medians of two, and compares with the range before. In the
database each of these is one more pass over all of them; here all are read once, as the bytes in which each of their
facts is kept (reports/models/handoff.py), and numpy sees them as an array of records with the names of PACKED.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from leads.enums import HandoffState
from leads.statistics import Rate
from reports.joined import Joined, fetched
from reports.models import Word
from reports.models.handoff import LABELS, NO_TOTAL, PACKED, STATES
from reports.scope import Scope

Rows = NDArray[np.void]
Mask = NDArray[np.bool_]
RECORD = np.dtype([(name, kind) for name, kind, _ in PACKED])
_DAYS_FROM = np.datetime64("2000-01-01")


def handoffs(scope: Scope, *, before: bool = False) -> Rows:
    """Those opened in the range; with those of the range `before` it, too. One query."""
    rows = scope.handoff_facts(before=before).order_by().values("version").annotate(all=Joined("packed"))
    return records(b"".join(packed for (packed,) in fetched(rows.values_list("all"))))


def records(packed: bytes | None) -> Rows:
    return np.frombuffer(packed or b"", dtype=RECORD)


def since(rows: Rows, scope: Scope) -> tuple[Rows, Rows]:
    """Those of the range, and those of the one before it."""
    now = in_range(rows, scope)
    return picked(rows, now), picked(rows, ~now)


def picked(rows: Rows, which: NDArray[Any]) -> Rows:
    """Those of a mask, or at some places: taken as bare bytes, since numpy copies records column by column, which takes
    ten times as long.
    """
    return rows.view(f"V{rows.dtype.itemsize}")[which].view(rows.dtype)


def in_range(rows: Rows, scope: Scope) -> Mask:
    """Which of them were opened in the range itself."""
    return rows["day"] >= (np.datetime64(scope.first) - _DAYS_FROM).astype(int)


def months(rows: Rows) -> NDArray[np.datetime64]:
    """The month in which each was opened."""
    return (_DAYS_FROM + rows["day"].astype(int)).astype("datetime64[M]")


def labelled(rows: Rows, label: str) -> Mask:
    return rows["label"] == LABELS.index(label)


def in_state(rows: Rows, state: HandoffState) -> Mask:
    return rows["state"] == STATES.index(state)


def answered(rows: Rows) -> Mask:
    """Recycled handoffs count as answered: they were looked at. Those that expired do not."""
    return ~np.isnan(rows["hours"])


def late(rows: Rows) -> Mask:
    """Still open although the promised time to answer has passed."""
    now = (timezone.now() - datetime(2000, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return in_state(rows, HandoffState.OPEN) & (rows["due_at"] <= now)


def scored(rows: Rows) -> Mask:
    """Those with a total."""
    return rows["total"] != NO_TOTAL


def accepted(rows: Rows) -> Rate:
    """Of those accepted or rejected."""
    yes, no = (int(in_state(rows, state).sum()) for state in (HandoffState.ACCEPTED, HandoffState.REJECTED))
    return Rate(yes, yes + no)


def known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without those that are not known."""
    return values[~np.isnan(values)]


def median(values: NDArray[np.float64]) -> float | None:
    """Half of the known are below; the mean of the middle two of an even number, as the database has it."""
    values = known(values)
    return float(np.median(values)) if len(values) else None


def grouped(rows: Rows, column: str) -> Iterator[tuple[int, Rows]]:
    """The rows with each value of a column, which comes as the number it is kept as."""
    if not len(rows):
        return iter(())
    values, places = coded(rows[column])
    few = np.uint16 if len(values) < 2**16 else np.int64  # small numbers are sorted in one go
    order = np.argsort(places.astype(few), kind="stable")
    ends = np.cumsum(np.bincount(places, minlength=len(values)))[:-1]
    return zip(values.tolist(), np.split(picked(rows, order), ends), strict=True)


def coded(column: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The different numbers of a column in their order, and for each row the place of its own among them."""
    if not len(column):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    low = int(column.min())
    from_low = column.astype(np.int64) - low
    if from_low.max() > 4 * len(column) + 1000:  # far apart: sorting costs less than to mark what is there
        return np.unique(column.astype(np.int64), return_inverse=True)
    there = np.bincount(from_low) > 0
    return np.flatnonzero(there) + low, (np.cumsum(there) - 1)[from_low]


def counted(column: NDArray[Any]) -> dict[int, int]:
    """Each number of a column, and how often it is there."""
    values, places = coded(column)
    return dict(zip(values.tolist(), np.bincount(places, minlength=len(values)).tolist(), strict=True))


def words(numbers: Iterable[int]) -> dict[int, str]:
    """The texts that handoffs share, by the numbers they are kept as. One query."""
    return dict(Word.objects.filter(pk__in=list(numbers)).values_list("pk", "text"))
