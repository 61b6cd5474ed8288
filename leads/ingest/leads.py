"""The way in for people: who they are."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError

from leads.enums import ImportPolicy
from leads.history import attributed
from leads.identity import lock_current
from leads.ingest import merge
from leads.ingest.companies import Companies
from leads.ingest.normalise.titles import read_title
from leads.ingest.precedence import Claims, origin_of
from leads.ingest.records import LeadRecord, Outcome, Result, rejected
from leads.ingest.sql import lock_making, update_rows
from leads.ingest.trace import note
from leads.models import Company, Field, Lead, LeadIdentity, Source
from leads.retry import retried
from leads.signals import leads_due

COLUMNS = [
    "email", "first_name", "last_name", "title", "seniority", "department", "phone", "country", "city", "website",
    "source", "campaign", "company", "owner", "fields",
]  # fmt: skip


@retried
def upsert_leads(source: Source, records: Sequence[LeadRecord], *, policy: str, by: Any = None) -> list[Outcome]:
    """Find or make the lead of each record and put the values on it; one outcome for each, in order.

    Found by external id of this source, then by e-mail in the team. `policy` says what happens when it is there
    already. The employer is found by domain, then by name, or made. A handful of statements for any number of records;
    one transaction, after which new and changed leads are due.
    """
    try:
        return _upsert(source, records, policy, by)
    except IntegrityError:  # somebody typed in the same person at this very moment: now they are known
        return _upsert(source, records, policy, by)


def _upsert(source: Source, records: Sequence[LeadRecord], policy: str, by: Any) -> list[Outcome]:
    with attributed(by=by, origin=source.name):
        lock_making(source.team_id)
        page = _Page(source, records)
        outcomes = [page.take(record, record.policy or policy) for record in records]
        page.save()
        for outcome, lead in zip(outcomes, page.of_records, strict=True):
            outcome.pk = outcome.lead = lead.pk if lead else None
        if page.made or page.changed:
            leads_due.send(sender=upsert_leads)
    return outcomes


class _Page:
    """The leads and companies that some records speak of, in memory between one load and one save."""

    def __init__(self, source: Source, records: Sequence[LeadRecord]):
        self.source = source
        self.made: list[Lead] = []
        self.changed: dict[int, Lead] = {}
        self.of_records: list[Lead | None] = []
        self._employer: dict[int, tuple[Lead, Company]] = {}
        self._new_ids: dict[str, Lead] = {}
        self._by_pk, self._by_id, self._by_email = _load(source, records)
        self._companies = Companies(
            source.team_id,
            [(record.company, record.values.get("email", "")) for record in records],
            {lead.company_id for lead in self._by_pk.values() if lead.company_id}
            | {record.employer for record in records if record.employer},
            origin_of(source),
        )
        self._claims = Claims(Field.LEAD, origin_of(source), self._by_pk)

    def take(self, record: LeadRecord, policy: str) -> Outcome:
        """Put one record on its lead."""
        email = record.values.get("email", "")
        if not (email or record.external_ids or record.lead in self._by_pk):
            self.of_records.append(None)
            return rejected("No e-mail address and no id: nothing to match by. Fill in one of them.")
        lead = self._find(record, email)
        address = lead.email if lead else ""
        outcome = Outcome(Result.CREATED) if lead is None else Outcome(Result.UNCHANGED)
        if lead is None:
            lead = Lead(team_id=self.source.team_id)
            self.made.append(lead)
        made = outcome.result == Result.CREATED
        changed = self._put(lead, record.values, ImportPolicy.FILE_WINS if made else policy, outcome)
        moved, taught = self._put_employer(lead, record, policy, outcome, made=made, guess=lead.email != address)
        if (changed or moved) and not merge.is_new(lead):
            self.changed[lead.pk] = lead
        if (changed or moved or taught) and outcome.result != Result.CREATED:
            outcome.result = Result.UPDATED
        self._remember(lead, record.external_ids)
        self.of_records.append(lead)
        return outcome

    def save(self) -> None:
        """Companies first, then new leads, changed leads and the ids they are known by."""
        self._companies.save()
        for lead, company in self._employer.values():
            lead.company = company
        for lead in self.made:
            lead.source = lead.source or self.source.name
        note(Lead.objects.bulk_create(self.made))
        update_rows(Lead, self.changed.values(), COLUMNS)
        note(
            LeadIdentity.objects.bulk_create(
                LeadIdentity(source=self.source, lead=lead, kind=LeadIdentity.EXTERNAL, value=value)
                for value, lead in self._new_ids.items()
            )
        )
        self._claims.save()

    def _find(self, record: LeadRecord, email: str) -> Lead | None:
        if record.lead in self._by_pk:
            return self._by_pk[record.lead]
        by_id = next((self._by_id[value] for value in record.external_ids if value in self._by_id), None)
        return by_id or self._by_email.get(email)

    def _put(self, lead: Lead, values: Mapping[str, Any], policy: str, outcome: Outcome) -> bool:
        holder = self._by_email.get(values.get("email", ""))
        if holder not in (None, lead):
            outcome.notes.append(
                ("email", f"Belongs to {holder} already, so this lead keeps its own. Merge them if they are one.")
            )
            values = {name: value for name, value in values.items() if name != "email"}
        elif holder and lead.email:  # its own, or that of a lead merged into it, which may be its own again some day
            values = {name: value for name, value in values.items() if name != "email"}
        if not merge.is_new(lead):
            values = {name: value for name, value in values.items() if name != "created_at"}
        title = lead.title
        changed = merge.apply(lead, values, policy, self._claims)
        if lead.title != title:
            lead.seniority, lead.department = read_title(lead.title)
        if lead.email:
            self._by_email[lead.email] = lead
        return changed

    def _put_employer(
        self, lead: Lead, record: LeadRecord, policy: str, outcome: Outcome, *, made: bool, guess: bool
    ) -> tuple[bool, bool]:
        """(the lead has another company now, its company learned something)."""
        if policy == ImportPolicy.LEAVE and not made:
            return False, False
        present = self._employer.get(id(lead), (lead, self._companies.by_pk.get(lead.company_id)))[1]
        company = self._employer_of(record, present, policy, guess)
        if company is None:
            if record.company:
                outcome.notes.append(("company", "No company to put this on. Give its name or domain."))
            return False, False
        moved = company is not present
        if moved:
            self._employer[id(lead)] = (lead, company)
        return moved, self._companies.put(company, record.company, policy)

    def _employer_of(self, record: LeadRecord, present: Company | None, policy: str, guess: bool) -> Company | None:
        """The company the lead should have. By its e-mail address alone only when that is new, and it has none."""
        email = record.values.get("email", "")
        if found := self._companies.by_pk.get(record.employer or 0):
            return present if present and policy == ImportPolicy.FILL else found
        if not any(record.company.get(name) for name in ("name", "domain", "website")):
            if present or not guess:
                return present
            return self._companies.find({}, email) or self._companies.make({}, email)
        if present and _is_said(present, record.company):
            return present
        if present and policy == ImportPolicy.FILL:
            return present if self._companies.find(record.company, email) is present else None
        return self._companies.find(record.company, email) or self._companies.make(record.company, email)

    def _remember(self, lead: Lead, external_ids: Sequence[str]) -> None:
        for value in external_ids:
            if value not in self._by_id:
                self._by_id[value] = self._new_ids[value] = lead


def _is_said(company: Company, said: Mapping[str, Any]) -> bool:
    """Whether name and domain are those of the company: then it is meant, whoever else is called so."""
    return (merge.same(company.name, said.get("name")) and company.domain == said.get("domain", "")) or (
        bool(company.domain) and company.domain == said.get("domain") and not said.get("name")
    )


def _load(
    source: Source, records: Sequence[LeadRecord]
) -> tuple[dict[int | None, Lead], dict[str, Lead], dict[str, Lead]]:
    """The known leads of the records by id, by external id and by e-mail, locked in order of id."""
    ids = {value for record in records for value in record.external_ids}
    emails = {record.values["email"] for record in records if record.values.get("email")}
    identities = LeadIdentity.objects.filter(source=source, kind=LeadIdentity.EXTERNAL, value__in=ids)
    lead_of = {value: came_by or lead for value, lead, came_by in identities.values_list("value", "lead", "came_by")}
    addressed = Lead.with_merged.filter(team=source.team_id, email__in=emails)
    address_of = dict(addressed.order_by("merged_into_id").values_list("email", "pk"))
    said = {record.lead for record in records if record.lead}
    pks = {*Lead.with_merged.filter(pk__in=said, team=source.team_id).values_list("pk", flat=True)}
    pks |= {*lead_of.values(), *address_of.values()}
    leads: dict[int | None, Lead] = dict(lock_current(pks).items())
    by_email = {lead.email: lead for lead in leads.values() if lead.email and lead.team_id == source.team_id}
    by_email |= {email: leads[pk] for email, pk in address_of.items() if pk in leads}
    return leads, {value: leads[pk] for value, pk in lead_of.items() if pk in leads}, by_email
