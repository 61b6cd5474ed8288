"""What is wrong with a lead or company, read from the row alone. Pure: the same row gives the same findings."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import phonenumbers
import pycountry

from leads.enums import Seniority
from leads.ingest.normalise import addresses
from leads.ingest.normalise.countries import country
from leads.ingest.normalise.industries import industry
from leads.ingest.normalise.titles import ranks_in, read_title
from leads.models import Company, Lead, ProblemKind

LEADERS = {Seniority.C_LEVEL.value, Seniority.VP.value, Seniority.DIRECTOR.value, Seniority.HEAD.value}
BOUNCED = "bounced"  # the tag of leads whose e-mail does not arrive


@dataclass(frozen=True)
class Finding:
    """`value`: what is wrong, as a person reads it. `suggestion`: {field: value}, where we know better."""

    kind: str
    value: str
    suggestion: dict[str, Any] = field(default_factory=dict)


def of_lead(lead: Lead, *, bounced: bool = False) -> Iterator[Finding]:
    """The contradictions of a lead and its company. `bounced`: its last e-mail did not arrive."""
    if wrong := _prefix(lead.phone, lead.country):
        yield Finding(ProblemKind.PHONE_COUNTRY, f"{lead.country} with {wrong}")
    if wrong := _other_domain(lead):
        yield Finding(ProblemKind.EMAIL_COMPANY, wrong)
    if Seniority.TRAINEE.value in (ranks := ranks_in(lead.title)) and ranks & LEADERS:
        yield Finding(ProblemKind.TITLE, lead.title)
    seniority, department = read_title(lead.title)
    if lead.title and (lead.seniority, lead.department) != (seniority, department):
        yield Finding(ProblemKind.TITLE_READING, lead.title, {"seniority": seniority, "department": department})
    yield from _country(lead)
    if bounced and BOUNCED not in lead.tags:
        yield Finding(ProblemKind.BOUNCED, lead.email or "Unknown address", {"tags": BOUNCED})


def of_company(company: Company) -> Iterator[Finding]:
    yield from _country(company)
    if industry(company.industry) != company.industry:
        yield Finding(ProblemKind.INDUSTRY, company.industry, {"industry": industry(company.industry)})


def _prefix(phone: str, of: str) -> str:
    """The country code of a phone number that is not the country's; several countries may share one."""
    if not (of and phone.startswith("+")):
        return ""
    try:
        code = phonenumbers.parse(phone.partition(" ext")[0]).country_code or 0
    except phonenumbers.NumberParseException:
        return ""
    regions = phonenumbers.region_codes_for_country_code(code)
    return "" if of in regions or "001" in regions or not _is_code(of) else f"+{code}"


def _other_domain(lead: Lead) -> str:
    mail = addresses.company_domain(lead.email) if lead.email else ""
    home = lead.company.domain if lead.company else ""
    if not (mail and home) or mail == home or mail.endswith(f".{home}") or home.endswith(f".{mail}"):
        return ""
    return f"{mail} at {home}"


def _country(row: Lead | Company) -> Iterator[Finding]:
    if not row.country or _is_code(row.country):
        return
    try:
        yield Finding(ProblemKind.COUNTRY, row.country, {"country": country(row.country)})
    except ValueError:
        yield Finding(ProblemKind.COUNTRY, row.country)


def _is_code(code: str) -> bool:
    return len(code) == 2 and code.isupper() and pycountry.countries.get(alpha_2=code) is not None
