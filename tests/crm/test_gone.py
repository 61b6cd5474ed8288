"""What was deleted or merged in the CRM, or erased here."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leads.crm.control import resync
from leads.crm.sync.runner import sweep_now
from leads.history import attributed
from leads.identity.merging import merge
from leads.models import (
    Deal,
    Lead,
    Link,
    SyncEntry,
    SyncProblem,
)
from tests.crm.steps import CONTACTS, DEALS, ONE, people, pushed_score, still, sync
from tests.crm.worlds import World
from tests.sales import score


def test_what_was_deleted_there_is_found_by_the_sweep(world: World) -> None:
    ids = people(world, 3)
    deal = world.crm.add(DEALS, name="Gone", stage="offer", pipeline="sales", links={CONTACTS: [ids[0]]})
    sync(world)
    world.crm.delete(CONTACTS, ids[1])
    world.crm.delete(DEALS, deal)
    run = sweep_now(world.connection)
    assert run and run.ok
    assert list(Link.objects.exclude(gone_at=None).order_by("kind").values_list("external_id", flat=True)) == [
        ids[1],
        deal,
    ]
    assert (Lead.objects.count(), Deal.objects.count()) == (3, 0)
    assert {entry.kind for entry in SyncEntry.objects.filter(what="gone")} == {"contacts", "deals"}
    still(world)
    assert len(world.crm.living(CONTACTS)) == 2  # what was deleted there is not made again


def test_the_sweep_brings_what_no_cursor_met(world: World) -> None:
    people(world, 3)
    sync(world)
    world.crm.add(CONTACTS, at=datetime.now(UTC) - timedelta(days=30), email="silent@example.com")
    sync(world)
    assert not Lead.objects.filter(email="silent@example.com").exists()
    sweep_now(world.connection)
    assert Lead.objects.filter(email="silent@example.com").exists()


@ONE
def test_edited_here_and_deleted_there(world: World) -> None:
    """The push finds that it is gone; the lead keeps its value, and nothing is made anew."""
    [id] = people(world, 1)
    sync(world)
    sync(world)
    world.crm.delete(CONTACTS, id)
    with attributed(origin="test"):
        Lead.objects.update(last_name="Ours")
    sync(world)
    assert (Link.objects.get(kind=CONTACTS).gone_at is None, Lead.objects.get().last_name) == (False, "Ours")
    still(world)
    assert world.crm.living(CONTACTS) == []


def test_records_merged_there_are_one_lead_here(world: World) -> None:
    """Where it is told: the other has become what both are now. Where one just vanishes (Odoo), the sweep finds it
    gone; its lead stays, with what we know of it, and nobody makes it anew there.
    """
    kept, other = people(world, 2)
    sync(world)
    sync(world)
    if not world.crm.tells_merges:
        world.crm.delete(CONTACTS, other)
        sweep_now(world.connection)
        assert [link.became for link in Link.objects.exclude(gone_at=None)] == [""]
        assert (Lead.objects.count(), len(world.crm.living(CONTACTS))) == (2, 1)
    else:
        now = world.crm.merge(CONTACTS, kept, other)
        sync(world)
        assert (Lead.objects.get().email, Lead.with_merged.count()) == ("a0@example.com", 2)
        assert Link.objects.get(lead=Lead.objects.get(), gone_at=None).external_id == now
        became = dict(Link.objects.exclude(gone_at=None).values_list("external_id", "became"))
        assert became == dict.fromkeys({kept, other} - {now}, now)
    still(world)


@ONE
@pytest.mark.parametrize("known", [True, False])
def test_deals_merged_there_count_once(world: World, known: bool) -> None:
    """Also where what they became has an id that is new to us."""
    contact = people(world, 1)[0]
    said = {"name": "Deal", "stage": "won", "pipeline": "sales", "amount": "100", "links": {CONTACTS: [contact]}}
    first, other = world.crm.add(DEALS, **said), world.crm.add(DEALS, **said)
    sync(world)
    kept = first if known else world.crm.add(DEALS, **said)
    for gone in {first, other} - {kept}:
        world.crm.merge(DEALS, kept, gone)
    sync(world)
    assert [deal.external_id for deal in Deal.objects.all()] == [kept]
    still(world)


@ONE
@pytest.mark.parametrize("how", ["restored", "merged"])
def test_a_lead_that_was_erased_here_stays_so_under_whatever_id(world: World, how: str) -> None:
    [id] = people(world, 1)
    sync(world)
    Lead.objects.all().delete()
    if how == "restored":
        world.crm.delete(CONTACTS, id)
        assert sweep_now(world.connection)
        world.crm.records[CONTACTS, id].archived = False
        world.crm.edit(CONTACTS, id, first_name="Again")
    else:
        new = world.crm.add(CONTACTS, email="a0@example.com", first_name="Again")
        world.crm.merge(CONTACTS, new, id)
    for _ in range(2):
        sync(world)
        world.crm.edit(CONTACTS, id if how == "restored" else new, title="VP")
    sync(world)
    assert Lead.objects.count() == 0


@ONE
def test_a_lead_that_was_erased_here_does_not_come_back(world: World) -> None:
    [id] = people(world, 1)
    sync(world)
    Lead.objects.all().delete()
    world.crm.edit(CONTACTS, id, first_name="Again")
    resync(world.connection)
    sync(world)
    assert Lead.objects.count() == 0


def addresses(world: World) -> list[str]:
    return [world.crm.get(CONTACTS, record.id)["email"] for record in world.crm.living(CONTACTS)]


@pytest.mark.parametrize("world", ["hubspot", "odoo"], indirect=True)  # the first takes an address once
@pytest.mark.parametrize("take", ["", "email"])
def test_of_a_merged_lead_one_record_there_is_sent_the_address(world: World, take: str) -> None:
    """Its own, else the survivor's. Both are told everything else."""
    both = people(world, 2)
    sync(world)
    sync(world)
    survivor, other = Lead.objects.order_by("email")
    with attributed(origin="test"):
        merge(survivor, other, by=None, take=[take] if take else [])
    score(survivor)
    sync(world)
    assert addresses(world) == ["a0@example.com", "a1@example.com"]
    assert [str(pushed_score(world, id)) for id in both] == ["30", "30"]
    Lead.objects.update(email="new@example.com", title="CTO")
    sync(world)
    assert addresses(world) == ["new@example.com", "a1@example.com"]
    assert {world.crm.get(CONTACTS, id)["title"] for id in both} == {"CTO"}
    assert not SyncProblem.objects.exists()
    still(world)


