"""What every connector promises (leads/crm/base.py), kept against a fake of its CRM."""

from datetime import UTC, datetime, timedelta

import pytest

from leads.crm.words import Busy, Denied, OurField, PushRow, Window
from leads.enums import CrmKind
from tests.crm.worlds import World

CONTACTS, DEALS = CrmKind.CONTACTS, CrmKind.DEALS
SCORE = OurField("score", "Score", "number")


def everything() -> Window:
    return Window(None, datetime.now(UTC) + timedelta(minutes=1))


def pulled(world: World, kind: str = CONTACTS, window: Window | None = None) -> list[str]:
    """Ids of all pages of a window, in order."""
    connector, window, ids, after = world.connector, window or everything(), [], ""
    while True:
        page = connector.pull(kind, window, after, ["email"])
        ids += [row.id for row in page.rows]
        after = page.next
        if not after:
            return ids


def test_every_row_comes_once_in_order_of_id(world: World) -> None:
    count = world.crm.page * 2 + 1
    ids = [world.crm.add(CONTACTS, email=f"a{n}@example.com") for n in range(count)]
    assert pulled(world) == ids
    assert len([call for call in world.crm.calls if call.startswith("pull")]) == 3


def test_rows_of_one_moment_are_no_trouble(world: World) -> None:
    moment = datetime.now(UTC) - timedelta(days=1)
    ids = [world.crm.add(CONTACTS, at=moment, email=f"a{n}@example.com") for n in range(world.crm.page + 5)]
    assert pulled(world, window=Window(moment, moment)) == ids


def test_a_window_has_two_ends(world: World) -> None:
    now = datetime.now(UTC)
    hours = {n: world.crm.add(CONTACTS, at=now - timedelta(hours=n), email=f"a{n}@example.com") for n in range(4)}
    window = Window(now - timedelta(hours=2, minutes=1), now - timedelta(minutes=30))
    assert sorted(pulled(world, window=window)) == sorted([hours[1], hours[2]])


def test_a_row_that_changes_meanwhile_shifts_nothing(world: World) -> None:
    ids = [world.crm.add(CONTACTS, email=f"a{n}@example.com") for n in range(world.crm.page + 5)]
    window = Window(None, datetime.now(UTC))
    first = world.connector.pull(CONTACTS, window, "", ["email"])
    world.crm.edit(CONTACTS, ids[0], at=datetime.now(UTC) + timedelta(hours=1), first_name="Later")
    second = world.connector.pull(CONTACTS, window, first.next, ["email"])
    assert [row.id for row in (*first.rows, *second.rows)] == ids


def test_deleted_rows_are_not_there(world: World) -> None:
    kept, gone = (world.crm.add(CONTACTS, email=f"{name}@example.com") for name in ("kept", "gone"))
    world.crm.delete(CONTACTS, gone)
    assert [row.id for row in world.connector.read(CONTACTS, [kept, gone], ["email"])] == [kept]
    assert world.connector.ids(CONTACTS, "").ids == [kept]
    assert pulled(world) == [kept]


def test_people_are_found_by_their_address(world: World) -> None:
    ids = [world.crm.add(CONTACTS, email=f"a{n}@example.com") for n in range(3)]
    rows = world.connector.match(CONTACTS, ["a2@example.com", "a0@example.com", "nobody@example.com"], ["email"])
    assert {row.id for row in rows} == {ids[0], ids[2]}


def test_fields_are_made_once(world: World) -> None:
    connector = world.connector
    assert connector.ensure_fields(CONTACTS, [SCORE]) == [connector.name_of("score")]
    assert connector.ensure_fields(CONTACTS, [SCORE]) == []
    assert connector.name_of("score") in {field.name for field in connector.fields(CONTACTS)}


def test_a_row_pushed_twice_is_made_once(world: World) -> None:
    connector = world.connector
    connector.ensure_fields(CONTACTS, [SCORE])
    values = {world.crm.named(CONTACTS, {"email": ""}).popitem()[0]: "a@example.com", connector.name_of("score"): 70}
    row = PushRow(1, "", values, email="a@example.com", own_id="1")
    first, second = (connector.push(CONTACTS, [row])[0] for _ in range(2))
    assert (first.ok, first.made, second.ok, second.made) == (True, True, True, False)
    assert first.id == second.id
    assert len(world.crm.living(CONTACTS)) == 1


def test_an_answer_that_is_lost_makes_no_second_row(world: World) -> None:
    connector = world.connector
    connector.ensure_fields(CONTACTS, [SCORE])
    world.crm.fail("lost", "push", times=20)
    row = PushRow(1, "", {connector.name_of("score"): 70}, email="a@example.com", own_id="1")
    with pytest.raises(Busy):
        connector.push(CONTACTS, [row])
    world.crm.faults.clear()
    assert world.connector.push(CONTACTS, [row])[0].ok
    assert len(world.crm.living(CONTACTS)) == 1


def test_one_bad_row_costs_the_others_nothing(world: World) -> None:
    connector = world.connector
    connector.ensure_fields(CONTACTS, [SCORE])
    ids = [world.crm.add(CONTACTS, email=f"a{n}@example.com") for n in range(10)]
    world.crm.refused[ids[3]] = "Property values were not valid"
    world.crm.delete(CONTACTS, ids[7])
    rows = [PushRow(n, id, {connector.name_of("score"): n}, f"a{n}@example.com", str(n)) for n, id in enumerate(ids)]
    results = connector.push(CONTACTS, rows)
    assert [result.key for result in results] == list(range(10))
    assert [result.key for result in results if not result.ok] == [3, 7]
    assert "not valid" in results[3].error
    assert (results[3].gone, results[7].gone) == (False, True)


@pytest.mark.parametrize("fault", ["busy", "away", "cut"])
def test_what_passes_is_busy(world: World, fault: str) -> None:
    world.crm.add(CONTACTS, email="a@example.com")
    world.crm.fail(fault, times=20)
    with pytest.raises(Busy):
        world.connector.pull(CONTACTS, everything(), "", ["email"])


def test_what_a_person_must_put_right_is_denied(world: World) -> None:
    world.crm.fail("denied", times=20)
    with pytest.raises(Denied):
        world.connector.pull(CONTACTS, everything(), "", ["email"])


def test_every_stage_is_open_won_or_lost(world: World) -> None:
    assert {stage.state for stage in world.connector.stages()} == {"open", "won", "lost"}


def test_what_a_deal_belongs_to(world: World) -> None:
    contact = world.crm.add(CONTACTS, email="a@example.com")
    world.crm.add(DEALS, name="500 seats", stage="won", links={CONTACTS: [contact]})
    page = world.connector.pull(DEALS, everything(), "", ["name"])
    assert [dict(row.links)[CONTACTS] for row in page.rows] == [(contact,)]
