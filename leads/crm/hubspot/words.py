"""What HubSpot says and wants to hear, word by word (leads/crm/hubspot/connector.py does the asking)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from leads.crm.http import Reply
from leads.crm.values import plain
from leads.crm.words import OurField, PushResult, PushRow, RemoteField, Row
from leads.enums import CrmKind, DealState, FieldType

STAMPS: dict[str, str] = {CrmKind.CONTACTS: "lastmodifieddate"}  # everything else: hs_lastmodifieddate
LINKED = {CrmKind.CONTACTS: ("companies",), CrmKind.DEALS: ("contacts", "companies")}
ALWAYS = {
    CrmKind.CONTACTS: ("hs_merged_object_ids",), CrmKind.COMPANIES: ("hs_merged_object_ids",),
    CrmKind.DEALS: ("hs_merged_object_ids", "hs_is_closed", "hs_is_closed_won"),
}  # fmt: skip
# (name, scope, and the request that is refused without it)
SCOPES: tuple[tuple[str, str, str, str, str, Any], ...] = (
    ("Contacts, read", "crm.objects.contacts.read", "POST", "objects", "/contacts/search", {"limit": 1}),
    ("Contacts, write", "crm.objects.contacts.write", "POST", "objects", "/contacts/batch/update", {"inputs": []}),
    ("Contact fields, make", "crm.schemas.contacts.write", "POST", "properties", "/contacts/batch/create",
     {"inputs": []}),
    ("Companies, read", "crm.objects.companies.read", "POST", "objects", "/companies/search", {"limit": 1}),
    ("Deals, read", "crm.objects.deals.read", "POST", "objects", "/deals/search", {"limit": 1}),
    ("Owners, read", "crm.objects.owners.read", "GET", "owners", "", None),
)  # fmt: skip
# Kinds of activities: {object: (kind of event, properties kept with it)}
ACTIVITIES = {
    "calls": ("call_held", ("hs_call_title", "hs_call_status", "hs_call_disposition")),
    "meetings": ("meeting_held", ("hs_meeting_title", "hs_meeting_outcome")),
    "emails": ("email_sent", ("hs_email_subject", "hs_email_direction")),
    "notes": ("note_taken", ()),
}
OTHERWISE = {
    ("hs_meeting_outcome", "SCHEDULED"): "meeting_planned", ("hs_meeting_outcome", "RESCHEDULED"): "meeting_planned",
    ("hs_meeting_outcome", "NO_SHOW"): "meeting_missed", ("hs_meeting_outcome", "CANCELED"): "meeting_missed",
    ("hs_email_direction", "INCOMING_EMAIL"): "email_received", ("hs_call_status", "NO_ANSWER"): "call_attempted",
    ("hs_call_status", "BUSY"): "call_attempted", ("hs_call_status", "FAILED"): "call_attempted",
}  # fmt: skip
NAMED = dict.fromkeys(("hs_call_title", "hs_meeting_title", "hs_email_subject"), "subject")
TYPES = {"number": FieldType.NUMBER, "enumeration": FieldType.CHOICE, "date": FieldType.DATE,
         "datetime": FieldType.DATE, "bool": FieldType.BOOLEAN}  # fmt: skip
MADE = {FieldType.NUMBER: ("number", "number"), FieldType.CHOICE: ("enumeration", "select"),
        FieldType.DATE: ("date", "date")}  # fmt: skip


def stamp(kind: str) -> str:
    """The property that says when a record changed."""
    return STAMPS.get(kind, "hs_lastmodifieddate")


def ms(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def by(name: str, direction: str = "ASCENDING") -> dict[str, str]:
    return {"propertyName": name, "direction": direction}


def following(answer: Mapping[str, Any]) -> str:
    """The cursor of the next page; "" on the last one."""
    return str(answer.get("paging", {}).get("next", {}).get("after", ""))


def words(reply: Reply) -> str:
    """What is wrong, with the scopes that are missing."""
    try:
        said = reply.json()
        scopes = {
            scope for error in said.get("errors", []) for name, found in error.get("context", {}).items()
            if "scopes" in name.lower() for scope in found
        }  # fmt: skip
        return str(said.get("message", "")) + (f" Missing: {', '.join(sorted(scopes))}." if scopes else "")
    except Exception:  # whatever stands there instead
        return reply.text[:200]


# Reading


def row_of(kind: str, said: Mapping[str, Any], links: Mapping[str, tuple[str, ...]]) -> Row:
    values = said["properties"]
    merged = tuple(id for id in (values.get("hs_merged_object_ids") or "").split(";") if id)
    return Row(
        kind, said["id"], changed_at(kind, said), values, links,
        moment(said["createdAt"]), _deal_state(values) if kind == CrmKind.DEALS else "", merged,
        archived=bool(said.get("archived")),
    )  # fmt: skip


def changed_at(kind: str, said: Mapping[str, Any]) -> datetime:
    return moment(said["properties"].get(stamp(kind)) or said["updatedAt"])


def _deal_state(values: Mapping[str, Any]) -> str:
    if values.get("hs_is_closed_won") == "true":
        return DealState.WON
    return {"true": DealState.LOST, "false": DealState.OPEN}.get(values.get("hs_is_closed") or "", "")


def stage_state(metadata: Mapping[str, Any]) -> str:
    """Won or lost by the stage's own word: it is closed, and how probable a win is there."""
    chance = float(metadata.get("probability") or 0)
    if str(metadata.get("isClosed", "")).lower() == "true" or chance == 1:
        return DealState.WON if chance == 1 else DealState.LOST
    return DealState.OPEN


