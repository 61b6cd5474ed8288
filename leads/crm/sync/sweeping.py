"""Every night all ids are compared: what was deleted there without a word, and what no cursor ever met."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from leads.crm import mapping
from leads.crm.mapping import PEOPLE
from leads.crm.sync import merges
from leads.crm.sync.pulling import TOGETHER, take
from leads.crm.sync.run import Run
from leads.crm.words import IdPage
from leads.enums import CrmKind
from leads.models import Connection, Cursor, Link
from leads.retry import retried

EVERY = timedelta(hours=24)
SWEPT = (CrmKind.COMPANIES, *PEOPLE, CrmKind.DEALS)


def is_due(connection: Connection) -> bool:
    """Whether a night has passed since the last one; never before the first load is done."""
    last = connection.swept_at or connection.synced_at
    return bool(last and last < timezone.now() - EVERY)


def sweep(run: Run) -> bool:
    """Compare all ids. False: the time was up; it goes on from there."""
    for kind in run.connector.kinds:
        if kind in SWEPT and not _sweep_kind(run, kind):
            return False
    mapping.read_stages(run.connection, run.connector)  # pipelines change too
    Connection.objects.filter(pk=run.connection.pk).update(swept_at=timezone.now())
    return True


def _sweep_kind(run: Run, kind: str) -> bool:
    cursor, _ = Cursor.objects.get_or_create(connection=run.connection, kind=kind)
    last = run.connection.swept_at
    if cursor.swept_at and (last is None or cursor.swept_at > last):  # done in this sweep, before the time was up
        return True
    number = cursor.sweep + 1
    while True:
        page = run.connector.ids(kind, cursor.sweep_after)
        unknown = _found(run, kind, number, page)
        for start in range(0, len(unknown), TOGETHER):
            take(run, kind, run.connector.read(kind, unknown[start : start + TOGETHER], run.maps.asked(kind)))
        cursor.sweep_after = page.next
        Cursor.objects.filter(pk=cursor.pk).update(sweep_after=page.next)
        if not page.next:
            break
        if run.is_over:
            return False
    _missing(run, kind, number)
    Cursor.objects.filter(pk=cursor.pk).update(sweep=number, swept_at=timezone.now())
    return True


@retried
@transaction.atomic
def _found(run: Run, kind: str, number: int, page: IdPage) -> list[str]:
    """Mark what is there; the ids we do not know, or took for deleted."""
    run.hold()
    links = Link.objects.filter(connection=run.connection, kind=kind, external_id__in=page.ids)
    links.update(sweep=number)
    known = set(links.filter(gone_at=None).values_list("external_id", flat=True))
    run.count("sweep", read=len(page.ids))
    return [id for id in page.ids if id not in known]


def _missing(run: Run, kind: str, number: int) -> None:
    """What was not among the ids is asked for once more by itself: only what then is not there is gone."""
    after = 0
    while True:
        links = Link.objects.filter(connection=run.connection, kind=kind, gone_at=None, sweep__lt=number, pk__gt=after)
        page = list(links.select_related("deal").order_by("pk")[:TOGETHER])
        if not page:
            return
        after = page[-1].pk
        rows = run.connector.read(kind, [link.external_id for link in page], run.maps.asked(kind))
        there = {row.id for row in rows}
        _forget(run, kind, [link for link in page if link.external_id not in there])


@retried
@transaction.atomic
def _forget(run: Run, kind: str, links: list[Link]) -> None:
    run.hold()
    merges.forget(run, kind, links)
