"""The way in for outcomes."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from leads.enums import DealState, ImportPolicy, Stage
from leads.history import attributed
from leads.ingest import by_hand, merge
from leads.ingest.companies import Companies
from leads.ingest.people import Key, leads_of
from leads.ingest.records import DealRecord, Outcome, Result
from leads.ingest.sql import lock_making, update_rows
from leads.ingest.trace import note
from leads.models import Company, Deal, Lead, LeadIdentity, Source
from leads.retry import retried
from leads.signals import leads_due

COLUMNS = [
    "source", "external_id", "lead", "company", "owner", "name", "pipeline", "stage", "state", "amount", "lost_reason",
    "opened_at", "closed_at", "known_at", "fields",
]  # fmt: skip
WON = re.compile(r"\b(won|gewonnen|gagnée?|ganad[oa])\b", re.IGNORECASE)
LOST = re.compile(r"\b(lost|verloren|perdue?|perdid[oa]|abandoned|cancell?ed|disqualified)\b", re.IGNORECASE)
# Where an open deal makes a lead an opportunity; a lead that sales has in hand is left to sales.
BEFORE_A_DEAL = (Stage.NEW, Stage.NURTURE, Stage.ACCEPTED)


@retried
def upsert_deals(source: Source, records: Sequence[DealRecord], *, policy: str, by: Any = None) -> list[Outcome]:
    """Find or make the deal of each record and put the values on it; one outcome for each, in order.

    Its lead is found by id or e-mail, or made; its company by domain, then by name, or made. A deal of nobody is kept
    by itself, with a note. A won deal makes its lead a customer, an open one an opportunity. What a rep had said of the
    same sale becomes that deal, so that it counts once.
    """
    with attributed(by=by, origin=source.name):
        lock_making(source.team_id)
        leads = _leads(source, records)
        said = {record.employer for record in records if record.employer}
        companies = Companies(source.team_id, [(record.company, "") for record in records], said)
        known = _load(source, records)
        taken_over = by_hand.take_over(source, _new(records, leads, known))
        known |= taken_over
        outcomes, deals = [], []
        for record, lead in zip(records, leads, strict=True):
            company = companies.by_pk.get(record.employer or 0)
            company = company or companies.find(record.company) or companies.make(record.company)
            deal = known.setdefault(
                _id_of(record), Deal(team_id=source.team_id, source=source, external_id=_id_of(record))
            )
            outcomes.append(_put(deal, record, lead, company, policy, changed=_id_of(record) in taken_over))
            deals.append(deal)
        companies.save()
        _save(deals, outcomes)
        _move_leads(deals, outcomes)
    return outcomes


def state_of(stage: str) -> str:
    """Open, won or lost, by the words of the stage."""
    plain = re.sub(r"[_-]+", " ", stage)
    return DealState.LOST if LOST.search(plain) else DealState.WON if WON.search(plain) else DealState.OPEN


def _leads(source: Source, records: Sequence[DealRecord]) -> list[int | None]:
    people: list[list[Key]] = [
        [
            (kind, value)
            for kind, value in (
                ("lead", record.lead),
                (LeadIdentity.EXTERNAL, record.lead_external_id),
                ("email", record.email),
            )
            if value
        ]
        for record in records
    ]
    found = iter(leads_of(source, [keys for keys in people if keys]))
    leads = [next(found) if keys else None for keys in people]
    return [lead.lead if lead else None for lead in leads]


def _load(source: Source, records: Sequence[DealRecord]) -> dict[str, Deal]:
    ids = {_id_of(record) for record in records}
    deals = Deal.objects.filter(source=source, external_id__in=ids).order_by("pk").select_for_update(no_key=True)
    return {deal.external_id: deal for deal in deals}


def _new(records: Sequence[DealRecord], leads: Sequence[int | None],
         known: Mapping[str, Deal]) -> dict[str, tuple[int, datetime | None]]:  # fmt: skip
    """{id: (lead, when it was closed)} of the deals of leads that this source has not told of before."""
    both = ((_id_of(record), record, lead) for record, lead in zip(records, leads, strict=True))
    return {id: (lead, _closed_at(record)) for id, record, lead in both if lead and id not in known}


def _closed_at(record: DealRecord) -> datetime | None:
    """None while it is open: then the day it may be closed says nothing."""
    said = record.values
    state = said.get("state") or state_of(said.get("stage") or "")
    return None if state == DealState.OPEN else said.get("closed_at")


def _put(deal: Deal, record: DealRecord, lead: int | None, company: Company | None, policy: str, *,
         changed: bool) -> Outcome:  # fmt: skip
    outcome = Outcome(Result.CREATED if merge.is_new(deal) and not deal.name else Result.UNCHANGED, lead=lead)
    values = dict(record.values)
    if values.get("stage") and not values.get("state"):
        values["state"] = state_of(values["stage"])
    if values.get("state", deal.state) == DealState.OPEN and values.get("closed_at"):
        values["fields.expected_close"] = values.pop("closed_at").date().isoformat()
    state = deal.state
    decided: dict[str, Any] = {name: values.pop(name) for name in ("state", "opened_at") if name in values}
    policy = ImportPolicy.FILE_WINS if outcome.result == Result.CREATED else policy
    changed = merge.apply(deal, values, policy) or changed
    # these two always have a value, so "fill empty fields" would never move a deal: only the file's word does
    if policy == ImportPolicy.FILE_WINS:
        changed = merge.apply(deal, decided, policy) or changed
    changed = _link(deal, lead, company, policy) or changed
    if deal.state != state or (outcome.result == Result.CREATED and record.known_at):
        deal.known_at = min(record.known_at or timezone.now(), timezone.now())
    deal.name = deal.name or f"Deal {deal.external_id}"[:200]
    if not (lead or company or deal.lead_id or deal.company_id):
        outcome.notes.append(
            ("", "No lead and no company: the deal is kept by itself. Give an e-mail address or a company.")
        )
    if changed and outcome.result != Result.CREATED:
        outcome.result = Result.UPDATED
    return outcome


def _link(deal: Deal, lead: int | None, company: Company | None, policy: str) -> bool:
    """Tie the deal to its lead and company; the company is saved later, so it is kept as an object."""
    changed = False
    if lead and lead != deal.lead_id and (deal.lead_id is None or policy == ImportPolicy.FILE_WINS):
        deal.lead_id, changed = lead, True
    known = company is not None and company.pk is not None and company.pk == deal.company_id
    if company and not known and (deal.company_id is None or policy == ImportPolicy.FILE_WINS):
        deal.company, changed = company, True
    return changed


def _save(deals: Sequence[Deal], outcomes: Sequence[Outcome]) -> None:
    for deal in deals:
        if deal.company_id is None and Deal.company.is_cached(deal):
            deal.company = deal.company
    made = {id(deal): deal for deal in deals if merge.is_new(deal)}
    note(Deal.objects.bulk_create(made.values()))
    changed = {deal.pk: deal for deal, outcome in zip(deals, outcomes, strict=True) if outcome.result == Result.UPDATED}
    update_rows(Deal, changed.values(), COLUMNS)
    for deal, outcome in zip(deals, outcomes, strict=True):
        outcome.pk = deal.pk


def _move_leads(deals: Sequence[Deal], outcomes: Sequence[Outcome]) -> None:
    touched = [deal for deal, outcome in zip(deals, outcomes, strict=True) if outcome.result != Result.UNCHANGED]
    won = {deal.lead_id for deal in touched if deal.lead_id and deal.state == DealState.WON}
    open_ = {deal.lead_id for deal in touched if deal.lead_id and deal.state == DealState.OPEN} - won
    Lead.objects.filter(pk__in=won).exclude(stage=Stage.CUSTOMER).update(stage=Stage.CUSTOMER)
    Lead.objects.filter(pk__in=open_, stage__in=BEFORE_A_DEAL).update(stage=Stage.OPPORTUNITY)
    if touched:
        leads_due.send(sender=upsert_deals)


def _id_of(record: DealRecord) -> str:
    """The id, or one made of what the record says, so that the same file twice finds the same deals."""
    return record.external_id or row_id([record.values.get("name"), record.email, sorted(record.company.items())])


def row_id(parts: Any) -> str:
    """An id for a row that brings none."""
    return f"row:{hashlib.sha256(repr(parts).encode(errors='replace')).hexdigest()[:40]}"
