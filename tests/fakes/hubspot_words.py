"""How the fake HubSpot refuses, what its pipeline is, and how it writes and compares values."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.fakes.crm import Record
from tests.fakes.served import Response

STAMP = {"contacts": "lastmodifieddate"}
REFUSALS = {
    "busy": (429, "You have reached your secondly limit.", {"errorType": "RATE_LIMIT", "policyName": "SECONDLY"}),
    "away": (500, "internal error", {}),
    "expired": (401, "Authentication credentials not found.", {"category": "INVALID_AUTHENTICATION"}),
    "denied": (403, "This app hasn't been granted all required scopes.", {
        "category": "MISSING_SCOPES",
        "errors": [{"message": "One or more scopes are missing.",
                    "context": {"requiredGranularScopes": ["crm.objects.contacts.read"]}}],
    }),
}  # fmt: skip
PIPELINE = [("new", "Appointment scheduled", "false", "0.2"), ("offer", "Contract sent", "false", "0.9"),
            ("won", "Closed won", "true", "1.0"), ("lost", "Closed lost", "true", "0.0")]  # fmt: skip
OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "GTE": lambda a, b: a >= b, "LTE": lambda a, b: a <= b, "GT": lambda a, b: a > b, "EQ": lambda a, b: a == b,
}  # fmt: skip


def alike(path: str, numbered: bool) -> str:
    """A path of the numbered versions as the dated one has it, where this server knows those."""
    return re.sub(r"^/crm/(v\d)/(\w+)", r"/crm/\2/\1", path) if numbered else path


def holds(record: Record, each: dict[str, Any]) -> bool:
    return OPERATORS[each["operator"]](number(record, each["propertyName"]), float(each["value"]))


def number(record: Record, name: str) -> float:
    if name == "hs_object_id":
        return float(record.id)
    assert name == STAMP.get(record.kind, "hs_lastmodifieddate"), f"{record.kind} have no {name}"
    return float(int(record.modified_at.timestamp() * 1000))


def batch(results: Any, errors: Any, status: int = 200) -> Response:
    now = iso(datetime.now(UTC))
    answer = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    return Response(207, answer | {"numErrors": len(errors), "errors": errors}) if errors else Response(status, answer)


def row_error(category: str, message: str, id: str, trace: str | None = None) -> dict[str, Any]:
    context = {"ids": [id]} | ({"objectWriteTraceId": [trace]} if trace else {})
    return {"status": "error", "category": category, "message": message, "context": context, "links": {}, "errors": []}


def error(code: int, message: str, **more: Any) -> Response:
    body = {"status": "error", "message": message, "correlationId": "c0ffee", "category": "VALIDATION_ERROR"}
    return Response(code, body | more)


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def text(value: Any) -> Any:
    return iso(value) if isinstance(value, datetime) else None if value is None else str(value)
