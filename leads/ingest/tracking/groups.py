"""What a source says of companies, which it knows by an id of its own: the groupId."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from leads.enums import ImportKind, ImportPolicy
from leads.history import attributed
from leads.ingest.companies import Companies
from leads.ingest.precedence import origin_of
from leads.ingest.sql import lock_making
from leads.ingest.tracking.traits import Reading, Said, newest, news_of, stamped
from leads.models import Company, CompanyIdentity, Lead, Source

if TYPE_CHECKING:
    from leads.ingest.tracking.receive import Receipt


def take(source: Source, receipts: Sequence["Receipt"]) -> None:
    """Make or update the companies of group calls, and give leads without a company the one they are said to be of."""
    said: dict[str, Said] = {}
    for receipt in receipts:
        message = receipt.message
        if message.type == "group":
            now = stamped(message.group, message.occurred_at)
            said[message.group_id] = newest(said.get(message.group_id, {}), now)
    members = {r.lead: r.message.group_id for r in receipts if r.lead and r.message.group_id}
    told = {r.lead: r.message.group_id for r in receipts if r.lead and r.message.type == "group"}
    if not (said or members):
        return
    wanted = {*said, *members.values()}
    known = {g.value: g for g in CompanyIdentity.objects.filter(source=source, value__in=wanted)}
    if said:
        lock_making(source.team_id)
        known |= {g.value: g for g in CompanyIdentity.objects.filter(source=source, value__in=wanted)}
        _put(source, said, known)
    _employ(source, members | told, known, {lead for lead in told if lead})


def _put(source: Source, said: dict[str, Said], known: dict[str, CompanyIdentity]) -> None:
    reading = Reading({}, ImportKind.COMPANIES)
    news: dict[str, dict[str, Any]] = {}
    for group, now in said.items():
        identity = known.setdefault(group, CompanyIdentity(source=source, value=group))
        identity.traits, fresh = news_of(identity.traits, now)
        news[group] = dict(reading.record(fresh)[0].values) if fresh else {}
    with attributed(origin=source.name):
        present = {identity.company_id for identity in known.values() if identity.company_id}
        companies = Companies(source.team_id, [(values, "") for values in news.values()], present, origin_of(source))
        found: dict[str, Company] = {}
        for group, values in news.items():
            company = companies.by_pk.get(known[group].company_id) if known[group].company_id else None
            company = company or companies.find(values)
            if company is None:
                company = companies.make(values or {"name": group}) or companies.make({**values, "name": group})
            elif values:
                companies.put(company, values, ImportPolicy.FILE_WINS)
            assert company is not None  # made by its id, where nothing else is known
            found[group] = company
        companies.save()
    for group, company in found.items():
        known[group].company = company
        known[group].save()


def _employ(source: Source, members: dict[Any, str], known: dict[str, CompanyIdentity], told: set[int]) -> None:
    """A group call moves the lead; any other message with a groupId only fills in what is missing."""
    with attributed(origin=source.name):
        for lead in Lead.objects.filter(pk__in=members).order_by("pk"):
            identity = known.get(members[lead.pk])
            if identity is None or lead.company_id == identity.company_id:
                continue
            if lead.company_id is None or lead.pk in told:
                Lead.objects.filter(pk=lead.pk).update(company=identity.company_id)
