"""What a first sync would do, and how a connection is."""

import pytest

from leads.crm.control import pause
from leads.crm.setup.trial import try_out
from leads.crm.status import status_of
from leads.crm.sync.runner import sync_now
from leads.enums import CrmKind
from leads.models import Company, Deal, Lead, Link, SyncConflict, SyncEntry
from leads.selling.handoffs import open_handoffs
from tests.crm.worlds import World
from tests.sales import make_lead, score

CONTACTS = CrmKind.CONTACTS


@pytest.fixture
def filled(world: World) -> World:
    company = world.crm.add(CrmKind.COMPANIES, name="Northwind", domain="northwind.example")
    for n in range(3):
        world.crm.add(CONTACTS, email=f"a{n}@example.com", last_name=f"Ruiz {n}", links={CrmKind.COMPANIES: [company]})
    world.crm.add(CrmKind.DEALS, name="500 seats", stage="won", pipeline="sales")
    return world


def test_a_trial_says_what_would_happen_and_does_nothing(filled: World) -> None:
    team = filled.connection.team
    make_lead(team, email="a1@example.com", last_name="Ours")
    open_handoffs([score(make_lead(team, email="new@example.com")).pk])
    before = {key: dict(record.values) for key, record in filled.crm.records.items()}
    trial = try_out(filled.connection)
    contacts = trial.here[CONTACTS]
    assert (contacts["read"], contacts["created"], trial.here[CrmKind.DEALS]["created"]) == (3, 2, 1)
    assert (trial.there["updated"], trial.there["created"], trial.conflicts) == (3, 1, 1)
    [(ours, theirs)] = trial.samples_conflicts[0]["said"].values()  # of the last name, or of the whole one
    assert (ours.split()[-1], theirs) == ("Ours", "Ruiz 1")
    assert len(trial.samples_here) > 0
    assert [model.objects.count() for model in (Link, SyncEntry, SyncConflict, Deal, Company)] == [0] * 5
    assert Lead.objects.count() == 2
    assert {key: dict(record.values) for key, record in filled.crm.records.items()} == before
    assert filled.crm.counted("push") == 0


def test_how_a_connection_is(filled: World) -> None:
    assert status_of(filled.connection).words == "First load"
    sync_now(filled.connection)
    filled.connection.refresh_from_db()
    found = status_of(filled.connection)
    assert (found.words.startswith("In step since"), found.tone, found.waiting) == (True, "good", 0)
    assert (found.rows_in, found.rows_out, found.problems_in, found.problems_out) == (5, 3, 0, 0)
    score(Lead.objects.order_by("pk")[0])
    pause(filled.connection, by=None)
    filled.connection.refresh_from_db()
    assert status_of(filled.connection).words.endswith(", 1 waiting")
