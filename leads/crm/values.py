"""Values as text that can be compared: the same thing reads the same, whichever side wrote it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from leads.models import Company, Lead

COMPANY, CUSTOM = "company.", "fields."
SHORTEST_CUT = 20  # letters of a text that may have been cut
# What of a lead may be sent to a CRM under a field of its own.
SENDABLE = (
    "email", "first_name", "last_name", "name", "title", "phone", "country", "city", "website", "source", "owner",
    "company.name", "company.domain", "company.website", "company.industry", "company.employees", "company.phone",
    "company.country", "company.city",
)  # fmt: skip


def plain(value: Any) -> str:
    """A value as text; "" for what is empty. Numbers without idle zeros, moments in UTC, lists with semicolons."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float() | Decimal():
            return f"{Decimal(str(value)).normalize():f}"
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case list() | tuple():
            return ";".join(map(plain, value))
    return str(value).replace("\0", "").strip()


def alike(word: str, held: str) -> bool:
    """Whether a CRM may hold the word in that form: trimmed, cut, in other capitals, rounded."""
    said, form = " ".join(word.split()).casefold(), " ".join(held.split()).casefold()
    if said == form or (len(form) >= SHORTEST_CUT and said.startswith(form)):
        return True
    try:
        exact, rounded = Decimal(said), Decimal(form)
        return (
            exact.is_finite()
            and rounded.is_finite()
            and abs(exact - rounded) * 2 <= Decimal(1).scaleb(int(rounded.as_tuple().exponent))
        )
    except ArithmeticError:
        return False


def value_of(row: Lead | Company, key: str) -> Any:
    """What a lead or company has under a target of leads/ingest/targets.py; of the owner the id."""
    if isinstance(row, Lead) and key == "name":  # and nothing that stands in for it
        return f"{row.first_name} {row.last_name}".strip()
    if isinstance(row, Lead) and key.startswith(COMPANY):
        return _field(row.company, key.removeprefix(COMPANY)) if row.company else None
    return _field(row, "owner_id" if key == "owner" else key)


def _field(row: Any, key: str) -> Any:
    return row.fields.get(key.removeprefix(CUSTOM)) if key.startswith(CUSTOM) else getattr(row, key, None)


def ours_now(row: Lead | Company, keys: Iterable[str]) -> dict[str, str]:
    """{target: what the lead or company has now, as text}."""
    return {key: plain(value_of(row, key)) for key in keys}
