"""A fourth connector against a real server: the contract suite of the others, and a whole sync. `make test-tryton`."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from leads.crm import registry
from leads.crm.sync.runner import sync_now
from leads.enums import CrmKind, DealState
from leads.models import Deal, Lead
from tests.crm.test_contract import *  # noqa: F403 the same promises
from tests.crm.test_faults import (  # noqa: F401
    story,
    test_any_fault_at_any_request,
    test_any_fault_at_any_request_of_the_first_load,
    test_more_rows_of_one_moment_than_a_window_gives,
    test_what_people_do_between_any_two_requests,
)
from tests.crm.test_gone import test_records_merged_there_are_one_lead_here  # noqa: F401
from tests.crm.worlds import World, connected
from tests.fakes.crm import FakeCrm
from tests.fakes.tryton import TrytonCrm, TrytonServer
from tests.sales import score

pytestmark = pytest.mark.skipif("TRYTON" not in os.environ, reason="A real Tryton is asked: make test-tryton.")


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[None]:
    if "TRYTON" not in os.environ:
        yield
        return
    with TrytonServer() as TrytonCrm.real:
        yield


@pytest.fixture
def world(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(registry.CONNECTORS["tryton"], "page", FakeCrm.page)
    with TrytonCrm() as crm:
        yield connected(crm, settings)


def test_a_whole_sync(world: World) -> None:
    contact = world.crm.add(CrmKind.CONTACTS, email="ana@a.example", first_name="Ana", last_name="Ruiz", title="VP")
    world.crm.add(CrmKind.DEALS, name="500 seats", stage="won", links={CrmKind.CONTACTS: [contact]})
    run = sync_now(world.connection)
    assert run and run.ok, run and run.error
    assert not world.connection.problems.exists()
    lead, deal = Lead.objects.get(), Deal.objects.get()
    assert (lead.first_name, lead.last_name, lead.title, deal.lead, deal.state) == (
        "Ana",
        "Ruiz",
        "VP",
        lead,
        DealState.WON,
    )
    score(lead)
    for _ in range(2):
        run = sync_now(world.connection)
        assert run and run.ok, run and run.error
    assert run.counts.get("push", {}) == {}
    [row] = world.connector.read(CrmKind.CONTACTS, [contact], [])
    assert (row.values["leadscore_score"], row.values["leadscore_id"]) == ("30", str(lead.pk))
