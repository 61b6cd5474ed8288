"""Rows of the CRM that can never be taken, and need not be: left out, and back again."""

from typing import Any

import pytest
from django.test import Client

from leads import ingest
from leads.crm.reconcile import reconcile
from leads.crm.status import status_of
from leads.crm.sync import people as taking
from leads.enums import Role
from leads.models import Deal, Lead, SyncProblem
from tests.crm.steps import CONTACTS, DEALS, ONE, people, still, sync
from tests.crm.test_reading import refuse
from tests.crm.worlds import World
from tests.leads.api import Caller
from tests.sales import make_user

pytestmark = ONE


@pytest.fixture
def stuck(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Somebody who can never be taken, and a deal of theirs."""
    [failing] = people(world, 1)
    refuse(monkeypatch, "a0@example.com")
    world.crm.add(DEALS, name="500 seats", stage="won", pipeline="sales", links={CONTACTS: [failing]})
    sync(world)
    return world


def open_and_left_out(world: World) -> tuple[list[str], list[str]]:
    problems = world.connection.problems
    return tuple(sorted(rows.values_list("kind", flat=True)) for rows in (problems.open(), problems.left_out()))  # type: ignore[return-value]


class Hands:
    """What a person does with the row of a kind, on the page or by the API."""

    def __init__(self, world: World, client: Client, by: str):
        mia = make_user("Mia", world.connection.team, Role.MARKETING)
        client.force_login(mia)
        self.client, self.caller, self.by, self.world = client, Caller(mia), by, world

    def put(self, where: str, kind: str) -> None:
        of, row = f"connections/{self.world.connection.pk}", SyncProblem.objects.get(kind=kind).pk
        if self.by == "page":
            assert self.client.post(f"/{of}/{where}", {"problem": row}).status_code == 302
        else:
            assert self.caller.post(f"{of}/{where}", {"problem": row}).json() == {"count": 1}


@pytest.mark.parametrize("by", ["page", "api"])
def test_a_deal_is_left_out_and_tried_again(stuck: World, client: Client, by: str) -> None:
    hands, at = Hands(stuck, client, by), f"/connections/{stuck.connection.pk}/"
    hands.put("omissions", DEALS)
    assert open_and_left_out(stuck) == ([CONTACTS], [DEALS])
    status = status_of(stuck.connection)
    assert (status.problems_in, status.left_out, reconcile(stuck.connection).problems) == (1, 1, 1)
    for _ in range(2):
        sync(stuck)
    stuck.crm.edit(DEALS, stuck.crm.living(DEALS)[0].id, name="600 seats")
    sync(stuck)
    assert open_and_left_out(stuck) == ([CONTACTS], [DEALS])
    assert "1 left out" in client.get(at).text
    shown = client.get(f"{at}?rows=left-out")
    assert [row.kind for row in shown.context["page"].rows] == [DEALS]
    assert "by Mia" in shown.text
    assert [row["kind"] for row in hands.caller.get(f"{at[1:]}problems?left_out=true").json()["results"]] == [DEALS]
    assert [row["kind"] for row in hands.caller.get(f"{at[1:]}problems?left_out=false").json()["results"]] == [CONTACTS]
    for wrong in ("left_out=maybe", "leftout=true"):
        assert hands.caller.get(f"{at[1:]}problems?{wrong}").json()["fields"].keys() == {wrong.partition("=")[0]}
    client.post(f"{at}retries")  # all that are open
    assert open_and_left_out(stuck) == ([CONTACTS], [DEALS])
    hands.put("retries", DEALS)
    assert open_and_left_out(stuck) == ([CONTACTS, DEALS], [])


@pytest.mark.parametrize("by", ["page", "api"])
def test_deals_go_and_come_with_who_is_left_out(
    stuck: World, client: Client, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands = Hands(stuck, client, by)
    hands.put("omissions", CONTACTS)
    sync(stuck)
    assert open_and_left_out(stuck) == ([], [CONTACTS, DEALS])
    assert SyncProblem.objects.get(kind=DEALS).message == "Whom it belongs to is left out."
    assert (status_of(stuck.connection).problems_in, Deal.objects.count()) == (0, 0)
    hands.put("retries", CONTACTS)
    assert open_and_left_out(stuck) == ([CONTACTS, DEALS], [])
    sync(stuck)
    hands.put("omissions", CONTACTS)
    sync(stuck)
    monkeypatch.setattr(taking, "upsert_leads", ingest.upsert_leads)  # somebody puts it right
    stuck.crm.edit(CONTACTS, stuck.crm.living(CONTACTS)[0].id, last_name="Right")
    for _ in range(2):
        sync(stuck)
    assert Deal.objects.get().lead == Lead.objects.get()
    assert open_and_left_out(stuck) == ([], [])
    still(stuck)


def test_what_the_crm_refused_is_not_left_out(stuck: World, client: Client) -> None:
    """It is ours to put right; and of a row that is none nothing happens."""
    SyncProblem.objects.filter(kind=DEALS).update(way=SyncProblem.OUT)
    hands, problem = Hands(stuck, client, "api"), SyncProblem.objects.get(kind=DEALS)
    of: Any = f"connections/{stuck.connection.pk}/omissions"
    assert hands.caller.post(of, {"problem": problem.pk}).status_code == 400
    assert client.post(f"/{of}", {"problem": "x"}).status_code == 302
    assert open_and_left_out(stuck) == ([CONTACTS, DEALS], [])
