"""The examples of docs/crm.md, one after the other, as a reader would run them."""

import json
import re
from typing import Any

import pytest

from leads.crm.hubspot.connector import HubSpot
from leads.enums import CrmKind, Role
from tests.fakes.hubspot import HubSpotCrm
from tests.leads.api import Caller
from tests.leads.test_api_docs import EXAMPLE, PAGE, agrees
from tests.sales import make_team, make_user


def test_every_example_answers_as_shown(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (PAGE.parent / "crm.md").read_text()
    examples = EXAMPLE.findall(text)
    assert len(examples) == len(re.findall("```http", text)) > 4
    caller, at = Caller(make_user("Dana", make_team(), Role.MARKETING)), ""
    with HubSpotCrm() as crm:
        settings.OUTBOUND_ALLOWLIST = [crm.base_url.removeprefix("http://")]
        monkeypatch.setattr(HubSpot, "base_url", crm.base_url)
        crm.add(CrmKind.CONTACTS, email="ana@example.com", first_name="Ana", last_name="Ruiz")
        for method, path, body, status, shown in examples:
            address = path.replace("{connection}", at)
            answer = caller.client.generic(method, address, body or "{}", content_type="application/json")
            said = answer.json()
            assert (answer.status_code, agrees(json.loads(shown), said)) == (int(status), True), (path, said)
            at = at or str(said["id"])
