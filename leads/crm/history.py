"""What syncs did with a lead: what came from the CRM, what went there, when, and which values changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from leads.crm.base import Connector
from leads.crm.registry import CONNECTORS
from leads.crm.setup.fields import Labels
from leads.crm.words import Access
from leads.enums import SyncWhat
from leads.keyset import Page, page_of
from leads.models import Connection, Lead, SyncConflict, SyncEntry, User

SHOWN = 10


@dataclass(frozen=True)
class Change:
    """`before` None: the log says only what it was at last."""

    field: str
    before: Any
    after: Any


def entries_of(lead: Lead, user: User) -> QuerySet[SyncEntry]:
    """The log of a lead that this person sees."""
    return SyncEntry.objects.visible_to(user).filter(lead=lead).select_related("connection")


def page_of_history(lead: Lead, user: User, cursor: str = "") -> Page:
    """A page of it, newest first, in one query; each entry with `changes`, and `url` of its record in the CRM ("" where
    that is not known, or it is gone). Raises BadCursor.
    """
    page = page_of(entries_of(lead, user), order="-id", size=SHOWN, cursor=cursor)
    told(page.rows)
    return page


def told(entries: Iterable[SyncEntry]) -> None:
    """Put `changes` and `url` beside each entry."""
    crms: dict[int, Connector | None] = {}
    entries = list(entries)
    labels = Labels(entry.connection_id for entry in entries)
    for entry in entries:
        if entry.connection_id not in crms:
            crms[entry.connection_id] = _speechless(entry.connection)
        crm = crms[entry.connection_id]
        there = crm and entry.external_id and entry.what != SyncWhat.GONE
        entry.url = crm.url_of(entry.kind, entry.external_id) if crm and there else ""  # type: ignore[attr-defined]
        entry.changes = [  # type: ignore[attr-defined]
            _change(labels.of(entry.connection_id, entry.kind, name), said) for name, said in entry.said.items()
        ]


def labelled(conflicts: Iterable[SyncConflict]) -> list[SyncConflict]:
    """Conflicts with `label`, what people call the field."""
    found = list(conflicts)
    labels = Labels(each.connection_id for each in found)
    for each in found:
        each.label = labels.of(each.connection_id, each.kind, each.field)  # type: ignore[attr-defined]
    return found


def address_of(connection: Connection, kind: str, id: str) -> str:
    """Where a person sees this record in the CRM; "" where that is not known."""
    crm = _speechless(connection)
    return crm.url_of(kind, id) if crm else ""


def _change(field: str, said: Any) -> Change:
    pair = said if isinstance(said, list) and len(said) == 2 else [None, said]
    return Change(field, *pair)


def _speechless(connection: Connection) -> Connector | None:
    """The connector without its keys: enough to say where a record is. None where this installation lacks it."""
    kind = CONNECTORS.get(connection.crm)
    base_url = (connection.base_url or kind.base_url).rstrip("/") if kind else ""
    return kind(Access(base_url, connection.options)) if kind else None
