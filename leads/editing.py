"""Changing a lead or company by hand or program, field by field.

Channels that tell us about people go through leads/ingest; here somebody says what a field shall be, and may empty it.
"""

from collections.abc import Mapping
from typing import Any

from leads.customfields import merged
from leads.history import attributed
from leads.identity import lock_current
from leads.ingest.companies import employers
from leads.ingest.normalise.titles import read_title
from leads.ingest.precedence import Claims, origin_named
from leads.ingest.sql import lock_making
from leads.models import Company, Field, Lead, User
from leads.retry import retried
from leads.signals import leads_due

Values = Mapping[str, Any]


@retried
def create_lead(values: Values, *, by: User, origin: str, company: Values | None = None) -> Lead:
    """A new lead of `values["team"]`. `company` names the employer, found or made; without it the address does."""
    with attributed(by=by, origin=origin):
        lead, claims = Lead(), Claims(Field.LEAD, origin_named(origin))
        lock_making(values["team"].pk)
        _put(lead, values, claims)
        lead.company = _employer(lead, company)
        lead.save()
        claims.save()
        leads_due.send(sender=create_lead)
    return lead


@retried
def edit_lead(lead: Lead, values: Values, *, by: User, origin: str, company: Values | None = None) -> Lead:
    """Set the named fields, and only those; of `fields` only the keys given. `company`: {} takes it away.

    The lead is due afterwards if this changed what it may be scored by.
    """
    with attributed(by=by, origin=origin):
        if company:
            lock_making(lead.team_id)
        lead = lock_current([lead.pk])[lead.pk]
        claims = Claims(Field.LEAD, origin_named(origin), [lead.pk])
        changed = _put(lead, values, claims)
        if company is not None:
            lead.company = _employer(lead, company) if company else None
            changed.add("company")
        if changed:
            lead.save(update_fields=changed)
        claims.save()
        if changed:
            leads_due.send(sender=edit_lead)
    return lead


@retried
def edit_company(company: Company, values: Values, *, by: User, origin: str) -> Company:
    """Set the named fields, and only those. The people who work there are due afterwards."""
    with attributed(by=by, origin=origin):
        company = Company.objects.select_for_update(no_key=True).get(pk=company.pk)
        claims = Claims(Field.COMPANY, origin_named(origin), [company.pk])
        changed = _put(company, values, claims)
        if changed:
            company.save(update_fields=changed)
        claims.save()
        if changed:
            leads_due.send(sender=edit_company)
    return company


def outranked(row: Lead | Company, values: Values) -> list[Field]:
    """The custom fields that did not take these values, because another source wins them."""
    lost = [key for key, value in values.items() if row.fields.get(key) != value]
    return list(Field.objects.filter(of=Field.LEAD if isinstance(row, Lead) else Field.COMPANY, key__in=lost))


def _put(row: Lead | Company, values: Values, claims: Claims) -> set[str]:
    """Set the values on the row in memory; the names of the fields to save."""
    changed = set()
    if "fields" in values:
        before = row.fields
        row.fields = merged(before, {key: v for key, v in values["fields"].items() if not claims.decide(key)})
        for key, value in values["fields"].items():
            if claims.decide(key):
                claims.put(row, key, value)
        changed |= {"fields"} if row.fields != before else set()
    for name, value in values.items():
        if name != "fields" and (getattr(row, name, None) != value or row.pk is None):
            setattr(row, name, value)
            changed.add(name)
    if isinstance(row, Lead) and "title" in changed:
        row.seniority, row.department = read_title(row.title)
        changed |= {"seniority", "department"}
    return changed


def _employer(lead: Lead, company: Values | None) -> Company | None:
    return employers(lead.team_id, [(company or {}, lead.email)])[0]
