"""Writing to Salesforce: 200 records a request, each with its own answer."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from leads.crm.salesforce.org import Org
from leads.crm.salesforce.rows import lists_of, told
from leads.crm.words import PushResult, PushRow

GONE = ("ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID")
PASSING = (
    "UNABLE_TO_LOCK_ROW",
    "REQUEST_RUNNING_TOO_LONG",
    "SERVER_UNAVAILABLE",
    "QUERY_TIMEOUT",
    "TXN_SECURITY_METERING_ERROR",
)
# A lead that was converted cannot be written any more; the contact it became is a row of its own, and is.
DONE = ("CANNOT_UPDATE_CONVERTED_LEAD",)
LONGEST = 255  # letters of the text fields that we made


def push(org: Org, sobject: str, rows: Sequence[PushRow], own_field: str) -> list[PushResult]:
    """Update the rows that are there and make the others: one request for each, and one query to tell which is which.

    `own_field` is the field that holds our number of a lead, "" where there is none.
    """
    found = _found(org, sobject, [row for row in rows if not row.id], own_field)
    changes = [(row, row.id or found[row.key]) for row in rows if row.id or row.key in found]
    new, again = _once([row for row in rows if not row.id and row.key not in found])
    results = {result.key: result for result in again}
    for made, records, some in (
        (False, [{"id": id, **_told(row)} for row, id in changes], [row for row, _ in changes]),
        (True, [_new(sobject, row, own_field) for row in new], new),
    ):
        if records:
            results |= {each.key: each for each in _send(org, sobject, some, records, made)}
    return [results[row.key] for row in rows]


def _found(org: Org, sobject: str, rows: Sequence[PushRow], own_field: str) -> dict[int, str]:
    """{key of a row: the id of the record that is this person already}. Our own number counts before the address."""
    by_own: dict[str, str] = {}
    by_email: dict[str, str] = {}
    own = [row.own_id for row in rows if row.own_id and own_field]
    for field, texts in ((own_field, own), ("Email", [row.email for row in rows if row.email])):
        for some in lists_of(texts):
            fields = ", ".join(filter(None, ("Id", "Email", own_field)))
            for record in org.query(f"SELECT {fields} FROM {sobject} WHERE {field} IN ({some}) ORDER BY Id"):
                by_own.setdefault(str(record.get(own_field) or ""), record["Id"])
                by_email.setdefault(str(record.get("Email") or "").lower(), record["Id"])
    found = {row.key: by_own.get(row.own_id if own_field else "") or by_email.get(row.email.lower()) for row in rows}
    return {key: id for key, id in found.items() if id}


def _once(rows: Sequence[PushRow]) -> tuple[list[PushRow], list[PushResult]]:
    """Of several rows with one address only the first is made; the others find it when they come again."""
    first: dict[str, PushRow] = {}
    for row in rows:
        first.setdefault(row.email.lower() or f"#{row.own_id or row.key}", row)
    chosen = {row.key for row in first.values()}
    words = "Another lead of this request has the same address."
    return list(first.values()), [
        PushResult(row.key, ok=False, error=words, again=True) for row in rows if row.key not in chosen
    ]


def _send(org: Org, sobject: str, rows: Sequence[PushRow], records: Sequence[Mapping[str, Any]],
          made: bool) -> list[PushResult]:  # fmt: skip
    typed = [{"attributes": {"type": sobject}, **record} for record in records]
    body = {"allOrNone": False, "records": typed}
    answers = org.rest("composite/sobjects", "POST" if made else "PATCH", json=body)
    ids = [str(record.get("id", "")) for record in records]
    return [_result(row, id, answer, made) for row, id, answer in zip(rows, ids, answers, strict=True)]


def _result(row: PushRow, id: str, answer: Mapping[str, Any], made: bool) -> PushResult:
    if answer["success"]:
        return PushResult(row.key, answer.get("id") or id, made=made)
    error = answer["errors"][0]
    code, fields = error["statusCode"], error.get("fields") or []
    if code in DONE:
        return PushResult(row.key, id)
    # The same code says that a record it refers to, such as its owner, is not there: then it names the field.
    gone = code in GONE and not fields and not made
    named = f" [{', '.join(fields)}]" if fields else ""
    words = f"{error['message']}{named} ({code})"
    return PushResult(row.key, id, ok=False, error=words, gone=gone, again=code in PASSING)


def _new(sobject: str, row: PushRow, own_field: str) -> dict[str, Any]:
    """A record to be made: with what Salesforce insists on, where we do not know better."""
    values = _told(row) | {"Email": row.email or None} | ({own_field: row.own_id} if own_field else {})
    name = re.split(r"[@+]", row.email)[0] or "Unknown"
    needed = {"LastName": name} if sobject in ("Contact", "Lead") else {"Name": name}
    if sobject == "Lead":
        needed["Company"] = "Unknown"
    return {**values, **{field: text for field, text in needed.items() if not values.get(field)}}


def _told(row: PushRow) -> dict[str, Any]:
    values = {name: told(value) for name, value in row.values.items()}
    ours = {name for name in values if name.startswith("Leadscore_") and isinstance(values[name], str)}
    return {name: value[:LONGEST] if name in ours else value for name, value in values.items()}
