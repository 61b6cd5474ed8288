"""A key of another account of the CRM writes on nobody's records: it is refused, or gets a connection of its own."""

import pytest
from django.test import Client

from leads.crm.status import status_of
from leads.crm.sync.accounts import checked, named
from leads.enums import ConnectionState, Role
from leads.models import Connection, Lead, Link
from tests.crm.steps import CONTACTS, ONE, people, still, sync, tried
from tests.crm.worlds import World
from tests.leads.api import Caller
from tests.sales import make_user, score


def other_key(world: World, account: str = "2") -> None:
    """Somebody enters a key that opens another account."""
    world.crm.account = account
    Connection.objects.update(account_seen="")
    world.connection.refresh_from_db()


def test_each_says_whose_account_it_is(world: World) -> None:
    people(world, 1)
    sync(world)
    first = Connection.objects.get()
    assert first.account and first.account == first.account_seen
    calls = len(world.crm.calls)
    sync(world)
    asked_once = world.crm.calls[calls:]
    other_key(world)
    run = tried(world)
    now = Connection.objects.get()
    assert (run.ok, now.needs_person, now.account) == (False, True, first.account)
    assert first.account in run.error and now.account_seen in run.error and now.account_seen != first.account
    assert not any(call.startswith(("push", "pull")) for call in world.crm.calls[calls + len(asked_once) :])
    assert [each.ok for each in checked(now) if each.name == "Account"] == [False]


@ONE
def test_the_right_key_goes_on_where_it_was(world: World) -> None:
    [id] = people(world, 1)
    sync(world)
    other_key(world)
    tried(world)
    score(Lead.objects.get())
    assert status_of(Connection.objects.get()).other_account
    other_key(world, "1")
    sync(world)
    assert world.crm.get(CONTACTS, id)["leadscore_score"] == 30
    assert not Connection.objects.get().needs_person
    still(world)


@ONE
@pytest.mark.parametrize("by", ["page", "api"])
def test_started_afresh_the_old_links_rest_and_can_be_taken_up_again(world: World, client: Client, by: str) -> None:
    """The same ids in both accounts are two people."""
    [id] = people(world, 1)
    sync(world)
    other_key(world)
    tried(world)
    world.crm.records.clear()
    world.crm.add(CONTACTS, id=id, email="b@example.com", last_name="Other")
    mia = make_user("Mia", world.connection.team, Role.MARKETING)
    client.force_login(mia)
    page = f"/connections/{world.connection.pk}/"
    assert "Start afresh with memory 2" in client.get(page).text
    if by == "page":
        assert client.post(f"{page}fresh-start").status_code == 302
    else:
        assert Caller(mia).post(f"connections/{world.connection.pk}/fresh-start", {}).status_code == 201
    old, new = Connection.objects.order_by("pk")
    assert (old.state, new.state) == (ConnectionState.SETUP, ConnectionState.ON)
    assert (old.account, new.account, new.name) == ("memory 1", "memory 2", "Memory, memory 2")
    assert list(new.field_maps.values_list("ours")) == list(old.field_maps.values_list("ours"))
    sync(World(world.crm, new))
    assert sorted(Lead.objects.values_list("email", flat=True)) == ["a0@example.com", "b@example.com"]
    links = Link.objects.filter(kind=CONTACTS).order_by("connection")
    assert [(link.connection, link.external_id) for link in links] == [(old, id), (new, id)]
    assert client.post(f"/connections/{new.pk}/fresh-start").status_code == 302
    assert Connection.objects.count() == 2


def test_an_account_known_by_the_moment_it_was_made_shows_the_day() -> None:
    """Told apart it is by the moment all the same."""
    assert named("database demo, since 2026-11-22 12:01:08.349620+00:00") == "database demo, since 22 Nov 2026"
    assert named("portal 77") == "portal 77"
