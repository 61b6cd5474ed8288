"""A lead that goes to another team leaves the CRM of the first, and comes into that of the second."""

from collections.abc import Iterator

import pytest

from leads.enums import ConnectionState, CrmKind
from leads.models import Connection, Deal, Lead, Link, PushAsk, SyncEntry, SyncProblem, Team
from leads.selling.handoffs import open_handoffs
from tests.crm.steps import CONTACTS, DEALS, ONE, people, still, sync, tried
from tests.crm.worlds import World
from tests.fakes.memory import MemoryCrm
from tests.sales import make_team, score

pytestmark = ONE


@pytest.fixture
def apac(world: World) -> Iterator[World]:
    """Another team, with a CRM of its own."""
    with MemoryCrm() as crm:
        connection = Connection.make(make_team("APAC"), crm="memory", name="There", slug="there",
                                     base_url=crm.base_url, state=ConnectionState.ON)  # fmt: skip
        yield World(crm, connection)


def go(lead: Lead, team: Team) -> None:
    Lead.objects.filter(pk=lead.pk).update(team=team)


def said(connection: Connection) -> list[tuple[str, str]]:
    return list(SyncEntry.objects.filter(connection=connection, what__in=["left", "back"]).order_by("pk")
                .values_list("what", "words"))  # fmt: skip


def test_it_is_told_nothing_more_there_and_the_history_says_where_it_is(world: World, apac: World) -> None:
    [id] = people(world, 1)
    sync(world)
    sync(world)
    lead, before = Lead.objects.get(), dict(world.crm.records[CONTACTS, id].values)
    go(lead, apac.connection.team)
    score(lead)
    sync(world)
    assert said(world.connection) == [
        ("left", "It is in APAC now. The record stays as it is and is told nothing more.")
    ]
    score(lead, points=(1, 1, 1))
    sync(world)
    assert world.crm.records[CONTACTS, id].values == before
    assert len(said(world.connection)) == 1
    still(world)


def test_what_happens_to_its_record_there_makes_no_second_lead(world: World, apac: World) -> None:
    [id] = people(world, 1)
    deal = world.crm.add(DEALS, name="Old", stage="new", pipeline="sales", links={CONTACTS: [id]})
    sync(world)
    go(Lead.objects.get(), apac.connection.team)
    world.crm.edit(CONTACTS, id, first_name="Changed")
    world.crm.edit(DEALS, deal, stage="won")
    world.crm.act("call_held", world.crm.now(), links={CONTACTS: [id]})
    sync(world)
    lead = Lead.objects.get()
    assert (lead.first_name, lead.events.count(), SyncProblem.objects.count()) == ("Ana0", 0, 0)
    assert Deal.objects.get().state == "won"
    still(world)


def test_in_the_team_it_went_to_it_is_linked_or_made(world: World, apac: World) -> None:
    people(world, 2)
    there = apac.crm.add(CONTACTS, email="a0@example.com", last_name="Known")
    sync(world)
    leads = list(Lead.objects.order_by("email"))
    PushAsk.objects.create(connection=world.connection, lead=leads[0])
    for lead in leads:
        go(lead, apac.connection.team)
    open_handoffs([lead.pk for lead in leads])
    sync(world)
    sync(apac)
    links = Link.objects.filter(connection=apac.connection, kind=CrmKind.CONTACTS).order_by("lead__email")
    assert [link.lead for link in links] == leads
    assert links[0].external_id == there and len(apac.crm.living(CONTACTS)) == 2
    assert (Lead.objects.count(), PushAsk.objects.count()) == (2, 0)
    still(apac)


def test_back_again_it_goes_on_where_it_was(world: World, apac: World) -> None:
    [id] = people(world, 1)
    sync(world)
    lead = Lead.objects.get()
    go(lead, apac.connection.team)
    sync(world)
    go(lead, world.connection.team)
    score(lead)
    tried(world)
    assert [what for what, _ in said(world.connection)] == ["left", "back"]
    assert world.crm.get(CONTACTS, id)["leadscore_score"] == 30
    still(world)
