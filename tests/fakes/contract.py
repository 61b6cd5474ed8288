"""Whether requests and answers keep to the published contract (tests/fakes/specs/README.md says where it is from)."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

from tests.fakes.served import Request, Response

HUBSPOT = Path(__file__).with_name("specs") / "hubspot-derived.openapi.json"
# The contract is of the numbered versions; the dated one has the same bodies at other addresses.
AREAS = {"objects": "v3", "properties": "v3", "pipelines": "v3", "owners": "v3", "associations": "v4"}


def violations(asked: Request, answered: Response, *, only_answer: bool = False) -> list[str]:
    """What is not as the contract says, in words; empty: all is well. The contract says nothing of forms."""
    path = numbered(asked.path)
    request: Any = MockRequest(
        "http://127.0.0.1", asked.method.lower(), path, args=asked.query,
        data=asked.body or None, headers=dict(asked.headers), content_type="application/json",
    )  # fmt: skip
    response: Any = MockResponse(answered.data, status_code=answered.status, content_type="application/json")
    found, checks = [], [lambda: hubspot().validate_response(request, response)]
    if not only_answer:
        checks.append(lambda: hubspot().validate_request(request))
    for check in checks:
        try:
            check()
        except OpenAPIError as error:
            found.append(f"{asked.method} {path}: {error} {getattr(error, '__cause__', '')}")
    return found


def numbered(path: str) -> str:
    """/crm/objects/2026-03/contacts → /crm/v3/objects/contacts"""
    found = re.match(r"^/crm/(\w+)/\d{4}-\d\d(/.*)?$", path)
    if not found:
        return path
    rest = found[2] or ("/" if found[1] == "owners" else "")
    return f"/crm/{AREAS[found[1]]}/{found[1]}{rest}"


@cache
def hubspot() -> OpenAPI:
    return OpenAPI.from_dict(json.loads(HUBSPOT.read_text()))
