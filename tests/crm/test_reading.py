"""What comes from a CRM: nothing lost, nothing doubled, whatever happens while it is read."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads import ingest
from leads.crm.control import resync
from leads.crm.sync import people as taking
from leads.enums import CrmKind, DealState, Stage
from leads.models import (
    Company,
    Deal,
    Event,
    HeldEvent,
    Lead,
    LeadIdentity,
    Link,
    SyncProblem,
)
from tests.crm.steps import COMPANIES, CONTACTS, DEALS, ONE, OWNERS, people, still, sync
from tests.crm.worlds import World
from tests.sales import make_lead, make_user


def test_people_companies_and_deals_come_here(world: World) -> None:
    rep = make_user("Rita", world.connection.team)
    owner = world.crm.add(OWNERS, email=rep.email, name="Rita")
    company = world.crm.add(COMPANIES, name="Northwind", domain="northwind.example")
    ana = {"email": "ana@northwind.example", "first_name": "Ana", "last_name": "Ruiz", "title": "VP Sales"}
    contact = world.crm.add(CONTACTS, **ana, owner=owner, links={COMPANIES: [company]})
    world.crm.add(DEALS, name="500 seats", stage="won", pipeline="sales", amount="1200.50",
                  links={CONTACTS: [contact], COMPANIES: [company]})  # fmt: skip
    sync(world)
    lead = Lead.objects.get()
    assert (lead.email, lead.first_name, lead.last_name, lead.title) == (
        "ana@northwind.example",
        "Ana",
        "Ruiz",
        "VP Sales",
    )
    assert (lead.owner, lead.company.name, lead.source) == (rep, "Northwind", world.connection.source.name)
    deal = Deal.objects.get()
    assert (deal.lead, deal.company, deal.state, str(deal.amount)) == (lead, lead.company, DealState.WON, "1200.50")
    assert (lead.stage, Company.objects.count()) == (Stage.CUSTOMER, 1)
    still(world)


@ONE
def test_a_changed_company_keeps_its_row_also_under_a_new_domain(world: World) -> None:
    company = world.crm.add(COMPANIES, name="Northwind", domain="northwind.example")
    sync(world)
    world.crm.edit(COMPANIES, company, name="Southwind", domain="southwind.example")
    sync(world)
    assert list(Company.objects.values_list("name", "domain")) == [("Southwind", "southwind.example")]


@ONE
def test_who_is_here_already_is_linked_by_address(world: World) -> None:
    lead = make_lead(world.connection.team, email="a0@example.com", first_name="", last_name="")
    [id] = people(world, 1)
    sync(world)
    assert Link.objects.get(kind=CONTACTS).lead == lead
    lead.refresh_from_db()
    assert lead.first_name == "Ana0"
    assert LeadIdentity.objects.get(lead=lead).value == f"contacts:{id}"


@ONE
def test_a_deal_is_known_from_when_we_learned_it(world: World) -> None:
    """What was closed before we came, the company knew when it was closed; the rest becomes known by the sync."""
    long_ago = datetime.now(UTC) - timedelta(days=400)
    [contact] = people(world, 1)
    links = {CONTACTS: [contact]}
    world.crm.add(DEALS, at=long_ago, name="Old", stage="won", pipeline="sales", closed_at=long_ago, links=links)
    new = world.crm.add(DEALS, name="New", stage="offer", pipeline="sales", links=links)
    sync(world)
    before = timezone.now()
    world.crm.edit(DEALS, new, stage="lost")
    sync(world)
    old, lost = Deal.objects.order_by("name").reverse()
    assert abs(old.known_at - long_ago) <= timedelta(days=1)  # some say the day only
    assert (lost.state, lost.known_at >= before, lost.closed_at is not None) == (DealState.LOST, True, True)


def test_activities_become_events_once(world: World) -> None:
    if CrmKind.ACTIVITIES not in world.connector.kinds:
        pytest.skip("This CRM has no activities.")
    contacts = people(world, 2)
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    world.crm.act("call_held", at, subject="Hello", links={CONTACTS: contacts})
    sync(world)
    resync(world.connection)
    sync(world)
    events = Event.objects.values_list("kind__slug", "properties__subject", "occurred_at")
    assert list(events) == [("call_held", "Hello", at)] * 2


def test_rows_that_become_visible_late_are_not_lost(world: World) -> None:
    people(world, 3)
    sync(world)
    late = datetime.now(UTC) - world.connector.overlap + timedelta(minutes=1)
    world.crm.add(CONTACTS, at=late, email="late@example.com")
    sync(world)
    assert Lead.objects.filter(email="late@example.com").count() == 1


@ONE
def test_without_the_overlap_they_would_be(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control."""
    people(world, 3)
    sync(world)
    monkeypatch.setattr(type(world.connector), "overlap", timedelta(0))
    world.crm.add(CONTACTS, at=datetime.now(UTC) - timedelta(minutes=5), email="late@example.com")
    sync(world)
    assert not Lead.objects.filter(email="late@example.com").exists()


