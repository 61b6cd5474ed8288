"""How records of Odoo become rows, and our values its own."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from leads.crm.words import Ref, Row, Window
from leads.enums import CrmKind, DealState, FieldType

PARTNER, LEAD, MESSAGE, USER, STAGE = "res.partner", "crm.lead", "mail.message", "res.users", "crm.stage"
MODEL: dict[str, str] = {
    CrmKind.OWNERS: USER, CrmKind.COMPANIES: PARTNER, CrmKind.CONTACTS: PARTNER, CrmKind.LEADS: LEAD,
    CrmKind.DEALS: LEAD, CrmKind.ACTIVITIES: MESSAGE,
}  # fmt: skip
# Whoever has an address is a person, also once the lead is an opportunity: it keeps its id when it becomes one.
DOMAIN: dict[str, list[Any]] = {
    CrmKind.OWNERS: [["share", "=", False]],
    CrmKind.COMPANIES: [["is_company", "=", True]],
    CrmKind.CONTACTS: [["is_company", "=", False], ["type", "=", "contact"]],
    CrmKind.LEADS: ["|", ["type", "=", "lead"], ["email_from", "!=", False]],
    CrmKind.DEALS: [["type", "=", "opportunity"]],
    CrmKind.ACTIVITIES: [
        ["model", "in", [LEAD, PARTNER]],
        "|", ["message_type", "in", ["email", "email_outgoing", "comment"]], ["mail_activity_type_id", "!=", False],
    ],
}  # fmt: skip
ALWAYS: dict[str, tuple[str, ...]] = {
    CrmKind.OWNERS: ("name", "login", "email"),
    CrmKind.COMPANIES: (),
    CrmKind.CONTACTS: ("email", "parent_id"),
    CrmKind.LEADS: ("email_from", "partner_id"),
    CrmKind.DEALS: ("active", "probability", "stage_id", "partner_id", "email_from"),
    CrmKind.ACTIVITIES: ("message_type", "is_internal", "mail_activity_type_id", "date", "subject", "model", "res_id"),
}
TYPES = {
    "boolean": FieldType.BOOLEAN, "integer": FieldType.NUMBER, "float": FieldType.NUMBER, "monetary": FieldType.NUMBER,
    "date": FieldType.DATE, "datetime": FieldType.DATE, "selection": FieldType.CHOICE,
}  # fmt: skip
BY_ID = ("stage_id", "team_id", "user_id", "partner_id", "parent_id")  # of other references the name counts
DONE = {"phonecall": "call_held", "meeting": "meeting_held"}
LOST = "lost"  # the stage of what is lost: Odoo archives it and leaves it in the stage it was in
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
DAY = re.compile(r"\d{4}-\d\d-\d\d")


def within(window: Window) -> list[Any]:
    """Odoo keeps microseconds and shows seconds, so a window is of whole seconds, rounded outwards."""
    end = window.end + timedelta(seconds=1)
    start = [["write_date", ">=", _moment(window.start)]] if window.start else []
    return [*start, ["write_date", "<=", _moment(end)]]


def value_of(name: str, value: Any, type_: str = "") -> Any:
    """A value in our words. Odoo says false for everything that is empty."""
    if value is False:
        return False if type_ == "boolean" else None
    if isinstance(value, list):
        if len(value) == 2 and isinstance(value[1], str):
            return str(value[0]) if name in BY_ID else value[1]
        return [str(each) for each in value]
    if isinstance(value, str):
        if MOMENT.fullmatch(value):
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        return date.fromisoformat(value) if DAY.fullmatch(value) else value
    return value


def told(value: Any) -> Any:
    """A value as Odoo takes it."""
    match value:
        case None | "":
            return False
        case datetime():
            return _moment(value)
        case date():
            return value.isoformat()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case list() | tuple():
            return ", ".join(map(str, value))
    return value


@dataclass(frozen=True)
class Around:
    """What else is to be known of the records of a page: types of fields, partners they refer to, ids of the stages
    of won opportunities, categories of activities by id.
    """

    types: Mapping[str, str]
    partners: Mapping[int, Mapping[str, Any]]
    won: Sequence[int]
    activities: Mapping[int, str]


def row_of(kind: str, record: Mapping[str, Any], page: Around) -> Row:
    values = {name: value_of(name, value, page.types.get(name, "")) for name, value in record.items()}
    state = _state(record, page.won) if kind == CrmKind.DEALS else ""
    if state == DealState.LOST:
        values["stage_id"] = LOST
    links, same_as = _links(kind, record, page.partners), tuple[Ref, ...]()
    if kind == CrmKind.LEADS:
        same_as = tuple((CrmKind.CONTACTS, id) for id in links.pop(CrmKind.CONTACTS, ()))
    if kind == CrmKind.OWNERS:
        login = values.get("login") or ""
        values["email"] = values.get("email") or (login if "@" in login else None)
    if kind == CrmKind.ACTIVITIES:
        values = {
            "kind": _what(record, page.activities),
            "occurred_at": values.get("date"),
            "subject": values.get("subject"),
        }
    modified = value_of("", record["write_date"])
    return Row(kind, str(record["id"]), modified, values, links, value_of("", record.get("create_date")), state,
               same_as=same_as)  # fmt: skip


def _links(kind: str, record: Mapping[str, Any],
           partners: Mapping[int, Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:  # fmt: skip
    links: dict[str, tuple[str, ...]] = {}
    if kind == CrmKind.CONTACTS and record.get("parent_id"):
        links[CrmKind.COMPANIES] = (str(record["parent_id"][0]),)
    if kind == CrmKind.ACTIVITIES:
        links[CrmKind.LEADS if record["model"] == LEAD else CrmKind.CONTACTS] = (str(record["res_id"]),)
    if kind == CrmKind.DEALS and record.get("email_from"):
        links[CrmKind.LEADS] = (str(record["id"]),)
    if kind in (CrmKind.LEADS, CrmKind.DEALS) and record.get("partner_id"):
        id = record["partner_id"][0]
        partner = partners.get(id, {})
        if partner.get("is_company"):
            links[CrmKind.COMPANIES] = (str(id),)
        else:
            links[CrmKind.CONTACTS] = (str(id),)
            if partner.get("parent_id"):
                links[CrmKind.COMPANIES] = (str(partner["parent_id"][0]),)
    return links


def _state(record: Mapping[str, Any], won: Sequence[int]) -> str:
    stage = record["stage_id"][0] if record.get("stage_id") else 0
    if record.get("probability") == 100 or (record.get("active") and stage in won):
        return DealState.WON
    return DealState.OPEN if record.get("active") else DealState.LOST


def _what(record: Mapping[str, Any], activities: Mapping[int, str]) -> str:
    if record.get("mail_activity_type_id"):
        return DONE.get(activities.get(record["mail_activity_type_id"][0], ""), "task_done")
    if record["message_type"] == "email":
        return "email_received"
    return "note_taken" if record.get("is_internal") else "email_sent"


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
