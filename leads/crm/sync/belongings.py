"""What belongs to people: owners, companies and deals of a CRM."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils import timezone

from leads.crm.mapping import PEOPLE
from leads.crm.sync import merges
from leads.crm.sync.activities import people_links
from leads.crm.sync.conflicts import Decision, decide
from leads.crm.sync.people import employers_of, held, in_halves, is_news, save_links, seen
from leads.crm.sync.run import Run
from leads.crm.values import ours_now, plain
from leads.crm.words import Row
from leads.enums import CrmKind, DealState, ImportKind, ImportPolicy, SyncWhat
from leads.ingest import (
    CompanyRecord,
    DealRecord,
    Outcome,
    Result,
    upsert_companies,
    upsert_deals,
)
from leads.ingest.rows import record_of
from leads.models import Company, Handoff, Link, SyncConflict, SyncEntry, SyncProblem, User


def take_owners(run: Run, kind: str, rows: Sequence[Row]) -> None:
    """Their users are colleagues here by e-mail address; who has no login here is nobody."""
    emails = {plain(row.values.get("email")).lower(): row for row in rows}
    team = User.objects.filter(memberships__team=run.connection.team_id, email__in=emails)
    users = {user.email: user for user in team}
    links = merges.follow(run, kind, rows)
    found = []
    for email, row in emails.items():
        link = links.get(row.id) or Link(connection=run.connection, kind=kind, external_id=row.id)
        link.user, link.theirs, link.pulled_at = users.get(email), {"email": email}, timezone.now()
        found.append(link)
    save_links(found)
    run.maps.__dict__.pop("people", None)
    run.maps.__dict__.pop("owner_ids", None)
    run.count(kind, read=len(rows))


def take_companies(run: Run, kind: str, rows: Sequence[Row]) -> None:
    rows, links = _changed(run, kind, rows)
    mine = Company.objects.in_bulk([link.company_id for link in links.values() if link.company_id])
    records, decisions = list[CompanyRecord](), list[Decision]()
    for row in rows:
        link = links.get(row.id)
        values, _ = run.maps.read(kind, row, run.maps.coming(kind))
        company = mine.get(link.company_id or 0) if link else None
        said = {target.key: value for target, _, value in values}
        decision = decide(row, link, company, run.maps.of(kind), said, run.moment_of(row)) if company else Decision()
        taken = {each.ours for each in decision.taken} if company else said.keys()
        record = record_of(ImportKind.COMPANIES, [value for value in values if value[0].key in taken])
        records.append(replace(record, company=company.pk if company else None))
        decisions.append(decision)
    source = run.connection.source
    outcomes = in_halves(records, lambda some: upsert_companies(source, some, policy=ImportPolicy.FILE_WINS))
    companies = Company.objects.in_bulk([outcome.pk for outcome in outcomes if outcome.pk])
    fields = [each.ours for each in run.maps.coming(kind)]
    for row, decision, outcome in zip(rows, decisions, outcomes, strict=True):
        if outcome.pk:
            link = links.setdefault(row.id, Link(connection=run.connection, kind=kind, external_id=row.id))
            link.company = companies[outcome.pk]
            link.ours = held(link if link.pk else None, decision, ours_now(link.company, fields))
            for each in decision.conflicts:
                each.connection, each.kind, each.external_id = run.connection, kind, row.id
    SyncConflict.objects.bulk_create(each for decision in decisions for each in decision.conflicts if each.kind)
    _remember(run, kind, rows, outcomes, links, [decision.news for decision in decisions])


def take_deals(run: Run, kind: str, rows: Sequence[Row]) -> None:
    """Deals and what became of them, on the lead they belong to."""
    rows, links = _changed(run, kind, rows)
    leads = _leads_of(run, rows)
    rows = _without_held_up(run, rows, leads)
    employers = employers_of(run, rows)
    records = [_deal(run, row, links.get(row.id), leads.get(row.id), employers.get(row.id)) for row in rows]
    source = run.connection.source
    outcomes = in_halves(records, lambda some: upsert_deals(source, some, policy=ImportPolicy.FILE_WINS))
    for row, outcome in zip(rows, outcomes, strict=True):
        if outcome.pk:
            link = links.setdefault(row.id, Link(connection=run.connection, kind=kind, external_id=row.id))
            link.deal_id = outcome.pk
    _remember(run, kind, rows, outcomes, links, [_said(record) for record in records], leads)


def _changed(run: Run, kind: str, rows: Sequence[Row]) -> tuple[list[Row], dict[str, Link]]:
    links = merges.follow(run, kind, rows)
    changed = [row for row in rows if is_news(run, kind, row, links.get(row.id))]
    run.count(kind, read=len(rows), unchanged=len(rows) - len(changed))
    return merges.without_gone(run, kind, changed, links), links


def _deal(run: Run, row: Row, link: Link | None, lead: int | None, employer: int | None) -> DealRecord:
    values, _ = run.maps.read(CrmKind.DEALS, row, run.maps.coming(CrmKind.DEALS))
    record: DealRecord = record_of(ImportKind.DEALS, values)
    said, stage, state = dict(record.values), run.maps.stage_of(row), run.maps.state_of(row)
    if stage:
        said |= {"stage": stage.label[:100], "pipeline": stage.pipeline_label[:100]}
    known_at = None
    if state:
        said["state"] = state
    if state in (DealState.WON, DealState.LOST):
        deal = link.deal if link else None
        if not said.get("closed_at") and not (deal and deal.state == state and deal.closed_at):
            # where the CRM does not say when, as soon as it could have been
            said["closed_at"] = run.here(row.modified_at)
        if link is None and said.get("closed_at") and said["closed_at"] < run.connection.created_at:
            known_at = said["closed_at"]  # the company knew it before we were there
    return replace(record, values=said, external_id=row.id, lead=lead, employer=employer, known_at=known_at,
                   email="", lead_external_id="", company={} if employer else record.company)  # fmt: skip


def _said(record: DealRecord) -> dict[str, Any]:
    return {name: ["", plain(value)] for name, value in record.values.items() if name in ("stage", "state", "amount")}


def _without_held_up(run: Run, rows: Sequence[Row], leads: Mapping[str, int]) -> list[Row]:
    """A deal of somebody who could not be taken is a problem itself: tried again, it finds its lead. Kept of nobody,
    it would stay so, for it is no news a second time. Of people who were left out it is left out with them.
    """
    alone = [row for row in rows if row.id not in leads]
    failed = SyncProblem.objects.filter(connection=run.connection, way=SyncProblem.IN, kind__in=PEOPLE)
    named = {id for row in alone for _, id in _people_of(row)}
    problems = failed.filter(external_id__in=named) if named else ()
    held = {(each.kind, each.external_id): each.left_out_at is not None for each in problems}
    waiting = {row.id: who for row in alone if (who := [held[ref] for ref in _people_of(row) if ref in held])}
    for id, who in waiting.items():
        words = "Whom it belongs to is left out." if all(who) else "Nobody it belongs to could be taken yet."
        run.fails(SyncProblem.IN, CrmKind.DEALS, id, words, again=True, left_out=all(who))
        run.count(CrmKind.DEALS, failed=1)
    return [row for row in rows if row.id not in waiting]


def _leads_of(run: Run, rows: Sequence[Row]) -> dict[str, int]:
    """{id of a deal: its lead}: of several people the one that was handed off, else the first."""
    refs = {row.id: _people_of(row) for row in rows}
    known = {
        (link.kind, link.external_id): link.lead_id
        for link in people_links(run, {ref for found in refs.values() for ref in found})
    }
    leads = {id: [lead for ref in found if (lead := known.get(ref))] for id, found in refs.items()}
    several = {lead for found in leads.values() if len(found) > 1 for lead in found}
    offered = set(Handoff.objects.filter(lead__in=several).values_list("lead_id", flat=True)) if several else set()
    return {id: next((lead for lead in found if lead in offered), found[0]) for id, found in leads.items() if found}


def _people_of(row: Row) -> list[tuple[str, str]]:
    return [(str(of), id) for of, ids in row.links.items() if of in PEOPLE for id in ids]


def _remember(run: Run, kind: str, rows: Sequence[Row], outcomes: Sequence[Outcome], links: Mapping[str, Link],
              news: Sequence[dict[str, Any]], leads: Mapping[str, int] | None = None) -> None:  # fmt: skip
    now, entries, kept = timezone.now(), list[SyncEntry](), list[Link]()
    for row, outcome, said in zip(rows, outcomes, news, strict=True):
        if outcome.pk is None:
            run.fails(SyncProblem.IN, kind, row.id, outcome.reason or "It could not be taken.")
            run.count(kind, failed=1)
            continue
        link = links[row.id]
        link.theirs, link.modified_at, link.pulled_at, link.gone_at = seen(run, kind, row), row.modified_at, now, None
        kept.append(link)
        run.count(kind, **{str(outcome.result): 1})
        if outcome.result != Result.UNCHANGED:
            what = SyncWhat.MADE_HERE if outcome.result == Result.CREATED else SyncWhat.PULLED
            entries.append(run.entry(what, kind, row.id, at=now, said=said, lead_id=(leads or {}).get(row.id)))
    save_links(kept)
    SyncEntry.objects.bulk_create(entries)
    run.works(SyncProblem.IN, kind, [row.id for row, outcome in zip(rows, outcomes, strict=True) if outcome.pk])
