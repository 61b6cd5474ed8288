"""What a column of a file may become, and the names under which exports call it (data/headers.toml)."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from leads.enums import FieldType, ImportKind
from leads.models import Field

NEW = "new."  # new.number: a custom field of that type is made from the column
KEEP = "keep"  # the value stays with the deal or activity under the column's name
NEW_TYPES = [FieldType.TEXT, FieldType.CHOICE, FieldType.NUMBER, FieldType.DATE, FieldType.BOOLEAN, FieldType.LIST]


@dataclass(frozen=True)
class Target:
    """`key` is what the mapping stores; `type` names the reader (leads/ingest/reading.py)."""

    key: str
    label: str
    type: str = "text"
    limit: int = 100


TABLES: dict[str, list[Target]] = {
    ImportKind.LEADS: [
        Target("email", "E-mail", "email", limit=254),
        Target("external_id", "Id in its source", "id", limit=200),
        Target("lead", "Id in leadscore", "own"),
        Target("first_name", "First name"),
        Target("last_name", "Last name"),
        Target("name", "Full name"),
        Target("title", "Job title", limit=200),
        Target("phone", "Phone", "phone", limit=40),
        Target("country", "Country", "country"),
        Target("city", "City"),
        Target("website", "Website", "url", limit=500),
        Target("source", "Channel"),
        Target("campaign", "Campaign"),
        Target("owner", "Owner", "person"),
        Target("created_at", "Created", "moment"),
        Target("company.name", "Company", limit=200),
        Target("company.domain", "Company domain", "domain"),
        Target("company.website", "Company website", "url"),
        Target("company.industry", "Industry", "industry"),
        Target("company.employees", "Employees", "count"),
        Target("company.revenue", "Annual revenue", "money"),
        Target("company.phone", "Company phone", "phone"),
        Target("company.country", "Company country", "country"),
        Target("company.city", "Company city"),
    ],
    ImportKind.COMPANIES: [
        Target("name", "Name", limit=200),
        Target("domain", "Domain", "domain"),
        Target("website", "Website", "url", limit=500),
        Target("industry", "Industry", "industry"),
        Target("employees", "Employees", "count"),
        Target("revenue", "Annual revenue", "money"),
        Target("phone", "Phone", "phone"),
        Target("country", "Country", "country"),
        Target("city", "City"),
        Target("created_at", "Created", "moment"),
    ],
    ImportKind.DEALS: [
        Target("external_id", "Deal id", "id", limit=150),
        Target("name", "Name", limit=200),
        Target("stage", "Stage"),
        Target("pipeline", "Pipeline"),
        Target("amount", "Amount", "money"),
        Target("lost_reason", "Reason lost", limit=200),
        Target("opened_at", "Opened", "moment"),
        Target("closed_at", "Closed", "moment"),
        Target("owner", "Owner", "person"),
        Target("email", "Contact e-mail", "email", limit=254),
        Target("lead_id", "Contact's id", "id", limit=200),
        Target("company.name", "Company", limit=200),
        Target("company.domain", "Company domain", "domain"),
    ],
    ImportKind.EVENTS: [
        Target("external_id", "Activity id", "id", limit=150),
        Target("kind", "What happened", limit=150),
        Target("occurred_at", "When", "moment"),
        Target("call_outcome", "Outcome of the call"),
        Target("meeting_outcome", "Outcome of the meeting"),
        Target("email", "Contact e-mail", "email", limit=254),
        Target("lead_id", "Contact's id", "id", limit=200),
        Target("user_id", "User id", "id", limit=200),
        Target("anonymous_id", "Anonymous id", "id", limit=200),
    ],
}


def targets_of(kind: str, fields: Iterable[Field]) -> dict[str, Target]:
    """Everything a column of such a file may become, by key; `fields` are the custom fields there are."""
    found = {target.key: target for target in TABLES[kind]}
    for field in fields:
        key = _key_of(kind, field)
        if key:
            found[key] = Target(
                key, field.label if key.startswith("fields.") else f"Company: {field.label}", field.type, 1000
            )
    if kind in (ImportKind.LEADS, ImportKind.COMPANIES):
        for type_ in NEW_TYPES:
            found[f"{NEW}{type_}"] = Target(f"{NEW}{type_}", f"New field: {type_.label.lower()}", str(type_), 1000)
    else:
        found[KEEP] = Target(KEEP, "Keep beside it", limit=2000)
    return found


def known_names(kind: str, fields: Iterable[Field]) -> dict[str, str]:
    """{plain header: key of its target}: labels, the names of data/headers.toml, custom fields by label and key."""
    names = {plain(target.label): target.key for target in TABLES[kind]}
    for key, headers in _headers()[kind].items():
        names |= {plain(header): key for header in headers}
    for field in fields:
        if key := _key_of(kind, field):
            of = "company " if key.startswith("company.") else ""
            names |= {plain(f"{of}{name}"): key for name in (field.label, field.key)}
    return names


def plain(name: str) -> str:
    """A header for comparing: "E-Mail_Address", "e mail address" and "E-Mail Address*" are the same."""
    bare = unicodedata.normalize("NFKD", name)
    letters = "".join(character for character in bare if not unicodedata.combining(character))
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", letters)
    return " ".join(re.sub(r"[^\w]+|_", " ", split.lower()).split())


def _key_of(kind: str, field: Field) -> str:
    own = Field.COMPANY if kind == ImportKind.COMPANIES else Field.LEAD
    if kind not in (ImportKind.LEADS, ImportKind.COMPANIES) or (kind == ImportKind.COMPANIES and field.of != own):
        return ""
    return f"fields.{field.key}" if field.of == own else f"company.fields.{field.key}"


@cache
def _headers() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(Path(__file__).with_name("data").joinpath("headers.toml").read_text(encoding="utf-8"))
