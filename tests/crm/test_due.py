"""A lead is looked at for the CRM when, and only when, something of it changed that goes there."""

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from leads.crm.mapping import OUR_FIELDS
from leads.crm.setup.fields import replace_pairs
from leads.crm.sync.due import due
from leads.crm.sync.outbound import Outbound
from leads.crm.sync.run import Run
from leads.crm.values import SENDABLE
from leads.enums import Flow
from leads.identity.merging import merge
from leads.models import Company, FieldMap, Handoff, Lead, Link, NurtureList, PushDue, Standing, SyncRun, User
from leads.selling.handoffs import accept, open_handoffs, recycle, withdraw
from leads.selling.nurture import leave, nurture
from tests.crm.steps import CONTACTS, ONE, OWNERS, people, still, sync
from tests.crm.worlds import World
from tests.sales import make_user, score

COUNT = 6
PAIRS = [
    *(FieldMap(theirs=f"our_{key}", ours=key, flow=Flow.PUSH) for key in OUR_FIELDS),
    *(FieldMap(theirs=key, ours=key, flow=Flow.BOTH) for key in SENDABLE if key not in ("name", "email")),
    FieldMap(theirs="budget", ours="fields.budget", flow=Flow.BOTH),
    FieldMap(theirs="email", ours="email", flow=Flow.PULL),
]


@pytest.fixture
def walk(world: World) -> World:
    """Leads that are there and know each other's words: owned, employed, scored, and nothing owed."""
    replace_pairs(world.connection, CONTACTS, [
        {"theirs": each.theirs, "ours": each.ours, "flow": each.flow, "wins": "ours"} for each in PAIRS
    ])  # fmt: skip
    for name in ("Kim", "Lee"):
        world.crm.add(OWNERS, email=make_user(name, world.connection.team).email, name=name)
    people(world, COUNT)
    sync(world)
    team = world.connection.team
    firms = [Company.objects.create(team=team, name=f"Firm {n}") for n in range(2)]
    for number, lead in enumerate(Lead.objects.order_by("pk")):
        Lead.objects.filter(pk=lead.pk).update(company=firms[number % 2])
        score(lead)
    for _ in range(3):
        sync(world)
    assert PushDue.objects.count() == 0
    return world


def owed(world: World) -> set[int]:
    """Whose words differ from those there, of all links, whatever is marked: one look at everything."""
    run = Run(world.connection, world.connector, SyncRun(connection=world.connection, number=0))
    links = Link.objects.filter(connection=world.connection, kind=CONTACTS, gone_at=None, lead__isnull=False)
    links = links.filter(lead__team=world.connection.team_id, lead__merged_into=None)
    links = links.select_related("lead__standing", "lead__company")
    outbound = Outbound.of(run.maps, [link.lead for link in links if link.lead])
    return {link.pk for link in links if link.lead and outbound.changes(CONTACTS, link, link.lead)}


def marked(world: World) -> set[int]:
    return set(due(world.connection, CONTACTS).values_list("pk", flat=True))


