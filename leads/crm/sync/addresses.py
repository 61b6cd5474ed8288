"""A lead with several records in the CRM, as a merged one has: to which of them its e-mail address goes."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from django.db.models import Count, Exists, OuterRef

from leads.crm.mapping import PEOPLE, Maps
from leads.models import Connection, Lead, Link, MovedRow


def keep_their_own(maps: Maps, leads: Sequence[Lead]) -> set[int]:
    """Links whose record keeps the address it has there, whatever the lead's is.

    Many a CRM takes an address once, so it goes to one record: whose own it is, else the survivor's; and to those that
    had the same as that one. Once both are merged there, one record is left. One query, or two where there are any.
    """
    emails, found = {lead.pk: lead.email.lower() for lead in leads}, set[int]()
    for records in _several(maps.connection, emails):
        said = {link.pk: _address(maps, link) for link in records}
        own = [link for link in records if said[link.pk] == emails[link.lead_id or 0]]
        [first, *_] = own or records
        found |= {pk for pk, address in said.items() if address != said[first.pk]}
    return found


def _several(connection: Connection, leads: Iterable[int]) -> list[list[Link]]:
    """The records of each lead that has more than one of a kind: first those that did not come by a merge."""
    links = Link.objects.filter(connection=connection, kind__in=PEOPLE, gone_at=None, lead__in=list(leads))
    several = links.values("lead", "kind").annotate(count=Count("pk")).filter(count__gt=1)
    if not (those := {(row["lead"], row["kind"]) for row in several}):
        return []
    came = Exists(MovedRow.objects.filter(table=Link._meta.db_table, row=OuterRef("pk")))
    found = links.filter(lead__in={lead for lead, _ in those}).order_by("lead", "kind", came, "pk")
    groups = groupby(found, key=lambda link: (link.lead_id, link.kind))
    return [list(records) for key, records in groups if key in those]


def _address(maps: Maps, link: Link) -> str:
    """Under which address the record is known there."""
    return next((link.holds(each.theirs).lower() for each in maps.of(link.kind) if each.ours == "email"), "")
