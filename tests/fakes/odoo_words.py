"""The models of the fake Odoo, how it reads a domain and how it shows values."""

from datetime import UTC, datetime
from typing import Any

from leads.enums import CrmKind

LEAD, PARTNER = "crm.lead", "res.partner"
STAGES = [(1, "new", False), (2, "offer", False), (3, "won", True)]
COUNTRIES = [(57, "DE", "Germany"), (233, "US", "United States")]
COMMON = {"create_date": "datetime", "write_date": "datetime"}
PEOPLE = {"function": "char", "phone": "char", "city": "char", "website": "char", "country_id": "many2one",
          "user_id": "many2one", "email_normalized": "char"}  # fmt: skip
FIELDS: dict[str, dict[str, str]] = {
    "res.users": COMMON | {"name": "char", "login": "char", "email": "char", "share": "boolean"},
    PARTNER: COMMON | PEOPLE | {"name": "char", "email": "char", "is_company": "boolean", "type": "selection",
                                "parent_id": "many2one", "industry_id": "many2one", "active": "boolean"},
    LEAD: COMMON | PEOPLE | {
        "name": "char", "contact_name": "char", "email_from": "char", "partner_name": "char", "type": "selection",
        "active": "boolean", "probability": "float", "stage_id": "many2one", "partner_id": "many2one",
        "expected_revenue": "monetary", "date_closed": "datetime", "lost_reason": "many2one", "source_id": "many2one",
        "campaign_id": "many2one",
    },
    "mail.message": COMMON | {"message_type": "selection", "is_internal": "boolean", "date": "datetime",
                              "subject": "char", "mail_activity_type_id": "many2one", "model": "char",
                              "res_id": "many2one_reference"},
}  # fmt: skip
KINDS = {
    "res.users": (CrmKind.OWNERS,), PARTNER: (CrmKind.COMPANIES, CrmKind.CONTACTS),
    LEAD: (CrmKind.LEADS, CrmKind.DEALS), "mail.message": (CrmKind.ACTIVITIES,),
}  # fmt: skip
REFERENCES = {name for fields in FIELDS.values() for name, type_ in fields.items() if type_ == "many2one"}
ACTIVITIES = [(1, "Email", "default"), (2, "Call", "phonecall"), (3, "Meeting", "meeting")]
PERSON = {"title": "function", "phone": "phone", "owner": "user_id", "country": "country_id", "city": "city"}


def matches(flat: dict[str, Any], domain: list[Any]) -> bool:
    """A domain is written in front: "|" takes the next two, and what stands by itself must all hold."""
    terms = list(domain)

    def one() -> bool:
        term = terms.pop(0)
        if term == "|":
            return any([one(), one()])
        name, operator, value = term
        had = flat.get(name)
        if isinstance(had, datetime):
            value = datetime.fromisoformat(value).replace(tzinfo=UTC)
        match operator:
            case "=":
                return had == value
            case "!=":
                return had != value
            case "in":
                return had in value
            case ">":
                return had > value
            case ">=":
                return had >= value
        return had <= value

    held = True
    while terms:
        held = one() and held
    return held


def as_shown(flat: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: _cell(name, flat.get(name, False)) for name in dict.fromkeys(names)}


def _cell(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    if value in (None, ""):
        return False
    if name == "stage_id" and value:
        return [value, next(label.title() for id, label, _ in STAGES if id == value)]
    if name == "mail_activity_type_id" and value:
        return [value, next(label for id, label, _ in ACTIVITIES if id == value)]
    if name == "country_id" and value:
        return next(([id, label] for id, code, label in COUNTRIES if value in (id, code, label)), [0, str(value)])
    if name in REFERENCES and value:
        return [int(value), "Name"] if str(value).isdigit() else [1, str(value)]
    return value


def stage(name: Any) -> dict[str, Any]:
    """What is lost is archived and stays in the stage it was in."""
    if name == "lost":
        return {"active": False, "probability": 0.0, "stage_id": 2}
    id = next((id for id, known, _ in STAGES if known == name), name)
    return {"active": True, "probability": 100.0 if id == 3 else 20.0, "stage_id": id}
