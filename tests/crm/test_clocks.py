"""Their clock is not ours: nothing is missed, and the latest wins, however far they are apart."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from leads.crm.status import clock_words, status_of
from leads.history import attributed
from leads.models import Change, Connection, Cursor, Lead, SyncConflict
from tests.crm.steps import CONTACTS, people, still, sync
from tests.crm.worlds import World

HOURS = [-3, 3]
# One that says it by the date of its answers, and one that says it by itself.
TWO = pytest.mark.parametrize("world", ["memory", "hubspot"], indirect=True)


@TWO
@pytest.mark.parametrize("hours", HOURS)
@pytest.mark.parametrize("later", ["ours", "theirs"])
def test_the_latest_wins_whatever_the_clocks_say(world: World, hours: int, later: str) -> None:
    world.crm.behind = timedelta(hours=hours)
    [id] = people(world, 1, title="Before")
    sync(world)
    sync(world)
    world.crm.edit(CONTACTS, id, title="theirs")
    with attributed(origin="test"):
        Lead.objects.update(title="ours")
    at = timezone.now() + timedelta(seconds=30 if later == "ours" else -30)
    Change.objects.filter(field="title").update(learned_at=at)
    sync(world)
    assert (Lead.objects.get().title, SyncConflict.objects.get().winner) == (later, later)
    still(world)


@TWO
@pytest.mark.parametrize("hours", HOURS)
def test_what_changes_there_is_read_at_once_and_nothing_is_missed(world: World, hours: int) -> None:
    world.crm.behind = timedelta(hours=hours)
    [id] = people(world, 1, last_name="Before")
    sync(world)
    assert Lead.objects.count() == 1
    world.crm.edit(CONTACTS, id, last_name="After")
    for name in "bc":
        world.crm.add(CONTACTS, email=f"{name}@example.com", last_name="New")
    sync(world)
    assert (Lead.objects.count(), Lead.objects.filter(last_name="After").count()) == (3, 1)


@pytest.mark.parametrize("world", ["memory"], indirect=True)
@pytest.mark.parametrize(("before", "after"), [(2, 0), (0, 2), (-2, 0), (0, -2)])
def test_a_clock_that_is_set_leaves_no_gap_and_decides_nothing(world: World, before: int, after: int) -> None:
    world.crm.behind = timedelta(hours=before)
    [id] = people(world, 1, title="Before")
    sync(world)
    sync(world)
    world.crm.edit(CONTACTS, id, title="theirs")  # by the clock as it was
    world.crm.behind = timedelta(hours=after)
    other = world.crm.add(CONTACTS, email="new@example.com")  # by the clock as it is
    with attributed(origin="test"):
        Lead.objects.update(title="ours")
    sync(world)
    assert Lead.objects.filter(email="new@example.com").count() == 1, other
    if before <= after:  # one that lies in the future by its stamp comes when its time has come
        conflict = SyncConflict.objects.get()
        assert (conflict.winner, conflict.ours, conflict.theirs) == ("", "ours", "theirs")
        assert "a clock was set" in conflict.rule
        assert Lead.objects.filter(title="ours").count() == 1
        assert world.crm.get(CONTACTS, id)["title"] == "theirs"
        still(world)


@pytest.mark.parametrize("world", ["memory"], indirect=True)
def test_the_page_says_that_a_clock_is_off(world: World) -> None:
    people(world, 1)
    sync(world)
    assert status_of(Connection.objects.get()).clock == ""
    world.crm.behind = timedelta(hours=2, minutes=5)
    sync(world)
    assert "2 h 5 min ahead of ours" in status_of(Connection.objects.get()).clock
    assert abs(Cursor.objects.get(kind=CONTACTS).at - datetime.now(UTC)) < timedelta(minutes=1)
    assert "4 min behind ours" in clock_words(-240)
