"""Pages of a long list by position, never by number: page 4,000 costs what page 1 costs.

A list is ordered by one field and the primary key, both in the same direction; empty values come last. A cursor names
the row where a page ends, so rows that arrive or leave meanwhile shift nothing. Where the field may be empty the list
is read in two parts, each one range of the index: rows with a value, then rows without.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Field, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.db.models.fields.related import ForeignObject
from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan


class BadCursor(ValueError):
    """The cursor was not made by this list."""


@dataclass(frozen=True)
class Page:
    """`next` and `previous` are cursors; empty where the list ends."""

    rows: list[Any]
    next: str = ""
    previous: str = ""


@dataclass(frozen=True)
class _Place:
    """The row a page begins after. `back`: read towards the start of the list."""

    value: Any
    pk: int
    back: bool


def page_of(queryset: QuerySet, *, order: str, size: int, cursor: str = "") -> Page:
    """One page of the list ordered by `order` ("name" or "-total"), then by primary key. Raises BadCursor.

    One query, and a second one only where a page crosses from rows with a value to rows without.
    """
    keys = _Keys(queryset, order)
    place = keys.read(cursor) if cursor else None
    back = bool(place and place.back)
    rows: list[Any] = []
    for part in keys.parts(place):
        rows += part[: size + 1 - len(rows)]
        if len(rows) > size:
            break
    more, rows = len(rows) > size, rows[:size]
    if back:
        rows.reverse()
    if not rows:
        return Page([], previous=_encode([1, place.value, place.pk]) if place and not back else "")
    has_next, has_previous = (True, more) if back else (more, place is not None)
    return Page(
        rows,
        next=keys.write(rows[-1], back=False) if has_next else "",
        previous=keys.write(rows[0], back=True) if has_previous else "",
    )


class _Keys:
    """The two keys of a list: the field it is ordered by, and the primary key."""

    def __init__(self, queryset: QuerySet, order: str):
        self.queryset = queryset
        self.descending = order.startswith("-")
        self.name = order.removeprefix("-")
        self.field = _field(queryset, self.name)
        self.pk = queryset.model._meta.pk.attname
        self.by_pk = self.field.primary_key

    def parts(self, place: _Place | None) -> list[QuerySet]:
        """The querysets that, one after the other, hold what follows the place."""
        back = bool(place and place.back)
        ordered = self.queryset.order_by(*self._order(back))
        if place is None:
            return [ordered]
        if self.by_pk:
            return [ordered.filter(self._beyond([self.pk], [place.pk], back))]
        filled = ordered.filter(**{f"{self.name}__isnull": False})
        empty = ordered.filter(**{f"{self.name}__isnull": True})
        if place.value is None:
            rest = empty.filter(self._beyond([self.pk], [place.pk], back))
            return [rest, filled] if back else [rest]
        rest = filled.filter(self._beyond([self.name, self.pk], [place.value, place.pk], back))
        return [rest, empty] if self.field.null and not back else [rest]

    def _order(self, back: bool) -> list[Any]:
        names = [self.pk] if self.by_pk else [self.name, self.pk]
        nulls = {} if self.by_pk or not self.field.null else {"nulls_first" if back else "nulls_last": True}
        descending = self.descending != back
        return [(F(name).desc if descending else F(name).asc)(**(nulls if name == self.name else {})) for name in names]

    def _beyond(self, names: list[str], values: list[Any], back: bool) -> Any:
        """A row comparison, which PostgreSQL answers from an index over the same columns."""
        lookup = TupleLessThan if self.descending != back else TupleGreaterThan
        return lookup(tuple(F(name) for name in names), tuple(values))

    def write(self, row: Any, *, back: bool) -> str:
        value: Any = row
        for name in self.name.split(LOOKUP_SEP):
            value = getattr(value, name) if value is not None else None
        return _encode([int(back), None if self.by_pk else value, row.pk])

    def read(self, cursor: str) -> _Place:
        try:
            back, value, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            value = None if value is None else self.field.to_python(value)
            if isinstance(value, str) and "\0" in value:
                raise BadCursor
            if value is None and not self.by_pk and not self.field.null:
                raise BadCursor
            pk = int(pk)
            if abs(pk) >= 2**63:
                raise BadCursor
            return _Place(value, pk, bool(back))
        except (binascii.Error, ValueError, TypeError, OverflowError, ValidationError, RecursionError):
            raise BadCursor("This cursor does not belong to this list. Start again without it.") from None


def _encode(parts: list[Any]) -> str:
    text = json.dumps(parts, default=str, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _field(queryset: QuerySet, name: str) -> Field:
    *path, last = name.split(LOOKUP_SEP)
    model = queryset.model
    for step in path:
        model = model._meta.get_field(step).related_model
    field = model._meta.get_field(last)
    return field.target_field if isinstance(field, ForeignObject) else field


def capped_count(queryset: QuerySet, cap: int = 10_000) -> int:
    """How many rows, counting no further than one beyond the cap."""
    return queryset.order_by()[: cap + 1].count()
