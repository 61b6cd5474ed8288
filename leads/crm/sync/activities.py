"""Calls, meetings, e-mails and notes of a CRM become events of the leads they were with."""

from collections.abc import Iterable, Sequence

from leads.crm.mapping import PEOPLE
from leads.crm.sync.run import Run
from leads.crm.values import plain
from leads.crm.words import Row
from leads.ingest import EventRecord, Result, record_events
from leads.models import HeldEvent, Link, SyncProblem

Ref = tuple[str, str]  # kind and id of a person of theirs


def take_activities(run: Run, kind: str, rows: Sequence[Row]) -> None:
    """What was done with people there: one event for each of them, once however often it is read. What was done with
    somebody who could not be taken is held until that is put right.
    """
    told = [each for row in rows for each in _events(run, kind, row)]
    refs = {(each.kind, each.external_id) for each in told}
    known = {(link.kind, link.external_id): int(link.lead_id or 0) for link in people_links(run, refs)}
    failing = run.connection.problems.filter(way=SyncProblem.IN, external_id__in={id for _, id in refs})
    waiting = {*failing.values_list("kind", "external_id")} - known.keys()
    held = [each for each in told if (each.kind, each.external_id) in waiting]
    HeldEvent.objects.bulk_create(held, ignore_conflicts=True)
    records = [_record(each, known[ref]) for each in told if (ref := (each.kind, each.external_id)) in known]
    outcomes = record_events(run.connection.source, records)
    stored = sum(outcome.result == Result.STORED for outcome in outcomes)
    run.count(kind, read=len(rows), created=stored, unchanged=len(records) - stored)


def bring_held(run: Run, kind: str, leads: dict[str, int]) -> None:
    """{id of a person: the lead}: what was held for them is told now. One query where nothing was."""
    held = list(HeldEvent.objects.filter(connection=run.connection, kind=kind, external_id__in=leads))
    if held:
        record_events(run.connection.source, [_record(each, leads[each.external_id]) for each in held])
        HeldEvent.objects.filter(pk__in=[each.pk for each in held]).delete()


def _events(run: Run, kind: str, row: Row) -> Iterable[HeldEvent]:
    values = dict(row.values)
    what, at = plain(values.pop("kind", "")) or "activity", values.pop("occurred_at", None) or run.here(row.modified_at)
    said = {name: value for name, value in values.items() if value not in (None, "")}
    for of, ids in row.links.items():
        for id in ids if of in PEOPLE else ():
            yield HeldEvent(connection=run.connection, kind=of, external_id=id, what=what, occurred_at=at,
                            message_id=f"{kind}:{row.id}:{id}", properties=said)  # fmt: skip


def _record(event: HeldEvent, lead: int) -> EventRecord:
    return EventRecord(event.what, event.occurred_at, event.message_id, event.properties, lead=lead)


def people_links(run: Run, refs: set[Ref]) -> Iterable[Link]:
    """Of leads of the team: those that went to another have what is told of them there."""
    kinds, ids = {kind for kind, _ in refs}, {id for _, id in refs}
    links = Link.objects.filter(connection=run.connection, kind__in=kinds, external_id__in=ids)
    return links.filter(lead__team=run.connection.team_id)
