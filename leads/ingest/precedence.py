"""Which source wins, field by field: one function for every way in.

A custom field may have an order of sources. Then each source's latest word about a lead is kept (`Claim`), and the
value in force is what the strongest says; among equals the latest. So it does not matter who comes first, and nobody's
word is lost. Fields without an order take the latest word, as the policy of the file or channel allows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify

from leads.enums import SourceKind
from leads.history import attributed
from leads.ingest.merge import is_empty
from leads.ingest.sql import update_rows
from leads.models import Claim, Company, Field, Lead, Source
from leads.signals import leads_due

KIND, SOURCE = "kind:", "source:"
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
PAGE = 1000

# {origin: (value or None, when it was said)}
Said = Mapping[str, tuple[Any, datetime]]
Row = Lead | Company


def winner(said: Said, precedence: Sequence[str]) -> Any:
    """The value in force: of the origin that comes first in the order, among equals of the latest. None: empty."""
    best = max(said, key=lambda origin: (-rank(origin, precedence), said[origin][1], origin))
    return said[best][0]


def rank(origin: str, precedence: Sequence[str]) -> int:
    """The place of "crm:hubspot" in an order such as ["source:hubspot", "kind:manual"]; who is not in it comes last."""
    kind, _, slug = origin.partition(":")
    places = (precedence.index(entry) for entry in (KIND + kind, SOURCE + slug) if entry in precedence)
    return min(places, default=len(precedence))


def origin_of(source: Source) -> str:
    return f"{source.kind}:{source.slug}"


def origin_named(name: str) -> str:
    """Who changes a row without a source: a program by the API, else a person."""
    kind = SourceKind.API if name == "API" else SourceKind.MANUAL
    return f"{kind}:{slugify(name)[:50]}"


@dataclass
class _Heard:
    """What was said of one field of one row. `fresh`: what this origin says now."""

    row: Row
    field: Field
    said: dict[str, tuple[Any, datetime]]
    fresh: bool = False


class Claims:
    """What sources said of the ordered fields of some rows, which the caller holds. One query where there is no order.

    put() while rows are in memory, save() once they have ids.
    """

    def __init__(self, of: str, origin: str, pks: Iterable[int | None] = ()):
        self.of, self.origin, self.now = of, origin, timezone.now()
        self.fields = {field.key: field for field in Field.objects.filter(of=of).exclude(precedence=[])}
        self._known: dict[tuple[int, str], dict[str, tuple[Any, datetime]]] = {}
        self._heard: dict[tuple[int, str], _Heard] = {}
        ids = {pk for pk in pks if pk}
        if self.fields and ids:
            rows = Claim.objects.filter(field__in=self.fields.values(), **{f"{of}__in": ids}).select_related("field")
            for claim in rows:
                key = getattr(claim, f"{of}_id"), claim.field.key
                self._known.setdefault(key, {})[claim.origin] = (claim.value, claim.at)

    def decide(self, key: str) -> bool:
        """Whether this field has an order."""
        return key in self.fields

    def put(self, row: Row, key: str, value: Any) -> bool:
        """Hear what this origin says, and set what is in force then. Whether that changed the row."""
        heard = self._heard.setdefault((id(row), key), _Heard(row, self.fields[key], self._before(row, key)))
        heard.said[self.origin] = (value, self.now)
        heard.fresh = True
        before, after = row.fields.get(key), winner(heard.said, heard.field.precedence)
        if is_empty(after):
            row.fields.pop(key, None)
        else:
            row.fields[key] = after
        return row.fields.get(key) != before

    def save(self) -> None:
        """Keep the words. The rows are saved by now."""
        claims = [
            Claim(field=heard.field, origin=self.origin, value=heard.said[self.origin][0], at=self.now,
                  **{f"{self.of}_id": heard.row.pk})
            for heard in self._heard.values() if heard.fresh
        ]  # fmt: skip
        claims += [
            Claim(field=heard.field, origin="", value=said[0], at=said[1], **{f"{self.of}_id": heard.row.pk})
            for heard in self._heard.values() if (said := heard.said.get("")) and not self._was_kept(heard)
        ]  # fmt: skip
        keys = ["field", self.of, "origin"]
        Claim.objects.bulk_create(claims, update_conflicts=True, unique_fields=keys, update_fields=["value", "at"])

    def _before(self, row: Row, key: str) -> dict[str, tuple[Any, datetime]]:
        known = self._known.get((row.pk, key))
        if known is not None:
            return dict(known)
        value = row.fields.get(key)
        return {} if is_empty(value) else {"": (value, LONG_AGO)}  # from before the field had an order

    def _was_kept(self, heard: _Heard) -> bool:
        return "" in self._known.get((heard.row.pk, heard.field.key), {})


def withdraw(source: Source, since: datetime, until: datetime) -> None:
    """Forget what a source said between the two moments, as when its file is taken back."""
    team = Q(lead__team=source.team_id) | Q(company__team=source.team_id)
    Claim.objects.filter(team, origin=origin_of(source), at__range=(since, until)).delete()


def reorder(field: Field, *, by: Any, origin: str) -> int:
    """After its order changed: every row shows what wins now. Returns how many rows changed."""
    model: type[Row] = Lead if field.of == Field.LEAD else Company
    changed, after = 0, 0
    while True:
        ids = Claim.objects.filter(field=field, **{f"{field.of}__gt": after}).order_by(field.of)
        page = list(ids.values_list(field.of, flat=True).distinct()[:PAGE])
        if not page:
            return changed
        changed += _reorder_page(field, model, page, by, origin)
        after = page[-1]


@transaction.atomic
def _reorder_page(field: Field, model: type[Row], page: list[int], by: Any, origin: str) -> int:
    with attributed(by=by, origin=origin):
        rows: dict[int, Row] = {
            row.pk: row
            for row in model._default_manager.filter(pk__in=page).order_by("pk").select_for_update(no_key=True)
        }
        said: dict[int, dict[str, tuple[Any, datetime]]] = {}
        for claim in Claim.objects.filter(field=field, **{f"{field.of}__in": page}):
            said.setdefault(getattr(claim, f"{field.of}_id"), {})[claim.origin] = (claim.value, claim.at)
        changed = [row for pk, row in rows.items() if _set(row, field, winner(said[pk], field.precedence))]
        update_rows(model, changed, ["fields"])
        if changed:
            leads_due.send(sender=reorder)
    return len(changed)


def _set(row: Row, field: Field, value: Any) -> bool:
    """Where nobody's word was kept, None leaves the field empty."""
    if row.fields.get(field.key) == value:
        return False
    row.fields = {key: kept for key, kept in {**row.fields, field.key: value}.items() if kept is not None}
    return True
