"""Which leads are to be looked at for the CRM: rows of PushDue, which the database writes with each change.

A run reads the rows, then the leads, and takes a row away once the CRM has what the lead held, unless it speaks of a
later change by then. So a change is never missed, and a run without changes looks at nothing.
"""

from collections.abc import Iterable

from django.db import connection as database
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from leads.models import Connection, Link, PushDue, SyncProblem


def due(connection: Connection, kind: str) -> QuerySet[Link]:
    """Links to be looked at, by id, with the revision of their row as `rev`; not those that wait for another try."""
    waits = SyncProblem.objects.filter(
        connection=connection, way=SyncProblem.OUT, lead=OuterRef("lead"), kind=kind, retry_at__gt=timezone.now()
    )
    links = Link.objects.filter(due__connection=connection, due__kind=kind, lead__team=connection.team_id)
    links = links.filter(~Exists(waits), lead__merged_into=None).annotate(rev=F("due__rev"))
    return links.select_related("lead__standing", "lead__company", "lead__owner").order_by("due__link")


def mark(links: QuerySet[Link]) -> None:
    """Look at these again, whatever was seen before."""
    with database.cursor() as cursor:
        cursor.execute("SELECT leadscore_links_due(%s::bigint[])", [list(links.values_list("pk", flat=True))])


def looked_at(links: Iterable[Link]) -> None:
    """Nothing more is owed for what these held when `due` read them. In a transaction."""
    seen = {link.pk: link.rev for link in links}  # type: ignore[attr-defined]
    rows = PushDue.objects.filter(link__in=seen).order_by("link").select_for_update(of=("self",))
    same = [row.pk for row in rows if row.rev == seen[row.pk]]
    PushDue.objects.filter(pk__in=same).delete()
