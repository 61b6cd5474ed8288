"""What is known of a lead: its fields with their names, and how many of them have a value."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from leads.enums import FieldType
from leads.expected import OF_COMPANY, OF_LEAD
from leads.ingest.normalise.countries import country_name
from leads.models import Company, Field, Lead

UNKNOWN_SHOWN = 8


@dataclass(frozen=True)
class Detail:
    """A named value; None where it is unknown, which is not the same as 0 or "no"."""

    name: str
    value: Any
    kind: str = ""


@dataclass(frozen=True)
class Completeness:
    known: int
    total: int
    missing: list[str]

    def __str__(self) -> str:
        return f"{self.known} of {self.total} fields known, {self.percent}%."

    @property
    def percent(self) -> int:
        """As conditions ask for it: the field `completeness`."""
        return (200 * self.known + self.total) // (2 * self.total)

    @property
    def sentence(self) -> str:
        return f"Missing: {', '.join(self.missing)}." if self.missing else "Nothing is missing."


def headline(lead: Lead) -> str:
    """Who this is in a line: "VP Operations, Northwind Robotics, Bilbao"."""
    company = str(lead.company) if lead.company else ""
    return ", ".join(part for part in (lead.title, company, lead.city) if part) or lead.email


def of_company(company: Company) -> list[Detail]:
    """Fields of a company, each with its value or None."""
    names = (*OF_COMPANY, "phone", "country", "city")
    custom = [Detail(f.label, _said(f, company), f.type) for f in Field.objects.filter(of=Field.COMPANY)]
    return [_detail(company, name, Company) for name in names] + _folded(custom)


def details(lead: Lead, fields: Iterable[Field]) -> list[Detail]:
    """Built-in fields of the lead and its company, then custom fields, each with its value or None."""
    company = lead.company
    built_in = [_detail(lead, name) for name in OF_LEAD]
    built_in += [_detail(lead, "campaign")] if lead.campaign else []
    built_in += [_detail(company, name, Company) for name in OF_COMPANY]
    custom = [
        Detail(field.label, _said(field, (lead if field.of == Field.LEAD else company)), field.type) for field in fields
    ]
    return built_in + _folded(custom)


def _folded(custom: list[Detail]) -> list[Detail]:
    """Custom fields; many that are unknown become one line, since one wide file brings dozens to every lead."""
    unknown = [detail for detail in custom if detail.value is None]
    if len(unknown) <= UNKNOWN_SHOWN:
        return custom
    return [detail for detail in custom if detail.value is not None] + [Detail(f"{len(unknown)} other fields", None)]


def completeness(lead: Lead) -> Completeness:
    """How many of the expected fields are known, and what is missing."""
    expected = [_detail(lead, name) for name in OF_LEAD] + [Detail("company", lead.company)]
    expected += [_detail(lead.company, name, Company) for name in OF_COMPANY]
    missing = [detail.name for detail in expected if detail.value is None]
    return Completeness(len(expected) - len(missing), len(expected), missing)


def _detail(row: Lead | Company | None, name: str, model: Any = Lead) -> Detail:
    value = getattr(row, name, None)
    if name == "country" and value:
        value = country_name(value)
    return Detail(model._meta.get_field(name).verbose_name, None if value == "" else value, name)


def _said(field: Field, row: Lead | Company | None) -> Any:
    value = (row.fields if row else {}).get(field.key)
    if value in (None, "", []):
        return None
    if field.type == FieldType.BOOLEAN:
        return "Yes" if value else "No"
    if field.type == FieldType.DATE:
        return date.fromisoformat(str(value)[:10])
    return ", ".join(map(str, value)) if isinstance(value, list) else value
