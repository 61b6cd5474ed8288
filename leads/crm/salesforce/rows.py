"""How Salesforce writes queries and values, and how its records become rows."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from leads.crm.words import Busy, Row, Window
from leads.enums import CrmKind, DealState, FieldType

SOBJECT = {
    CrmKind.OWNERS: "User", CrmKind.COMPANIES: "Account", CrmKind.CONTACTS: "Contact", CrmKind.LEADS: "Lead",
    CrmKind.DEALS: "Opportunity", CrmKind.ACTIVITIES: "Task",
}  # fmt: skip
LONGEST = 10_000_000  # signs of a value: descriptions are long
ALWAYS = {
    "User": ("Email", "Name"),
    "Account": (),
    "Contact": ("Email", "AccountId"),
    "Lead": ("Email", "IsConverted", "ConvertedContactId"),
    "Opportunity": ("AccountId", "IsClosed", "IsWon", "(SELECT ContactId FROM OpportunityContactRoles)"),
    "Task": ("Subject", "TaskSubtype", "WhoId", "ActivityDate", "CompletedDateTime"),
    "Event": ("Subject", "WhoId", "StartDateTime"),
}
TYPES = {
    "boolean": FieldType.BOOLEAN, "int": FieldType.NUMBER, "long": FieldType.NUMBER, "double": FieldType.NUMBER,
    "currency": FieldType.NUMBER, "percent": FieldType.NUMBER, "date": FieldType.DATE, "datetime": FieldType.DATE,
    "picklist": FieldType.CHOICE, "multipicklist": FieldType.LIST,
}  # fmt: skip
MERGED = ("Account", "Contact", "Lead")  # what people merge there
TASKS = {"Call": "call_held", "Email": "email_sent"}
PERSON = {"003": CrmKind.CONTACTS, "00Q": CrmKind.LEADS}  # what an id begins with
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")
DAY = re.compile(r"\d{4}-\d\d-\d\d")


def selected(sobject: str, fields: Sequence[str], *, deleted: bool = False) -> str:
    """What follows SELECT: each once, whatever case people wrote it in."""
    names = ["Id", "CreatedDate", "SystemModstamp", *ALWAYS[sobject], *fields]
    if deleted:
        names += ["IsDeleted", *(["MasterRecordId"] if sobject in MERGED else [])]
    return ", ".join({name.lower(): name for name in reversed(names)}.values())


def within(sobject: str, window: Window) -> list[str]:
    """The conditions of a window, both ends included. Activities: what is done, and meetings once they are over."""
    end, start = _moment(window.end), _moment(window.start) if window.start else ""
    changed = [f"SystemModstamp >= {start}"] if start else []
    changed.append(f"SystemModstamp <= {end}")
    if sobject == "Task":
        return [*changed, "IsClosed = true"]
    if sobject == "Event" and start:
        return [f"EndDateTime <= {end}", f"(EndDateTime >= {start} OR SystemModstamp >= {start})"]
    return [f"EndDateTime <= {end}"] if sobject == "Event" else changed


def quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{plain}'"


def lists_of(texts: Iterable[str], most: int = 6000) -> Iterator[str]:
    """Lists for IN (…), each short enough for the address of a request."""
    part: list[str] = []
    for text in map(quoted, texts):
        if sum(map(len, part)) + len(text) + 3 * len(part) > most:
            yield ", ".join(part)
            part = []
        part.append(text)
    if part:
        yield ", ".join(part)


def row_of(kind: str, record: Mapping[str, Any]) -> Row:
    """A record of a query, or of a line of Bulk whose values were read with `typed`."""
    values = {name: value_of(value) for name, value in record.items() if name != "attributes"}
    modified = values.get("SystemModstamp")
    return Row(
        kind, str(record["Id"]), modified if isinstance(modified, datetime) else datetime.now(UTC),
        _activity(values) if kind == CrmKind.ACTIVITIES else _owner(values) if kind == CrmKind.OWNERS else values,
        _links(kind, values), values.get("CreatedDate"), state=_state(kind, values),
        same_as=((CrmKind.CONTACTS, str(values["ConvertedContactId"])),) if values.get("ConvertedContactId") else (),
        archived=bool(values.get("IsDeleted")),
    )  # fmt: skip


def value_of(value: Any) -> Any:
    if isinstance(value, str):
        if MOMENT.fullmatch(value):
            return datetime.fromisoformat(value)
        return date.fromisoformat(value) if DAY.fullmatch(value) else value
    if isinstance(value, dict) and "records" in value:
        return [next((each[name] for name in each if name != "attributes"), "") for each in value["records"]]
    return value


def told(value: Any) -> Any:
    """A value as Salesforce takes it in JSON."""
    match value:
        case datetime():
            return _moment(value)
        case date():
            return value.isoformat()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case list() | tuple():
            return ";".join(map(str, value))
    return value


def read_csv(text: str, count: int, types: Mapping[str, str]) -> list[dict[str, Any]]:
    """The records of a page of Bulk. Raises Busy where it was cut short: nothing else tells."""
    with _long_fields():
        records = list(csv.DictReader(io.StringIO(text.replace("\0", ""))))
    if len(records) != count or not text.endswith("\n"):
        raise Busy("The answer ended in its middle.")
    return [{name: _typed(value, types.get(name, "")) for name, value in record.items()} for record in records]


@contextmanager
def _long_fields() -> Iterator[None]:
    """The limit is one for the whole process, and reading files relies on it: an open quote must end somewhere."""
    before = csv.field_size_limit(LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _typed(text: str | None, type_: str) -> Any:
    if not text:
        return None
    if type_ == "boolean":
        return text == "true"
    return Decimal(text) if TYPES.get(type_) == FieldType.NUMBER else text


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def _owner(values: dict[str, Any]) -> dict[str, Any]:
    return {"email": values.get("Email"), "name": values.get("Name"), **values}


def _activity(values: dict[str, Any]) -> dict[str, Any]:
    kept = {"subject": values.get("Subject")}
    if "StartDateTime" in values:
        return {"kind": "meeting_held", "occurred_at": values["StartDateTime"], **kept}
    when = values.get("CompletedDateTime") or values.get("ActivityDate") or values.get("SystemModstamp")
    if isinstance(when, date) and not isinstance(when, datetime):
        when = datetime(when.year, when.month, when.day, 12, tzinfo=UTC)
    return {"kind": TASKS.get(values.get("TaskSubtype") or "", "task_done"), "occurred_at": when, **kept}


def _links(kind: str, values: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    links: dict[str, tuple[str, ...]] = {}
    if values.get("AccountId") and kind in (CrmKind.CONTACTS, CrmKind.DEALS):
        links[CrmKind.COMPANIES] = (values["AccountId"],)
    if values.get("OpportunityContactRoles"):
        links[CrmKind.CONTACTS] = tuple(values["OpportunityContactRoles"])
    who = values.get("WhoId") or ""
    if who[:3] in PERSON:
        links[PERSON[who[:3]]] = (who,)
    return links


def _state(kind: str, values: Mapping[str, Any]) -> str:
    if kind != CrmKind.DEALS:
        return ""
    if values.get("IsWon"):
        return DealState.WON
    return DealState.LOST if values.get("IsClosed") else DealState.OPEN