def steps(world: World, dice: random.Random) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What changes of leads, in the ways the product changes it."""
    team = world.connection.team
    leads = list(Lead.objects.order_by("pk"))
    kim, lee = User.objects.filter(name__in=["Kim", "Lee"]).order_by("pk")
    one, other = dice.sample(leads, 2)
    firms = list(Company.objects.order_by("pk"))

    def put(**values: Any) -> Callable[[], Any]:
        return lambda: Lead.objects.filter(pk=one.pk).update(**values)

    columns = ("first_name", "last_name", "title", "phone", "city", "website", "source")
    yield from ((key, put(**{key: f"{key} {dice.random()}"})) for key in columns)
    yield "country", put(country=dice.choice(["DE", "FR", "PL"]))
    yield "owner", put(owner=lee)
    yield "owner renamed", lambda: User.objects.filter(pk=lee.pk).update(name="Lee Moss")
    yield "custom field", put(fields={"budget": str(dice.random())})
    yield "company", put(company=next(firm for firm in firms if firm.pk != one.company_id))
    firm = dice.choice(firms)
    for key in ("name", "domain", "website", "industry", "phone", "city"):
        yield f"company.{key}", lambda key=key: Company.objects.filter(pk=firm.pk).update(**{key: f"{dice.random()}"})
    yield "company.employees", lambda: Company.objects.filter(pk=firm.pk).update(employees=dice.randrange(9999))
    yield "company.country", lambda: Company.objects.filter(pk=firm.pk).update(country=dice.choice(["DE", "FR", "IT"]))
    yield "score", lambda: score(one, points=(dice.randrange(1, 9), 15, -3))
    yield "grade", lambda: score(one, grade="B3", label="warm")
    yield "reasons alone", lambda: Standing.objects.filter(lead=one).update(points=[15, 18, -3])
    yield "not scored", lambda: Standing.objects.filter(lead=one).update(version=None, total=None, points=[])
    yield "handed off", lambda: open_handoffs([lead.pk for lead in (one, other)])
    yield "accepted", lambda: accept(Handoff.objects.get(lead=one), by=kim)
    yield "taken back", lambda: withdraw(Handoff.objects.get(lead=one), by=kim)
    yield "recycled", lambda: recycle(Handoff.objects.get(lead=other), by=kim, until=_later())
    yield "handoff deleted", lambda: Handoff.objects.filter(lead=one).delete()
    of = NurtureList.objects.create(team=team, name="Cold")
    yield "nurtured", lambda: nurture(of, [one.pk], reason="low")
    yield "list renamed", lambda: NurtureList.objects.filter(pk=of.pk).update(name="Cool")
    yield "left the list", lambda: leave(of.members, "enough")
    yield "who the owner is there", lambda: Link.objects.filter(kind=OWNERS, user=lee).update(user=None)
    yield "merged", lambda: merge(one, other, by=kim)


def _later() -> date:
    return timezone.localdate() + timedelta(days=9)


@ONE
def test_marked_is_who_differs_whatever_changes(walk: World) -> None:
    """Marked may be more than differs (a label without its words), but none of the leads that nothing happened to."""
    dice = random.Random(7)
    for name, change in steps(walk, dice):
        before = {link.pk: link.lead_id for link in Link.objects.filter(kind=CONTACTS)}
        change()
        found, differ = marked(walk), owed(walk)
        assert differ <= found, name
        assert len(found) <= COUNT // 2 and found <= before.keys(), name
        for _ in range(2):
            sync(walk)
        assert (marked(walk), owed(walk), PushDue.objects.count()) == (set(), set(), 0), name
    still(walk)


@ONE
@pytest.mark.parametrize("trigger", ["leads_lead_pushed ON leads_lead", "leads_handoff_pushed ON leads_handoff",
                                     "leads_standing_pushed ON leads_standing"])  # fmt: skip
def test_without_one_of_the_triggers_somebody_would_be_missed(walk: World, trigger: str) -> None:
    with database.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {trigger}")
    [first, *_] = Lead.objects.order_by("pk")
    if "lead_pushed" in trigger:
        Lead.objects.filter(pk=first.pk).update(city="Lyon")
    elif "handoff" in trigger:
        open_handoffs([first.pk])
    else:
        score(first, points=(1, 1, 1))
    assert (len(owed(walk)), marked(walk)) == (1, set())


@ONE
def test_a_change_while_it_is_written_there_is_told_next(walk: World) -> None:
    """Negative control: with the row taken away whatever it says meanwhile, the change is never told."""
    lead = Lead.objects.order_by("pk").first()
    assert lead

    def change(operation: str) -> None:
        if operation == "push:contacts":
            walk.crm.on_call = None
            score(lead, points=(40, 1, 1))

    for guarded in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            if not guarded:
                patch.setattr("leads.crm.sync.pushing.looked_at", lambda links: PushDue.objects.all().delete())
            score(lead, points=(2, 2, 2))
            walk.crm.on_call = change
            sync(walk)
            assert (len(owed(walk)), len(marked(walk))) == (1, int(guarded))
            sync(walk)
