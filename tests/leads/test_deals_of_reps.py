"""One sale is one deal, whoever tells of it: the rep on the lead page, a CRM, a file."""

from datetime import timedelta

import pytest
from django.utils import timezone

from leads import ingest
from leads.enums import ConnectionState, ImportPolicy, SourceKind, Stage
from leads.ingest.records import DealRecord
from leads.models import Connection, Deal, Handoff, Lead, Source
from leads.selling.deals import ANOTHER
from leads.selling.handoffs import accept
from tests.leads.api import Caller
from tests.sales import hand_off, make_team, make_user


@pytest.fixture
def team(db):
    return make_team()


@pytest.fixture
def kim(team, client):
    user = make_user("Kim", team)
    client.force_login(user)
    return user


@pytest.fixture
def taken(team, kim) -> Handoff:
    handoff = hand_off(team)
    accept(handoff, by=kim)
    return handoff


@pytest.fixture
def crm(team) -> Connection:
    return Connection.make(team, crm="hubspot", name="HubSpot", slug="hubspot", state=ConnectionState.ON,
                           options={"portal": "77"})  # fmt: skip


def told(source: Source, taken: Handoff, id: str = "d1", **values) -> None:
    """The source tells of a deal of the lead, as a sync or an import does."""
    record = DealRecord({"name": "Pilot", **values}, external_id=id, lead=taken.lead_id)
    ingest.upsert_deals(source, [record], policy=ImportPolicy.FILE_WINS)


def say(client, taken: Handoff, **values):
    return client.post(f"/handoffs/{taken.pk}/deal/", values)


def page(client, taken: Handoff) -> str:
    return " ".join(client.get(f"/leads/{taken.lead_id}/").text.split())


def deals() -> list[tuple[str, str, str]]:
    return [(deal.source.name, deal.state, str(deal.amount)) for deal in Deal.objects.order_by("pk")]


def test_without_any_the_rep_makes_one_and_brings_it_up_to_date(client, taken):
    assert "No deal yet" in page(client, taken)
    assert say(client, taken, state="open", amount="9800").status_code == 302
    assert say(client, taken, state="won").status_code == 302
    assert deals() == [("By hand", "won", "9800.00")]
    assert "Won: € 9.8 k, said here" in page(client, taken)
    assert Lead.objects.get().stage == Stage.CUSTOMER


def test_one_that_a_crm_keeps_is_shown_with_its_place_and_left_to_the_crm(client, taken, crm, kim):
    told(crm.source, taken, amount=14200)
    shown = page(client, taken)
    assert "Open: € 14.2 k, Pilot" in shown
    assert 'href="https://app.hubspot.com/contacts/77/record/0-3/d1"' in shown
    assert "won or lost is said there" in shown
    assert say(client, taken, state="won").status_code == 422
    answer = Caller(kim).post(f"handoffs/{taken.pk}/deal", {"state": "won"})
    words = "HubSpot keeps this deal: say there what became of it, and it comes here."
    assert (answer.status_code, answer.json()["fields"]) == (400, {"deal": [words]})
    assert deals() == [("HubSpot", "open", "14200.00")]


def test_another_sale_is_said_as_such(client, taken, crm):
    told(crm.source, taken, amount=14200)
    say(client, taken, state="won", amount="5", deal=ANOTHER)
    assert deals() == [("HubSpot", "open", "14200.00"), ("By hand", "won", "5.00")]


def test_a_crm_that_is_disconnected_says_nothing_more(client, taken, crm):
    told(crm.source, taken, amount=14200)
    Connection.objects.update(state=ConnectionState.SETUP)
    assert say(client, taken, state="won").status_code == 302
    assert deals() == [("HubSpot", "won", "14200.00")]


def test_one_that_was_over_before_the_handoff_is_another_sale(client, taken, crm):
    told(crm.source, taken, state="lost", closed_at=taken.opened_at - timedelta(days=1))
    say(client, taken, state="won", amount="5")
    assert deals() == [("HubSpot", "lost", "None"), ("By hand", "won", "5.00")]


def test_of_one_in_a_file_the_rep_speaks_and_of_several_says_which(client, taken, kim):
    file = Source.objects.named(taken.team, "deals.csv", SourceKind.IMPORT)
    told(file, taken, amount=10)
    say(client, taken, state="lost")
    assert deals() == [("deals.csv", "lost", "10.00")]
    told(file, taken, "d2", amount=20)
    assert say(client, taken, state="won").status_code == 422
    first, second = Deal.objects.order_by("pk")
    assert Caller(kim).post(f"handoffs/{taken.pk}/deal", {"state": "won", "deal": second.pk}).status_code == 200
    assert deals() == [("deals.csv", "lost", "10.00"), ("deals.csv", "won", "20.00")]
    assert say(client, taken, state="won", deal=first.pk + 1000).status_code == 422


@pytest.mark.parametrize("kind", [SourceKind.CRM, SourceKind.IMPORT])
def test_what_the_rep_said_first_becomes_the_deal_that_is_told_of_later(client, taken, kind):
    """Negative control below: a sale that was over before is another one."""
    say(client, taken, state="open", amount="9800")
    deal = Deal.objects.get()
    told(Source.objects.named(taken.team, "Sales", kind), taken, state="won", amount=9900, closed_at=timezone.now())
    assert deals() == [("Sales", "won", "9900.00")]
    assert (Deal.objects.get().pk, Deal.objects.get().external_id) == (deal.pk, "d1")


def test_an_old_sale_of_the_crm_takes_nothing_over(client, taken, crm):
    say(client, taken, state="open", amount="9800")
    told(crm.source, taken, state="won", closed_at=taken.opened_at - timedelta(days=300))
    assert deals() == [("By hand", "open", "9800.00"), ("HubSpot", "won", "None")]


def test_two_sales_take_over_one(client, taken, crm):
    say(client, taken, state="open", amount="9800")
    told(crm.source, taken)
    told(crm.source, taken, "d2")
    assert deals() == [("HubSpot", "open", "9800.00"), ("HubSpot", "open", "None")]
