"""Rows of a file → records, and records → the database, for each kind of file."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from leads.enums import ImportKind
from leads.ingest.companies import upsert_companies
from leads.ingest.deals import row_id, upsert_deals
from leads.ingest.events import record_events
from leads.ingest.kinds import slug_of
from leads.ingest.leads import upsert_leads
from leads.ingest.records import CompanyRecord, DealRecord, EventRecord, LeadRecord, Outcome, Result
from leads.ingest.targets import KEEP, Target, plain
from leads.models import Source

# What was read of one row: (target, column, value), in the order of the file.
Values = Sequence[tuple[Target, str, Any]]
COMPANY = "company."

ACTIVITIES = {
    "call": "call_held", "anruf": "call_held", "telefonat": "call_held", "appel": "call_held", "llamada": "call_held",
    "meeting": "meeting_held", "termin": "meeting_held", "besprechung": "meeting_held", "réunion": "meeting_held",
    "reunión": "meeting_held", "email": "email_sent", "e-mail": "email_sent", "mail": "email_sent",
    "note": "note_taken", "notiz": "note_taken", "nota": "note_taken", "task": "task_set", "aufgabe": "task_set",
    "tâche": "task_set", "tarea": "task_set",
}  # fmt: skip
# An attempt is not a call held, and a plan is not a meeting held.
OUTCOMES = {
    ("call_held", "no answer"): "call_attempted", ("call_held", "left voicemail"): "call_attempted",
    ("call_held", "wrong number"): "call_attempted", ("call_held", "busy"): "call_attempted",
    ("call_held", "left live message"): "call_attempted",
    ("meeting_held", "scheduled"): "meeting_planned", ("meeting_held", "rescheduled"): "meeting_planned",
    ("meeting_held", "no show"): "meeting_missed", ("meeting_held", "cancelled"): "meeting_missed",
    ("meeting_held", "canceled"): "meeting_missed",
}  # fmt: skip


def record_of(kind: str, values: Values, policy: str = "") -> Any:
    """The record of a row of such a file."""
    return _RECORDS[kind](values, policy)


def take(kind: str, source: Source, records: Sequence[Any], *, policy: str, by: Any) -> list[Outcome]:
    """Hand the records to the verb for their kind. An event is created when stored, unchanged when known."""
    match kind:
        case ImportKind.LEADS:
            return upsert_leads(source, records, policy=policy, by=by)
        case ImportKind.COMPANIES:
            return upsert_companies(source, records, policy=policy, by=by)
        case ImportKind.DEALS:
            return upsert_deals(source, records, policy=policy, by=by)
    outcomes = record_events(source, records)
    for outcome in outcomes:
        outcome.result = {Result.STORED: Result.CREATED, Result.DUPLICATE: Result.UNCHANGED}.get(
            outcome.result, outcome.result
        )
    return outcomes


def _lead(values: Values, policy: str) -> LeadRecord:
    said = {target.key: value for target, _, value in values}
    ids = tuple(value for target, _, value in values if target.key == "external_id")
    said.pop("external_id", None)
    own = said.pop("lead", None)
    if full := said.pop("name", ""):
        first, _, last = full.rpartition(" ") if "," not in full else tuple(reversed(full.partition(", ")))
        said = {"first_name": first.strip(), "last_name": last.strip()} | said
    if not ids and not said.get("email") and said.get("phone"):
        ids = (f"phone:{said['phone']}",)
    return LeadRecord(_own(said), _of_company(said), ids, policy, own)


def _company(values: Values, policy: str) -> CompanyRecord:
    return CompanyRecord({target.key: value for target, _, value in values})


def _deal(values: Values, policy: str) -> DealRecord:
    said = {target.key: value for target, _, value in values if target.key != KEEP}
    said |= {f"fields.{slug_of(column)}": value for target, column, value in values if target.key == KEEP}
    party = {name: said.pop(name, "") for name in ("external_id", "email", "lead_id")}
    return DealRecord(
        values=_own(said),
        external_id=party["external_id"],
        email=party["email"],
        lead_external_id=party["lead_id"],
        company=_of_company(said),
    )


def _event(values: Values, policy: str) -> EventRecord:
    said = {target.key: value for target, _, value in values if target.key != KEEP}
    properties = {slug_of(column): value for target, column, value in values if target.key == KEEP}
    for name in ("call_outcome", "meeting_outcome"):
        if said.get(name):
            properties["outcome"] = said[name]
    at: datetime | None = said.get("occurred_at")
    return EventRecord(
        kind=_kind(said),
        occurred_at=at,
        message_id=said.get("external_id")
        or row_id([(target.key, column, str(value)) for target, column, value in values]),
        properties=properties,
        email=said.get("email", ""),
        external_id=said.get("lead_id", ""),
        user_id=said.get("user_id", ""),
        anonymous_id=said.get("anonymous_id", ""),
    )


def _kind(said: Mapping[str, Any]) -> str:
    name = said.get("kind", "")
    kind = ACTIVITIES.get(name.strip().lower(), name)
    outcome = said.get("call_outcome") or said.get("meeting_outcome") or ""
    return OUTCOMES.get((kind, plain(outcome)), kind)


def _of_company(said: Mapping[str, Any]) -> dict[str, Any]:
    return {key.removeprefix(COMPANY): value for key, value in said.items() if key.startswith(COMPANY)}


def _own(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is not said of the company."""
    return {key: value for key, value in said.items() if not key.startswith(COMPANY)}


_RECORDS: dict[str, Callable[[Values, str], Any]] = {
    ImportKind.LEADS: _lead,
    ImportKind.COMPANIES: _company,
    ImportKind.DEALS: _deal,
    ImportKind.EVENTS: _event,
}
