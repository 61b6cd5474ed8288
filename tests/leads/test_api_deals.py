"""Deals over the API."""

from typing import Any

import pytest

from leads.enums import Role
from leads.models import Deal, Lead, Team
from tests.leads.api import Caller
from tests.sales import make_lead, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller(team: Team) -> Caller:
    return Caller(make_user("Dana", team, Role.MARKETING))


def test_a_deal_is_made_once_and_brought_up_to_date(caller: Caller, team: Team) -> None:
    lead = make_lead(team)
    body = {"external_id": "d1", "lead": lead.pk, "name": "Pilot", "amount": "14200.50", "stage": "Proposal"}
    made = caller.post("deals", body)
    assert (made.status_code, made.json()["state"], made.json()["lead"]) == (201, "open", lead.pk)
    lead.refresh_from_db()
    assert lead.stage == "opportunity"
    won = caller.post("deals", body | {"state": "won", "closed_at": "2026-01-05T10:00:00Z"})
    assert (won.status_code, won.json()["state"], won.json()["amount"]) == (200, "won", "14200.50")
    lead.refresh_from_db()
    assert (lead.stage, Deal.objects.count()) == ("customer", 1)


def test_a_deal_by_address_finds_or_makes_its_lead(caller: Caller) -> None:
    caller.post("deals", {"external_id": "d1", "email": "Ana@northwind.example", "name": "Pilot"})
    assert Deal.objects.get().lead == Lead.objects.get(email="ana@northwind.example")


def test_a_change_sets_only_what_is_given(caller: Caller, team: Team) -> None:
    pk = caller.post("deals", {"external_id": "d1", "lead": make_lead(team).pk, "name": "Pilot"}).json()["id"]
    body = caller.patch(f"deals/{pk}", {"state": "lost", "lost_reason": "Budget"}).json()
    assert (body["state"], body["lost_reason"], body["name"]) == ("lost", "Budget", "Pilot")


@pytest.mark.parametrize(
    ("extra", "field"),
    [
        ({"lead": 987654321}, "lead"),
        ({"state": "maybe"}, "state"),
        ({"amount": -1}, "amount"),
        ({"amount": 1e400}, None),
        ({"closed_at": "soon"}, "closed_at"),
        ({"known_at": "2026-01-05T10:00:00Z"}, "known_at"),
        ({"owner": 987654321}, "owner"),
    ],
)
def test_what_cannot_be_taken_is_named(caller: Caller, extra: dict[str, Any], field: str | None) -> None:
    response = caller.post("deals", {"external_id": "d1"} | extra)
    assert response.status_code == 400
    assert list(response.json().get("fields", {None: ""})) == [field]


def test_a_lead_of_another_team_is_not_there(caller: Caller) -> None:
    foreign = make_lead(make_team("APAC"))
    assert caller.post("deals", {"external_id": "d1", "lead": foreign.pk}).json()["fields"]["lead"]
    assert not Deal.objects.exists()


def test_filters(caller: Caller, team: Team) -> None:
    lead = make_lead(team)
    caller.post("deals", {"external_id": "d1", "lead": lead.pk, "state": "won"})
    caller.post("deals", {"external_id": "d2", "email": "b@b.example"})
    found = [len(caller.get("deals", **query).json()["results"]) for query in ({}, {"lead": lead.pk}, {"state": "won"})]
    assert found == [2, 1, 1]