def refuse(monkeypatch: pytest.MonkeyPatch, email: str) -> None:
    """Whoever has this address cannot be stored."""

    def poisoned(source: Any, records: Any, **more: Any) -> Any:
        if any(record.values.get("email") == email for record in records):
            raise ValueError("a value that nobody can store")
        return ingest.upsert_leads(source, records, **more)

    monkeypatch.setattr(taking, "upsert_leads", poisoned)


@ONE
def test_a_row_that_cannot_be_taken_costs_the_others_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    people(world, 20)
    refuse(monkeypatch, "a7@example.com")
    assert sync(world).ok
    assert Lead.objects.count() == 19
    problem = SyncProblem.objects.get()
    assert (problem.way, problem.kind, "nobody can store" in problem.message) == ("in", CONTACTS, True)
    monkeypatch.setattr(taking, "upsert_leads", ingest.upsert_leads)
    SyncProblem.objects.update(retry_at=timezone.now())
    sync(world)
    assert (Lead.objects.count(), SyncProblem.objects.count()) == (20, 0)


@ONE
def test_a_deal_of_who_could_not_be_taken_comes_with_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    [failing] = people(world, 1)
    refuse(monkeypatch, "a0@example.com")
    world.crm.add(DEALS, name="500 seats", stage="won", pipeline="sales", links={CONTACTS: [failing]})
    sync(world)
    assert (Deal.objects.count(), sorted(SyncProblem.objects.values_list("kind", flat=True))) == (0, [CONTACTS, DEALS])
    monkeypatch.setattr(taking, "upsert_leads", ingest.upsert_leads)
    SyncProblem.objects.update(retry_at=timezone.now())
    sync(world)
    sync(world)
    assert Deal.objects.get().lead == Lead.objects.get()
    assert not SyncProblem.objects.exists()
    still(world)


@ONE
def test_emptied_there_says_nothing(world: World) -> None:
    [id] = people(world, 1, last_name="Ruiz")
    sync(world)
    world.crm.edit(CONTACTS, id, last_name="")
    sync(world)
    assert Lead.objects.get().last_name == "Ruiz"
    still(world)
    assert world.crm.get(CONTACTS, id)["last_name"] == ""


@ONE
def test_what_was_done_with_who_could_not_be_taken_comes_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    [known, failing] = people(world, 2)
    refuse(monkeypatch, "a1@example.com")
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    world.crm.act("call_held", at, subject="Both", links={CONTACTS: [known, failing]})
    world.crm.act("meeting_held", at, subject="One", links={CONTACTS: [failing]})
    sync(world)
    sync(world)
    assert (Event.objects.count(), HeldEvent.objects.count()) == (1, 2)
    monkeypatch.setattr(taking, "upsert_leads", ingest.upsert_leads)
    SyncProblem.objects.update(retry_at=timezone.now())
    sync(world)
    told = Event.objects.filter(lead__email="a1@example.com").values_list("kind__slug", "properties__subject")
    assert sorted(told) == [("call_held", "Both"), ("meeting_held", "One")]
    assert HeldEvent.objects.count() == 0
    still(world)
