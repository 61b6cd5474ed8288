"""The contract suite runs against every connector: each brings a fake of its CRM and what a connection to it needs."""

from collections.abc import Iterator
from typing import Any

import pytest

from leads.crm import registry
from leads.enums import CrmKind
from tests.crm.worlds import WORLDS, World, connected
from tests.fakes.crm import FakeCrm
from tests.fakes.memory import Memory


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also nobody waits: not for those who are busy, and not to keep to a pace."""
    monkeypatch.setitem(registry.CONNECTORS, Memory.slug, Memory)
    monkeypatch.setattr("leads.crm.http.FIRST_WAIT", 0.001)
    monkeypatch.setattr("leads.crm.hubspot.connector.SEARCH_PACE", 0.0)
    monkeypatch.setattr("leads.crm.hubspot.connector.PACE", 0.0)


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest, db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A fake CRM of each kind, with a connection of team EMEA that is on."""
    kind = registry.CONNECTORS[WORLDS[request.param].slug]
    monkeypatch.setattr(kind, "page", FakeCrm.page)
    monkeypatch.setattr(kind, "made_as", CrmKind.CONTACTS)  # leads have tests of their own
    with WORLDS[request.param]() as crm:
        yield connected(crm, settings)
        assert crm.violations == []
