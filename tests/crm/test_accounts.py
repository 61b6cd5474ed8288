"""A key of another account of the CRM writes on nobody's records: it is refused, or gets a connection of its own."""

from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from django.test import Client

from leads.crm.control import NotReadyError, disconnect, pause, resume
from leads.crm.hubspot.connector import HubSpot
from leads.crm.setup.forms import ConnectionForm
from leads.crm.status import status_of
from leads.crm.sync import accounts
from leads.crm.sync.accounts import checked, named
from leads.crm.words import BY_NAME
from leads.enums import ConnectionState, Role
from leads.models import Connection, Lead, Link, User
from tests.crm.steps import CONTACTS, ONE, people, still, sync, tried
from tests.crm.worlds import World
from tests.fakes.memory import MemoryCrm
from tests.leads.api import Caller
from tests.sales import make_team, make_user, score
from tests.threads import at_once

KEYED = pytest.mark.parametrize("world", ["hubspot"], indirect=True)


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


def enter_key(world: World, by: User, key: str = "") -> None:
    """On the page of the key, where an empty one leaves it as it is."""
    now = Connection.objects.get(pk=world.connection.pk)
    said = {"name": now.name, "creates": now.creates, "base_url": now.base_url, "setting_token": key}
    form = ConnectionForm(said | {f"setting_{k}": v for k, v in now.options.items()}, kind=HubSpot, user=by,
                          connection=now)  # fmt: skip
    assert form.is_valid(), form.errors
    form.save(by=by)


@KEYED
@pytest.mark.parametrize("by", ["page", "api"])
def test_a_key_entered_while_it_is_paused_is_tested_before_it_goes_on(world: World, client: Client, by: str) -> None:
    mia = make_user("Mia", world.connection.team, Role.MARKETING)
    client.force_login(mia)
    caller, page, api = Caller(mia), f"/connections/{world.connection.pk}/", f"connections/{world.connection.pk}"

    def goes_on() -> bool:
        if by == "page":
            client.post(f"{page}resumption")
        else:
            caller.post(f"{api}/resumption", {})
        return Connection.objects.get().is_on

    assert caller.post(f"{api}/tests", {}).json()["ok"]
    pause(world.connection, by=mia)
    enter_key(world, mia)
    assert goes_on()  # how to get in is as it was
    pause(world.connection, by=mia)
    enter_key(world, mia, world.crm.secrets["token"])
    assert not goes_on()
    shown = client.get(page).text
    assert ("Before it goes on: The key was not tested yet" in shown, "Go on</button>" in shown) == (True, False)
    world.crm.fail("denied", "pull", times=99)
    caller.post(f"{api}/tests", {})
    assert not goes_on()
    world.crm.faults.clear()
    assert caller.post(f"{api}/tests", {}).json()["ok"]
    assert goes_on()


@KEYED
def test_a_key_entered_while_another_is_tested_is_untested(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    mia, account = make_user("Mia", world.connection.team, Role.MARKETING), HubSpot.account
    pause(world.connection, by=mia)

    def slow(connector: HubSpot) -> str:
        enter_key(world, mia, "another")
        return account(connector)

    monkeypatch.setattr(HubSpot, "account", slow)
    wrong = [each.words for each in checked(world.connection) if not each.ok]
    assert wrong == ["The key was changed meanwhile. Test the new one."]
    with pytest.raises(NotReadyError):
        resume(world.connection)


def with_keys(world: World, connection: Connection) -> Connection:
    for name, text in world.crm.secrets.items():
        connection.keep_secret(name, text)
    return connection


def second(world: World) -> Connection:
    """Another connection of the team, to the same CRM."""
    made = Connection.make(world.connection.team, crm=world.crm.slug, name="Second", slug="second",
                           base_url=world.crm.base_url, options=world.crm.options)  # fmt: skip
    return with_keys(world, made)


def test_one_account_is_not_connected_twice(world: World) -> None:
    people(world, 1)
    sync(world)
    twice = second(world)
    [no] = [each.words for each in checked(twice) if not each.ok]
    assert f"which the connection {world.connection} of this team has already" in no and "Use that one" in no
    with pytest.raises(NotReadyError):
        resume(twice)
    disconnect(world.connection, by=None)
    [no] = [each.words for each in checked(twice) if not each.ok]
    assert "Enter the key there and it goes on where it was" in no
    with_keys(world, world.connection)
    assert all(each.ok for each in checked(world.connection))
    Connection.objects.filter(pk=twice.pk).update(team=make_team("APAC"))
    assert all(each.ok for each in checked(twice))  # another team may have it too


@ONE
def test_one_that_is_on_stops_at_a_key_of_an_account_that_is_taken(world: World) -> None:
    people(world, 1)
    sync(world)
    with MemoryCrm() as crm:
        crm.account, other = "2", second(world)
        Connection.objects.filter(pk=other.pk).update(base_url=crm.base_url, state=ConnectionState.ON)
        other.refresh_from_db()
        sync(World(crm, other))
        crm.account, read = "1", crm.counted("pull")
        Connection.objects.filter(pk=other.pk).update(account_seen="")
        run = tried(World(crm, other))
        other.refresh_from_db()
        assert "which the connection Memory of this team has already" in run.error
        assert (other.needs_person, status_of(other).other_account, crm.counted("pull")) == (True, False, read)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_of_two_that_are_tested_at_once_one_has_the_account(guarded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unguarded: the negative control."""
    both_looked, refuse_taken = Barrier(2), accounts.refuse_taken

    def slowly(connection: Connection, account: str) -> None:
        refuse_taken(connection, account)
        with suppress(BrokenBarrierError):
            both_looked.wait(0.3)

    monkeypatch.setattr(accounts, "refuse_taken", slowly)
    if not guarded:
        monkeypatch.setattr(accounts, "_one_at_a_time", lambda connection: None)
    with MemoryCrm() as crm:
        team = make_team()
        at_once(checked, [
            Connection.make(team, crm="memory", name=name, slug=name, base_url=crm.base_url) for name in ("one", "two")
        ])  # fmt: skip
    assert Connection.objects.exclude(account="").count() == (1 if guarded else 2)


def test_an_account_known_by_the_moment_it_was_made_shows_the_day() -> None:
    """Told apart it is by the moment all the same."""
    assert named("database demo, since 2026-11-22 12:01:08.349620+00:00") == "database demo, since 22 Nov 2026"
    assert named("portal 77") == "portal 77"


def test_an_account_known_by_its_name_is_called_a_database() -> None:
    assert named(f"{BY_NAME}crm") == "database crm"
