"""A page of a CRM's people becomes leads: compared field by field, put on by leads.ingest, and remembered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from leads.crm.mapping import IMPORT_KINDS
from leads.crm.sync import merges
from leads.crm.sync.activities import bring_held
from leads.crm.sync.conflicts import Decision, decide
from leads.crm.sync.due import mark
from leads.crm.sync.run import Run
from leads.crm.values import ours_now, plain
from leads.crm.words import Row
from leads.enums import CrmKind, ImportPolicy, SyncWhat
from leads.ingest import LeadRecord, Outcome, Result, upsert_leads
from leads.ingest.records import rejected
from leads.ingest.rows import record_of
from leads.models import Lead, Link, SyncConflict, SyncEntry, SyncProblem

Record = TypeVar("Record")


@dataclass
class _Person:
    """A row that is new or changed, the lead we have of it, and what is to be put on that."""

    row: Row
    link: Link | None
    lead: Lead | None
    record: LeadRecord
    decision: Decision
    words: str


def take_people(run: Run, kind: str, rows: Sequence[Row]) -> None:
    """Contacts or leads of a CRM. What has not changed since we last saw or wrote it costs nothing."""
    links = merges.follow(run, kind, rows)
    changed = [row for row in rows if is_news(run, kind, row, links.get(row.id))]
    run.count(kind, read=len(rows), unchanged=len(rows) - len(changed))
    changed = merges.without_gone(run, kind, changed, links)
    if not changed:
        return
    people = [person for person in _people(run, kind, changed, links) if _is_ours(run, person.lead)]
    records = [person.record for person in people]
    outcomes = in_halves(records, lambda some: upsert_leads(run.connection.source, some, policy=ImportPolicy.FILE_WINS))
    _remember(run, kind, people, outcomes)


def _is_ours(run: Run, lead: Lead | None) -> bool:
    """Of a lead that went to another team its record there says nothing here, nor does it make another lead."""
    return lead is None or lead.team_id == run.connection.team_id


def is_news(run: Run, kind: str, row: Row, link: Link | None) -> bool:
    """Whether it holds anything that we have not seen there, nor written."""
    if link is None or row.archived or link.gone_at:
        return True
    return any(link.theirs.get(name, "") != text for name, text in seen(run, kind, row).items())


def seen(run: Run, kind: str, row: Row) -> dict[str, str]:
    """What a link keeps of a record: every mapped field, where it belongs, and of a deal what became of it."""
    found = {name: plain(row.values.get(name)) for name in run.maps.asked(kind)}
    found |= {f"@{of}": plain(sorted(ids)) for of, ids in row.links.items()}
    return found | ({"@state": row.state} if row.state else {})


def in_halves(records: list[Record], take: Callable[[list[Record]], list[Outcome]]) -> list[Outcome]:
    """Hand over the records; when they cannot be stored together, in halves, so that one bad row costs itself only."""
    if not records:
        return []
    try:
        with transaction.atomic():
            return take(records)
    except (OperationalError, InterfaceError):
        raise  # the database is away or busy: the page is tried again
    except Exception as wrong:
        if len(records) == 1:
            return [rejected(f"It could not be stored: {wrong}"[:300])]
        half = len(records) // 2
        return in_halves(records[:half], take) + in_halves(records[half:], take)


def _people(run: Run, kind: str, rows: Sequence[Row], links: Mapping[str, Link]) -> list[_Person]:
    leads, employers = _known(run, kind, rows, links), employers_of(run, rows)
    people = []
    for row in rows:
        link, lead = links.get(row.id), leads.get(row.id)
        values, problems = run.maps.read(kind, row, run.maps.coming(kind))
        said = {target.key: value for target, _, value in values}
        decision = decide(row, link, lead, run.maps.of(kind), said, run.moment_of(row)) if lead else Decision()
        taken = {each.ours for each in decision.taken} if lead else said.keys()
        record = record_of(IMPORT_KINDS[kind], [value for value in values if value[0].key in taken])
        employer = employers.get(row.id)
        record = replace(
            record, external_ids=identities(kind, row), lead=lead.pk if lead else None, employer=employer,
            company={} if employer else record.company, values=_since(run, row) | record.values,
        )  # fmt: skip
        words = " ".join(f"{problem.column}: {problem.message}" for problem in problems)[:500]
        people.append(_Person(row, link, lead, record, decision, words))
    return people


def _since(run: Run, row: Row) -> dict[str, datetime]:
    """When a lead that is made of this record was made: as the CRM says, which knew the person before we did."""
    return {"created_at": min(run.here(row.created_at), timezone.now())} if row.created_at else {}


def identities(kind: str, row: Row) -> tuple[str, ...]:
    """By what leads of this source are known: "contacts:101"."""
    refs = [(kind, row.id), *row.same_as, *((kind, id) for id in row.merged)]
    return tuple(f"{of}:{id}" for of, id in refs)


def _known(run: Run, kind: str, rows: Sequence[Row], links: Mapping[str, Link]) -> dict[str, Lead]:
    """The leads of those rows that are leads already: by link, by another record of theirs, by e-mail address."""
    found = {row.id: link.lead_id for row in rows if (link := links.get(row.id)) and link.lead_id}
    refs = {ref: row.id for row in rows if row.id not in found for ref in row.same_as}
    same = Link.objects.filter(connection=run.connection, external_id__in=[id for _, id in refs], lead__isnull=False)
    for link in same if refs else ():
        if (link.kind, link.external_id) in refs:
            found[refs[link.kind, link.external_id]] = int(link.lead_id or 0)
    name = next((each.theirs for each in run.maps.coming(kind) if each.ours == "email"), "")
    emails = {plain(row.values.get(name)).lower(): row.id for row in rows if row.id not in found}
    emails.pop("", None)
    by_email = Lead.objects.filter(team=run.connection.team_id, email__in=emails).values_list("email", "pk")
    found |= {emails[email]: pk for email, pk in by_email}
    leads = Lead.objects.select_related("company").in_bulk(found.values())
    return {id: leads[pk] for id, pk in found.items() if pk in leads}


def employers_of(run: Run, rows: Sequence[Row]) -> dict[str, int]:
    """{id of a row: the company it belongs to here}."""
    first = {row.id: ids[0] for row in rows if (ids := row.links.get(CrmKind.COMPANIES))}
    links = Link.objects.filter(connection=run.connection, kind=CrmKind.COMPANIES, external_id__in=first.values())
    known = dict(links.filter(company__isnull=False).values_list("external_id", "company"))
    return {id: known[company] for id, company in first.items() if company in known}


def _remember(run: Run, kind: str, people: Sequence[_Person], outcomes: Sequence[Outcome]) -> None:
    now, entries, conflicts = timezone.now(), list[SyncEntry](), list[SyncConflict]()
    taken = [(person, outcome) for person, outcome in zip(people, outcomes, strict=True) if not outcome.rejected]
    for person, outcome in zip(people, outcomes, strict=True):
        if outcome.rejected:
            run.fails(SyncProblem.IN, kind, person.row.id, outcome.reason or "It could not be taken.")
            run.count(kind, failed=1)
    leads = Lead.objects.select_related("company").in_bulk([o.lead for _, o in taken if o.lead])
    links = []
    for person, outcome in taken:
        lead = leads.get(outcome.lead or 0)
        if lead is None:
            continue
        links.append(_link(run, kind, person, lead))
        news = outcome.result != Result.UNCHANGED
        run.count(kind, **{str(outcome.result): 1})
        if news:
            what = SyncWhat.MADE_HERE if outcome.result == Result.CREATED else SyncWhat.PULLED
            entries.append(run.entry(what, kind, person.row.id, lead=lead, said=person.decision.news, at=now,
                                     words=person.words))  # fmt: skip
        for conflict in person.decision.conflicts:
            conflict.connection, conflict.kind, conflict.external_id = run.connection, kind, person.row.id
            conflict.lead = lead
            conflicts.append(conflict)
    save_links(links)
    mark(Link.objects.filter(pk__in=[person.link.pk for person, _ in taken if person.link and person.decision.ours]))
    SyncEntry.objects.bulk_create(entries)
    SyncConflict.objects.bulk_create(conflicts)
    bring_held(run, kind, {link.external_id: int(link.lead_id or 0) for link in links})
    run.works(SyncProblem.IN, kind, [person.row.id for person, _ in taken])


def _link(run: Run, kind: str, person: _Person, lead: Lead) -> Link:
    row = person.row
    link = person.link or Link(connection=run.connection, kind=kind, external_id=row.id)
    fields = [each.ours for each in run.maps.of(kind) if each.comes]
    link.theirs, link.ours = seen(run, kind, row), held(person.link, person.decision, ours_now(lead, fields))
    link.forms = link.forms | person.decision.forms
    link.lead, link.modified_at, link.pulled_at, link.gone_at = lead, row.modified_at, timezone.now(), None
    return link


def held(link: Link | None, decision: Decision, now: dict[str, str]) -> dict[str, str]:
    """What both sides held, as we write it. What was changed here and has not gone there yet shows as changed still."""
    if link:
        fresh = decision.news.keys() | decision.ours.keys() | decision.agreed
        before = {key: text for key, text in link.ours.items() if key in now and key not in fresh}
        # a field that was mapped since was never compared: what we have there is still to be told
        now = {key: text for key, text in now.items() if key in fresh} | before
    return now | {key: text for key, text in decision.ours.items() if key in now}


def save_links(links: Sequence[Link]) -> None:
    names = ["lead", "company", "deal", "user", "theirs", "ours", "forms", "modified_at", "pulled_at", "gone_at"]
    Link.objects.bulk_create([link for link in links if link.pk is None])
    Link.objects.bulk_update([link for link in links if link.pk], names)
