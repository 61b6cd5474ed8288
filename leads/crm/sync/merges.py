"""Records that became one in the CRM, and records that are no longer there."""

from collections.abc import Iterable, Sequence
from contextlib import suppress

from django.utils import timezone

from leads.crm.sync.run import Run
from leads.crm.words import Row
from leads.enums import CrmKind, SyncWhat
from leads.history import attributed
from leads.identity.merging import CannotMerge, merge
from leads.models import Deal, Link, SyncEntry


def follow(run: Run, kind: str, rows: Sequence[Row]) -> dict[str, Link]:
    """{id: link} of these rows. A record merged into one of them is that one from here on, and its lead part of that.

    The merge of the two leads can be undone like any other.
    """
    ids = {row.id for row in rows} | {id for row in rows for id in row.merged}
    found = Link.objects.filter(connection=run.connection, kind=kind, external_id__in=ids).select_related(
        "lead", "deal"
    )
    links = {link.external_id: link for link in found}
    for row in rows:
        for id in row.merged:
            if id in links and not links[id].became:
                _one(run, kind, links, row.id, links[id])
    return links


def _one(run: Run, kind: str, links: dict[str, Link], kept_id: str, gone: Link) -> None:
    lead, kept = gone.lead, links.get(kept_id)
    if kind == CrmKind.DEALS:
        lead = gone.deal.lead if gone.deal else None
        _drop([gone.deal_id] if gone.deal_id else [], run)  # or it would count twice: what it became has all of it
    elif kept is None:  # both got a new id: the link goes on under it, also that of a lead erased here
        links[kept_id] = Link.objects.create(connection=run.connection, kind=kind, external_id=kept_id, theirs={},
                                             lead=lead, company=gone.company, ours=gone.ours)  # fmt: skip
    elif lead and kept.lead and lead != kept.lead:
        with suppress(CannotMerge):
            merge(kept.lead, lead, by=None)
    gone.became, gone.gone_at = kept_id, timezone.now()
    Link.objects.filter(pk=gone.pk).update(became=kept_id, gone_at=gone.gone_at)
    run.entry(SyncWhat.MERGED, kind, gone.external_id, lead=kept.lead if kept and kept.lead else lead,
              words=f"Became {kept_id}.").save()  # fmt: skip
    run.count(kind, merged=1)


def _drop(deals: list[int], run: Run) -> None:
    with attributed(origin=run.connection.name):
        Deal.objects.filter(pk__in=deals).delete()


def without_gone(run: Run, kind: str, rows: Sequence[Row], links: dict[str, Link]) -> list[Row]:
    """The rows to take: not those deleted there, and not those whose lead was deleted here, which never comes back."""
    gone = [links[row.id] for row in rows if row.archived and row.id in links]
    forget(run, kind, [link for link in gone if not link.gone_at])
    return [row for row in rows if not row.archived and not _was_erased(links.get(row.id), kind)]


def _was_erased(link: Link | None, kind: str) -> bool:
    if link is None:
        return False
    if kind == CrmKind.DEALS:  # deleted there they go here too, and may come back
        return link.pk is not None and link.deal_id is None and not link.gone_at
    return (link.company_id if kind == CrmKind.COMPANIES else link.lead_id) is None


def forget(run: Run, kind: str, links: Iterable[Link]) -> None:
    """These records were deleted there. Leads and companies stay, with what we know of them; deals go, for they were
    never ours.
    """
    links, now = list(links), timezone.now()
    Link.objects.filter(pk__in=[link.pk for link in links]).update(gone_at=now)
    SyncEntry.objects.bulk_create(
        run.entry(SyncWhat.GONE, kind, link.external_id, lead_id=_lead_of(link), at=now,
                  said=link.theirs if kind == CrmKind.DEALS else {})
        for link in links
    )  # fmt: skip
    deals = [link.deal_id for link in links if link.deal_id]
    if deals:
        _drop(deals, run)
    run.count(kind, gone=len(links))


def _lead_of(link: Link) -> int | None:
    return link.deal.lead_id if link.deal else link.lead_id
