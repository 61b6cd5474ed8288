"""Writing to Odoo: rows that get the same values are one request. One missing record would fail them all."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from leads.crm.odoo.api import MISSING, Api, NoRightError, OdooError
from leads.crm.odoo.rows import LEAD, told
from leads.crm.words import Busy, Denied, PushResult, PushRow

GONE = "There is no such record any more."


def push(api: Api, model: str, domain: Sequence[Any], rows: Sequence[PushRow], email: str,
         own_field: str) -> list[PushResult]:  # fmt: skip
    """Update the rows that are there and make the others. `email` and `own_field` are the names of those fields, the
    latter "" where there is none.
    """
    results: dict[int, PushResult] = {}
    try:
        found = _found(api, model, domain, [row for row in rows if not row.id], email, own_field)
        countries = _countries(api, rows)
        groups: dict[str, list[PushRow]] = {}
        for row in rows:
            if row.id or row.key in found:
                groups.setdefault(json.dumps(_told(row, countries), sort_keys=True), []).append(row)
        for values, some in groups.items():
            ids = {row.key: int(row.id or found[row.key]) for row in some}
            results |= _write(api, model, some, ids, json.loads(values))
        new, results_again = _once([row for row in rows if not row.id and row.key not in found])
        results |= results_again
        results |= _make(api, model, new, [_new(model, row, email, own_field, countries) for row in new])
    except (Busy, Denied) as error:
        if not results:
            raise
        # What is written is written; the others come again.
        later = {row.key: PushResult(row.key, row.id, ok=False, error=str(error), again=True) for row in rows}
        results = later | results
    return [results[row.key] for row in rows]


def _write(api: Api, model: str, rows: Sequence[PushRow], ids: Mapping[int, int],
           values: Mapping[str, Any]) -> dict[int, PushResult]:  # fmt: skip
    """One request for all; if one of them spoils it, those that are gone are found, and then in halves who it was."""
    numbers = [ids[row.key] for row in rows]
    try:
        api.call(model, "write", numbers, vals=values)
        return {row.key: PushResult(row.key, str(ids[row.key])) for row in rows}
    except (OdooError, NoRightError) as error:
        if getattr(error, "name", "") == MISSING:
            there = {row["id"] for row in api.rows(model, [["id", "in", numbers]], ["id"])}
            gone = [row for row in rows if ids[row.key] not in there]
            results = {row.key: PushResult(row.key, str(ids[row.key]), ok=False, error=GONE, gone=True) for row in gone}
            left = [row for row in rows if ids[row.key] in there]
            return results | (_write(api, model, left, ids, values) if left and gone else {})
        if len(rows) == 1:
            return {rows[0].key: PushResult(rows[0].key, str(numbers[0]), ok=False, error=str(error))}
        half = len(rows) // 2
        return _write(api, model, rows[:half], ids, values) | _write(api, model, rows[half:], ids, values)


def _make(api: Api, model: str, rows: Sequence[PushRow], records: Sequence[Mapping[str, Any]]) -> dict[int, PushResult]:
    if not rows:
        return {}
    try:
        ids = api.make(model, records)
        return {row.key: PushResult(row.key, str(id), made=True) for row, id in zip(rows, ids, strict=True)}
    except (OdooError, NoRightError) as error:
        if len(rows) == 1:
            return {rows[0].key: PushResult(rows[0].key, ok=False, error=str(error))}
        half = len(rows) // 2
        return _make(api, model, rows[:half], records[:half]) | _make(api, model, rows[half:], records[half:])


def _found(api: Api, model: str, domain: Sequence[Any], rows: Sequence[PushRow], email: str,
           own_field: str) -> dict[int, int]:  # fmt: skip
    """{key of a row: the record that is this person already}. Our own number counts before the address."""
    emails = sorted({row.email.strip().lower() for row in rows if row.email})
    own = [row.own_id for row in rows if row.own_id] if own_field else []
    if not emails and not own:
        return {}
    either: list[Any] = [["email_normalized", "in", emails]]
    if own:
        either = ["|", [own_field, "in", own], *either]
    fields = ["id", "email_normalized", *([own_field] if own_field else [])]
    by_own: dict[str, int] = {}
    by_email: dict[str, int] = {}
    for record in api.rows(model, [*domain, *either], fields):
        by_own.setdefault(str(record.get(own_field) or ""), record["id"])
        by_email.setdefault(record["email_normalized"] or "", record["id"])
    both = {
        row.key: (by_own.get(row.own_id) if own and row.own_id else None)
        or (by_email.get(row.email.strip().lower()) if row.email else None)
        for row in rows
    }
    return {key: id for key, id in both.items() if id}


def _once(rows: Sequence[PushRow]) -> tuple[list[PushRow], dict[int, PushResult]]:
    """Of several rows with one address only the first is made; the others find it when they come again."""
    first: dict[str, PushRow] = {}
    for row in rows:
        first.setdefault(row.email.strip().lower() or f"#{row.own_id or row.key}", row)
    chosen = {row.key for row in first.values()}
    words = "Another lead of this request has the same address."
    again = [PushResult(row.key, ok=False, error=words, again=True) for row in rows if row.key not in chosen]
    return list(first.values()), {result.key: result for result in again}


def _new(model: str, row: PushRow, email: str, own_field: str, countries: Mapping[str, int]) -> dict[str, Any]:
    """A record to be made: Odoo insists on a name."""
    values = _told(row, countries) | {email: row.email or False} | ({own_field: row.own_id} if own_field else {})
    values["name"] = values.get("name") or values.get("contact_name") or row.email or "Unknown"
    return values | ({"type": "lead"} if model == LEAD else {})


def _told(row: PushRow, countries: Mapping[str, int]) -> dict[str, Any]:
    values = {name: told(value) for name, value in row.values.items()}
    if values.get("user_id"):
        values["user_id"] = int(values["user_id"])
    values.pop("source_id", None)  # a record of Odoo's own, which text cannot name: it only comes
    if "country_id" in values:
        values["country_id"] = countries.get(str(values["country_id"]).upper(), False)
    return values


def _countries(api: Api, rows: Sequence[PushRow]) -> dict[str, int]:
    """Odoo's ids of the countries that are told, by code."""
    codes = sorted({str(code).upper() for row in rows if (code := row.values.get("country_id"))})
    found = api.rows("res.country", [["code", "in", codes]], ["code"]) if codes else []
    return {row["code"]: row["id"] for row in found}
