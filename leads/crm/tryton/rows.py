"""How records of Tryton become rows, and how it writes moments and what belongs to a party."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from leads.crm.words import Row, Window
from leads.enums import CrmKind, DealState

PARTY, MECHANISM, DEAL, EMPLOYEE = "party.party", "party.contact_mechanism", "sale.opportunity", "company.employee"
MODEL: dict[str, str] = {CrmKind.OWNERS: EMPLOYEE, CrmKind.CONTACTS: PARTY, CrmKind.DEALS: DEAL}
KNOWN = ("email", "phone", "mobile", "website")  # types of mechanisms that are fields by themselves
OF_MECHANISM = ("type", "name", "value", "create_date", "write_date")
FIELDS: dict[str, list[str]] = {
    CrmKind.OWNERS: ["party.name", "party.email"],
    CrmKind.CONTACTS: ["name", "replaced_by", *(f"contact_mechanisms.{name}" for name in OF_MECHANISM)],
    CrmKind.DEALS: [
        "number",
        "description",
        "amount",
        "state",
        "party",
        "employee",
        "start_date",
        "end_date",
        "lost_reason",
    ],
}
# Who was replaced is part of another.
LIVING: dict[str, list[list[str | None]]] = {CrmKind.CONTACTS: [["replaced_by", "=", None]]}
STAGES = {
    "lead": DealState.OPEN, "opportunity": DealState.OPEN, "converted": DealState.OPEN, "won": DealState.WON,
    "lost": DealState.LOST, "cancelled": DealState.LOST,
}  # fmt: skip


def within(window: Window, *, of_mechanisms: bool) -> list[Any]:
    """Written within the window, or made within it and not written since; of a party also what belongs to it."""

    def bounds(name: str) -> list[Any]:
        start = [[name, ">=", _moment(window.start)]] if window.start else []
        return [*start, [name, "<=", _moment(window.end)]]

    either: list[Any] = ["OR", bounds("write_date"), [["write_date", "=", None], *bounds("create_date")]]
    return [*either, ["contact_mechanisms", "where", list(either)]] if of_mechanisms else either


def row_of(kind: str, record: Mapping[str, Any]) -> Row:
    values = {name: value_of(value) for name, value in record.items() if not name.endswith(".")}
    changed = [values.get("write_date"), values.get("create_date")]
    links: dict[str, tuple[str, ...]] = {}
    if kind == CrmKind.OWNERS:
        values = {"email": record["party."]["email"] or None, "name": record["party."]["name"]}
    if kind == CrmKind.CONTACTS:
        for each in reversed(record["contact_mechanisms."]):
            values[field_of(each)] = each["value"]
            changed.append(value_of(each["write_date"]) or value_of(each["create_date"]))
    if kind == CrmKind.DEALS:
        links = {CrmKind.CONTACTS: (str(record["party"]),)} if record["party"] else {}
    modified = max(moment for moment in changed if moment)
    return Row(kind, str(record["id"]), modified, values, links, value_of(record["create_date"]),
               STAGES.get(record.get("state") or "", ""))  # fmt: skip


def field_of(mechanism: Mapping[str, Any]) -> str:
    """What we call it: its type, or the name that people gave it."""
    return mechanism["type"] if mechanism["type"] in KNOWN else mechanism["name"] or mechanism["type"]


def mechanism(name: str, text: str) -> dict[str, str]:
    return {"type": name, "value": text} if name in KNOWN else {"type": "other", "name": name, "value": text}


def value_of(value: Any) -> Any:
    if isinstance(value, dict):
        parts = [value.get(name, 0) for name in ("year", "month", "day", "hour", "minute", "second", "microsecond")]
        match value.get("__class__"):
            case "datetime":
                year, month, day, hour, minute, second, fraction = parts
                return datetime(year, month, day, hour, minute, second, fraction, UTC)
            case "date":
                return date(parts[0], parts[1], parts[2])
            case "Decimal":
                return Decimal(value["decimal"])
            case "timedelta":
                return timedelta(seconds=value["seconds"]).total_seconds()
    return value


def _moment(moment: datetime | None) -> dict[str, Any]:
    if moment is None:
        return {}
    utc = moment.astimezone(UTC)
    names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return {"__class__": "datetime"} | {name: getattr(utc, name) for name in names}


def literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
