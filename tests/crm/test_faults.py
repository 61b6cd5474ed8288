"""Every fault at every request of a run, for every CRM: nothing is lost, nothing doubled, and then there is silence."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from typing import Any

import pytest

from leads.crm.sync import pushing
from leads.crm.sync.runner import sweep_now
from leads.models import Connection, Cursor
from tests.crm.faults import Request, Story, mortal
from tests.crm.steps import ONE, still, sync, tried
from tests.crm.worlds import World
from tests.fakes.memory import Memory as MemoryConnector
from tests.fakes.odoo import Odoo19Crm

# What may become of a request (tests/fakes/crm.py). That of the memory is one of three: not done, done, and the end.
UNKNOWING = ("busy", "told", "away", "expired", "lost")
FAULTS = (*UNKNOWING, "cut", "killed")
OF_MEMORY = ("busy", "lost", "killed")
# Odoo tells whole seconds, so a run reads again what was changed within the last one.
PAGE = {"odoo": 10}


@pytest.fixture
def story(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    """Small pages and no overlap: what is missed is missed for good. Within a run nothing is tried twice."""
    limits = {"page": PAGE.get(world.crm.slug, 2), "most_pushed": 2, "overlap": timedelta(0)}
    for name, value in limits.items():
        monkeypatch.setattr(type(world.connector), name, value)
    monkeypatch.setattr("leads.crm.http.TRIES", 1)
    world.crm.checks_contract = False  # every kind of request is checked in test_hubspot.py
    with mortal(world):
        yield Story(world)


def begun(story: Story, monkeypatch: pytest.MonkeyPatch, rows: int = 60) -> None:
    """Two sides that know each other."""
    story.begin(rows)
    with monkeypatch.context() as large:
        for name in ("page", "most_pushed"):
            large.setattr(type(story.world.connector), name, 100)
        story.settle()


def settled(story: Story) -> None:
    """Runs that end well: nothing is missing, and then nothing more happens."""
    for _ in range(2):
        sync(story.world)
    assert story.differences() == []
    still(story.world)


def faults_of(story: Story, at: Request, place: int) -> Iterable[str]:
    """All of them where something is written. Where rows are read, an answer that is cut and the end of the process;
    the others, after which nobody knows more than before, take turns. So do all where no rows are read, of a real
    server, which takes its time, and of the other way to speak to Odoo.
    """
    what = at.operation.partition(":")[0]
    if story.world.crm.slug == "memory":
        return OF_MEMORY
    json_2 = isinstance(story.world.crm, Odoo19Crm)
    if what == "push" and not json_2:
        return FAULTS
    if what not in ("pull", "linked", "read", "match") or json_2 or story.world.crm.slug == "tryton":
        return [FAULTS[place % len(FAULTS)]]
    return [UNKNOWING[place % len(UNKNOWING)], "cut", "killed"]


def test_any_fault_at_any_request(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the last request to the first, so that what one run left undone is not in the way of the next."""
    begun(story, monkeypatch)
    story.turn()
    requests, met = story.requests(lambda: sync(story.world)), set[Request]()
    for place, at in reversed([*enumerate(requests)]):
        for n, fault in enumerate(faults_of(story, at, place)):
            if n == 0 or at.place or at.operation.startswith("push"):  # what it brings may have come through before
                story.turn(f"{fault} at {at.operation}")
            if story.broken(fault, at):
                met.add(at)
    assert {at.operation for at in met} == {at.operation for at in requests}
    settled(story)


def test_any_fault_at_any_request_of_the_first_load(story: Story) -> None:
    """Each run comes one request further than the one before. The faults take turns."""
    story.begin(5)
    story.turn("first load")
    for number, fault in zip(count(), cycle(("killed", "cut", "lost", "away"))):
        if not story.broken(fault, Request("", number)):
            break
    settled(story)


@pytest.mark.parametrize("world", ["hubspot", "salesforce", "odoo"], indirect=True)  # the memory has no patience
@pytest.mark.parametrize("fault", ["busy", "away", "expired"])
def test_every_request_meets_it_once(story: Story, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """With the patience of every day, a run comes through all the same; or the next, where twice would be double."""
    monkeypatch.setattr("leads.crm.http.TRIES", 4)
    story.begin(3)
    story.turn()
    story.world.crm.stumbles = fault
    runs = [tried(story.world) for _ in range(2)]
    while not runs[-1].ok and len(runs) < 60:
        runs.append(tried(story.world))
    story.world.crm.stumbles = ""
    settled(story)


def test_what_people_do_between_any_two_requests(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that are changed, deleted, merged and committed late below the cursor, while a run reads and writes; then
    a sweep that is broken off at every request of it.
    """
    begun(story, monkeypatch, 88)
    kind = type(story.world.connector)
    monkeypatch.setattr(kind, "overlap", timedelta(seconds=10))
    monkeypatch.setattr(kind, "page", 20)
    story.turn()
    requests = story.requests(lambda: sync(story.world))
    for at in dict.fromkeys(request.operation for request in requests):
        below = story.below()

        def meet(operation: str, at: str = at, below: datetime = below) -> None:
            if operation == at:
                story.world.crm.on_call = None
                story.meanwhile(f"at {at}", below)

        story.world.crm.on_call = meet
        sync(story.world)
        story.world.crm.on_call = None  # where this run did not ask for it
    for at in reversed(story.requests(lambda: sweep_now(story.world.connection))):
        for fault in ("cut", "killed"):
            story.broken(fault, at, sweep_now)
    Connection.objects.update(lease_until=None)
    swept = sweep_now(story.world.connection)
    assert swept and swept.ok
    settled(story)


def test_more_rows_of_one_moment_than_a_window_gives(story: Story) -> None:
    """All that a query gives is four rows (HubSpot: 10,000), and nine bear the same time stamp."""
    moment = datetime.now(UTC) - timedelta(hours=1)
    story.world.crm.most = 4
    story.begin(0)
    for n in range(9):
        story._person(f"same{n}", "Same", at=moment)
    settled(story)


# Negative controls: without what guards it, the same check finds what is wrong


def after(story: Story, fault: str, on: str) -> list[str]:
    """What is wrong after each request of that operation met the fault."""
    story.begin(24)
    story.settle()
    story.turn()
    for at in reversed(story.requests(lambda: sync(story.world))):
        if at.operation == on:
            story.turn(fault)
            story.broken(fault, at)
    for _ in range(2):
        sync(story.world)
    return story.differences()


@ONE
def test_a_cursor_that_is_moved_before_its_rows_are_stored_loses_them(story: Story, monkeypatch: Any) -> None:
    pull = MemoryConnector.pull

    def early(connector: Any, kind: str, window: Any, after: str, fields: Any) -> Any:
        Cursor.objects.filter(connection=story.world.connection, kind=kind).update(at=window.end, until=None, after="")
        return pull(connector, kind, window, after, fields)

    monkeypatch.setattr(MemoryConnector, "pull", early)
    assert any("here: []" in words for words in after(story, "killed", "pull:contacts"))


@ONE
def test_a_push_that_is_noted_before_it_is_made_is_lost(story: Story, monkeypatch: Any) -> None:
    send = pushing._send

    def early(run: Any, kind: str, rows: Any) -> None:
        pushing.looked_at([link for link, _ in rows])
        send(run, kind, rows)

    monkeypatch.setattr(pushing, "_send", early)
    assert any(" there: " in words for words in after(story, "busy", "push:contacts"))
