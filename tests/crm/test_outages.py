"""Several connections: what happens to one is nothing to the others."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from leads.crm import control
from leads.crm.control import disconnect, pause, push_leads, resume, resync
from leads.crm.registry import connector_of
from leads.crm.setup.fields import replace_pairs
from leads.crm.sync.accounts import checked
from leads.crm.sync.runner import claim, run_due, sync_now, work
from leads.enums import ConnectionState, CrmKind
from leads.history import attributed
from leads.models import Connection, ConnectionSecret, Cursor, Lead, PushDue, SyncRun
from tests.crm.steps import people, sync, tried
from tests.crm.worlds import World
from tests.fakes.memory import MemoryCrm
from tests.sales import make_lead, make_team, make_user
from tests.threads import at_once

CONTACTS = CrmKind.CONTACTS


def connected(crm: MemoryCrm, slug: str) -> Connection:
    return Connection.make(
        make_team(slug.upper()), crm="memory", name=slug, slug=slug, base_url=crm.base_url, state=ConnectionState.ON
    )


def test_one_that_is_away_leaves_the_others_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It rests; they are read and written meanwhile, and it goes on once it is back."""
    monkeypatch.setattr("leads.crm.http.TRIES", 1)
    with MemoryCrm() as well:
        ill, good = world.connection, connected(well, "good")
        for crm, name in ((world.crm, "ill"), (well, "good")):
            crm.add(CONTACTS, email=f"{name}@example.com", last_name="Ruiz")
        world.crm.fail("away", "", times=1000)
        assert run_due() == 2
        ill.refresh_from_db()
        good.refresh_from_db()
        assert (ill.failures, good.failures, Lead.objects.get().email) == (1, 0, "good@example.com")
        assert ill.due_at > timezone.now() + timedelta(seconds=15)
        assert run_due() == 0
        world.crm.faults.clear()
        Connection.objects.filter(pk=ill.pk).update(due_at=timezone.now())
        assert run_due() == 1
        assert Lead.objects.count() == 2


def test_connections_that_fell_together_do_not_come_back_together(db: None) -> None:
    with MemoryCrm() as crm:
        crm.fail("away", times=1000)
        due = set()
        for number in range(12):
            connection = connected(crm, f"c{number}")
            sync_now(connection)
            connection.refresh_from_db()
            due.add(round((connection.due_at - timezone.now()).total_seconds(), 1))
    assert max(due) - min(due) > 2


def test_a_paused_one_is_left_alone_and_goes_on_where_it_was(db: None) -> None:
    with MemoryCrm() as crm:
        connection = connected(crm, "crm")
        crm.add(CONTACTS, email="a@example.com")
        pause(connection, by=None)
        assert (run_due(), sync_now(connection), Lead.objects.count()) == (0, None, 0)
        checked(connection)
        resume(connection)
        assert (run_due(), Lead.objects.count()) == (1, 1)


def test_paused_in_the_middle_it_ends_with_its_page(db: None) -> None:
    with MemoryCrm() as crm:
        connection = connected(crm, "crm")
        for n in range(50):
            crm.add(CONTACTS, email=f"a{n}@example.com")
        crm.on_call = lambda operation: operation == "pull:contacts" and pause(connection, by=None)
        run = sync_now(connection)
        assert (run and run.ok, Lead.objects.count()) == (None, 0)


def test_a_run_that_lost_its_lease_writes_nothing_more(db: None) -> None:
    with MemoryCrm() as crm:
        connection = connected(crm, "crm")
        crm.add(CONTACTS, email="a@example.com")
        slow = claim(connection.pk)
        assert slow is not None
        Connection.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert sync_now(connection)
        before = list(Cursor.objects.values_list("kind", "at"))
        work(*slow)
        assert list(Cursor.objects.values_list("kind", "at")) == before
        assert list(SyncRun.objects.order_by("number").values_list("ok", flat=True)) == [None, True]


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_gets_a_connection(settings: Any) -> None:
    with MemoryCrm() as crm:
        connected(crm, "crm")
        found = at_once(lambda _: claim(), range(6))
        assert sum(each is not None for each in found) == 1