@pytest.mark.parametrize("world", ["hubspot"], indirect=True)
def test_sent_the_address_of_both_the_other_record_would_be_refused(world: World, monkeypatch: Any) -> None:
    """The negative control of the test before."""
    monkeypatch.setattr("leads.crm.sync.outbound.keep_their_own", lambda maps, leads: set())
    people(world, 2)
    sync(world)
    merge(*Lead.objects.order_by("email"), by=None)
    sync(world)
    assert "Contact already exists" in SyncProblem.objects.get().message


@pytest.mark.parametrize("world", ["hubspot", "odoo"], indirect=True)
def test_the_record_that_is_left_of_a_merged_lead_is_sent_the_address(world: World) -> None:
    first, _ = people(world, 2)
    sync(world)
    sync(world)
    survivor, other = Lead.objects.order_by("email")
    with attributed(origin="test"):
        merge(survivor, other, by=None)
    sync(world)
    assert addresses(world) == ["a0@example.com", "a1@example.com"]
    world.crm.delete(CONTACTS, first)
    assert sweep_now(world.connection)
    sync(world)
    assert addresses(world) == ["a0@example.com"]
    still(world)


@pytest.mark.parametrize("world", ["odoo"], indirect=True)
def test_records_that_had_one_address_are_sent_the_new_one_together(world: World) -> None:
    for name in ("Ana", "Anna"):
        world.crm.add(CONTACTS, email="a@example.com", first_name=name, last_name="Ruiz")
    sync(world)
    Lead.objects.update(email="new@example.com")
    sync(world)
    assert addresses(world) == ["new@example.com"] * 2
