"""Whose value stays where both sides changed a field."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from leads.history import attributed
from leads.models import (
    Cursor,
    Lead,
    SyncConflict,
)
from tests.crm.steps import CONTACTS, ONE, people, pushed_score, still, sync
from tests.crm.worlds import World
from tests.sales import score


@ONE
@pytest.mark.parametrize(
    ("wins", "later", "stays"),
    [
        ("ours", "theirs", "Ours"),
        ("theirs", "ours", "Theirs"),
        ("latest", "theirs", "Theirs"),
        ("latest", "ours", "Ours"),
    ],
)  # fmt: skip
def test_both_sides_changed_a_field(world: World, wins: str, later: str, stays: str) -> None:
    [id] = people(world, 1, title="Before")
    sync(world)
    sync(world)
    world.connection.field_maps.filter(ours="title").update(wins=wins)
    ahead = timedelta(seconds=5 if later == "theirs" else -5)
    world.crm.edit(CONTACTS, id, at=datetime.now(UTC) + ahead, title="Theirs")
    with attributed(origin="test"):
        Lead.objects.update(title="Ours")
    Cursor.objects.update(at=timezone.now() - timedelta(minutes=1))
    world.crm.behind = timedelta(seconds=10)
    monkey = datetime.now(UTC) + timedelta(seconds=10)
    Cursor.objects.filter(kind=CONTACTS).update(until=monkey)
    sync(world)
    conflict = SyncConflict.objects.get()
    loser = "Theirs" if stays == "Ours" else "Ours"
    assert (conflict.winner, conflict.loser_value, bool(conflict.rule)) == (stays.lower(), loser, True)
    assert Lead.objects.get().title == stays
    assert world.crm.get(CONTACTS, id)["title"] == stays
    still(world)


@ONE
def test_both_sides_changed_a_field_to_the_same(world: World) -> None:
    [id] = people(world, 1, title="Before")
    sync(world)
    sync(world)
    pushes = world.crm.counted("push")
    world.crm.edit(CONTACTS, id, title="Same")
    with attributed(origin="test"):
        Lead.objects.update(title="Same")
    sync(world)
    assert (SyncConflict.objects.count(), world.crm.counted("push")) == (0, pushes)
    still(world)


@ONE
@pytest.mark.parametrize("wins", ["ours", "theirs", "latest"])
@pytest.mark.parametrize("changed", ["here", "there", "nowhere"])
def test_one_side_changed_a_field_and_no_rule_is_asked(world: World, changed: str, wins: str) -> None:
    [id] = people(world, 1, last_name="Before")
    sync(world)
    sync(world)
    world.connection.field_maps.update(wins=wins)
    if changed == "there":
        world.crm.edit(CONTACTS, id, last_name="New")
    if changed == "here":
        with attributed(origin="test"):
            Lead.objects.update(last_name="New")
    sync(world)
    both = "Before" if changed == "nowhere" else "New"
    assert (Lead.objects.get().last_name, world.crm.get(CONTACTS, id)["last_name"]) == (both, both)
    assert SyncConflict.objects.count() == 0
    still(world)


def test_a_score_that_was_changed_there_is_put_right(world: World) -> None:
    [id] = people(world, 1)
    sync(world)
    score(Lead.objects.get())
    sync(world)
    name = world.connector.name_of("score")
    world.crm.edit(CONTACTS, id, **{name: "99"})
    sync(world)
    assert float(pushed_score(world, id)) == 30
    assert (SyncConflict.objects.get().field, SyncConflict.objects.get().loser_value) == ("score", "99")
    still(world)