def activity_of(of: str, said: Mapping[str, Any], contacts: tuple[str, ...]) -> Row:
    values, (what, kept) = said["properties"], ACTIVITIES[of]
    what = next((OTHERWISE[pair] for pair in values.items() if pair in OTHERWISE), what)
    at = moment(values.get("hs_timestamp") or said["createdAt"])
    properties = {NAMED.get(name, name.removeprefix("hs_")): values.get(name) for name in kept}
    return Row(CrmKind.ACTIVITIES, f"{of}:{said['id']}", changed_at(of, said),
               {"kind": what, "occurred_at": at, **properties}, {CrmKind.CONTACTS: contacts})  # fmt: skip


def owner_of(said: Mapping[str, Any]) -> Row:
    name = f"{said.get('firstName', '')} {said.get('lastName', '')}".strip()
    return Row(CrmKind.OWNERS, said["id"], moment(said["updatedAt"]), {"email": said.get("email"), "name": name})


def field_of(said: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> RemoteField:
    samples = (row["properties"].get(said["name"]) for row in rows)
    is_owner = said.get("referencedObjectType") == "OWNER"
    writable = not said.get("calculated") and not said.get("modificationMetadata", {}).get("readOnlyValue")
    return RemoteField(
        said["name"], said["label"], "owner" if is_owner else TYPES.get(said["type"], FieldType.TEXT),
        tuple((option["value"], option["label"]) for option in said.get("options", [])), writable,
        tuple(str(sample)[:100] for sample in samples if sample),
    )  # fmt: skip


def is_secondary(link: Mapping[str, Any]) -> bool:
    return not any("primary" in str(each.get("label", "")).lower() for each in link.get("associationTypes", []))


# Writing


def input_of(row: PushRow) -> dict[str, Any]:
    """Of a batch: ids and values are text, "" empties. What is made is known by its e-mail address."""
    properties = {name: plain(value) for name, value in row.values.items()}
    known = {"id": row.id} if row.id else {"idProperty": "email", "id": row.email}
    return {**known, "properties": properties, "objectWriteTraceId": str(row.key)}


def results_of(kind: str, rows: Sequence[PushRow], answer: Mapping[str, Any]) -> dict[int, PushResult]:
    """{key: result}. A row of which nothing is said is asked for again."""
    by_trace = {str(row.key): row for row in rows}
    by_id = {row.id or row.email.lower(): row for row in rows}
    done: dict[int, PushResult] = {}
    for said in answer.get("results", []):
        email = (said["properties"].get("email") or "").lower()
        row = by_trace.get(said.get("objectWriteTraceId", "")) or by_id.get(said["id"]) or by_id.get(email)
        if row:
            made, at = bool(said.get("new")), changed_at(kind, said)
            done[row.key] = PushResult(row.key, said["id"], made=made, modified_at=at)
    for error in answer.get("errors", []):
        gone = error.get("category") == "OBJECT_NOT_FOUND"
        context = error.get("context", {})
        for name in (*context.get("objectWriteTraceId", []), *context.get("ids", [])):
            if row := by_trace.get(name) or by_id.get(str(name).lower()):
                done[row.key] = PushResult(row.key, row.id, ok=False, error=error["message"], gone=gone)
    quiet = "HubSpot said nothing of this row."
    return {
        row.key: done.get(row.key) or PushResult(row.key, row.id, ok=False, error=quiet, again=True) for row in rows
    }


def property_of(field: OurField, name: str) -> dict[str, Any]:
    kind, shown = MADE.get(FieldType(field.type), ("string", "text"))
    made: dict[str, Any] = {
        "name": name, "label": field.label, "type": kind, "fieldType": shown, "groupName": "leadscore",
        "description": field.help,
    }  # fmt: skip
    if field.choices:
        made["options"] = [
            {"label": label, "value": value, "hidden": False, "displayOrder": place}
            for place, (value, label) in enumerate(field.choices)
        ]
    return made