@pytest.mark.parametrize("world", ["hubspot", "salesforce", "odoo"], indirect=True)
def test_nobody_is_asked_while_a_transaction_is_open(world: World) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="transaction"):
        world.connector.ids(CONTACTS, "")
    assert world.crm.calls == []
    assert world.connector.ids(CONTACTS, "").ids == []


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("act", [pause, disconnect])
def test_once_it_is_stopped_nothing_is_written_there(db: None, act: Any, guarded: bool,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """Not even what a run under way had ready. Unguarded: the negative control."""
    if not guarded:
        monkeypatch.setattr("leads.crm.sync.run.Run.hold", lambda run: None)
    with MemoryCrm() as crm:
        connection = connected(crm, "crm")
        push_leads([make_lead(connection.team, email="new@example.com").pk])
        crm.on_call = lambda operation: operation.startswith("match") and act(connection, by=None)
        run = sync_now(connection)
        assert (crm.counted("push"), run and run.ok) == ((0, None) if guarded else (1, True))
        assert run and run.ended_at
        assert run.error == ((f"It was {act.__name__.rstrip('e')}ed meanwhile.") if guarded else "")


@pytest.mark.parametrize("guarded", [True, False])
def test_disconnected_in_the_middle_it_keeps_no_key(db: None, guarded: bool,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    if not guarded:
        monkeypatch.setattr(control, "interrupt", lambda connection: None)
    with MemoryCrm() as crm:
        connection = connected(crm, "crm")
        connection.keep_secret("token", "secret-of-before")
        access = connector_of(connection).access
        crm.add(CONTACTS, email="a@example.com")
        crm.on_call = lambda operation: operation == "pull:contacts" and disconnect(connection, by=None)
        sync_now(connection)
        access.remember("refresh_token", "a key that was renewed in the meantime")
        assert (Lead.objects.count(), ConnectionSecret.objects.count()) == (0 if guarded else 1, 0)


@pytest.mark.parametrize("guarded", [True, False])
def test_everything_is_read_again_though_a_run_is_under_way(db: None, guarded: bool,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """A page on its way must not put the cursor back to where it was. Unguarded: the negative control."""
    if not guarded:
        monkeypatch.setattr(control, "interrupt", lambda connection: None)
    with MemoryCrm() as crm:
        connection = connected(crm, "crm")
        crm.on_call = lambda operation: operation == "pull:contacts" and resync(connection)
        sync_now(connection)
        assert (Cursor.objects.get(kind=CONTACTS).at is None) == guarded


@pytest.mark.parametrize("guarded", [True, False])
def test_fields_mapped_meanwhile_are_not_taken_for_said(db: None, guarded: bool,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    if not guarded:
        monkeypatch.setattr("leads.crm.setup.fields.interrupt", lambda connection: None)
        monkeypatch.setattr("leads.crm.sync.pushing.looked_at", lambda links: PushDue.objects.all().delete())
    with MemoryCrm() as crm:
        connection = connected(crm, "crm")
        crm.add(CONTACTS, email="a@example.com")
        sync_now(connection)
        with attributed(origin="test"):
            Lead.objects.update(title="VP", city="Lyon")
        pairs = [
            {"theirs": name, "ours": name, "flow": "both", "wins": "latest"} for name in ("email", "title", "city")
        ]

        def map_more(operation: str) -> None:
            if operation == "push:contacts":
                crm.on_call = None
                replace_pairs(connection, CONTACTS, pairs)

        crm.on_call = map_more
        sync_now(connection)
        Connection.objects.update(lease_until=None)
        sync_now(connection)
        assert (crm.living(CONTACTS)[0].values.get("city") == "Lyon") == guarded


def test_one_that_fails_rests_longer_each_time_and_then_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leads.crm.http.TRIES", 1)
    make_user("Adam", world.connection.team, "admin")
    people(world, 3)
    world.crm.fail("away", times=4)
    rests = []
    for _ in range(4):
        assert tried(world).ok is False
        world.connection.refresh_from_db()
        rests.append((world.connection.due_at - timezone.now()).total_seconds())
    assert rests == sorted(rests)
    assert (world.connection.failures, bool(world.connection.error), world.connection.needs_person) == (4, True, False)
    assert [notice.kind for notice in world.connection.team.memberships.get().user.notices.all()] == ["connection"]
    sync(world)
    world.connection.refresh_from_db()
    assert (Lead.objects.count(), world.connection.failures, world.connection.error) == (3, 0, "")


def test_a_key_that_is_no_good_needs_a_person(world: World) -> None:
    make_user("Adam", world.connection.team, "admin")
    world.crm.fail("denied", times=10)
    assert tried(world).ok is False
    world.connection.refresh_from_db()
    assert world.connection.needs_person
