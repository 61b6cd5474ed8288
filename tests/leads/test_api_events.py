"""Events over the API: told once, counted once."""

from typing import Any

import pytest

from leads.enums import Role
from leads.models import Event, Field, Lead, Source, Standing, Team
from tests.leads.api import Caller
from tests.sales import make_lead, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller(team: Team) -> Caller:
    return Caller(make_user("Dana", team, Role.MARKETING))


def test_an_event_is_stored_once_and_makes_the_lead_due(caller: Caller, team: Team) -> None:
    lead = make_lead(team, email="ana@northwind.example")
    event = {
        "kind": "pricing_requested", "email": "Ana@northwind.example", "message_id": "m1",
        "occurred_at": "2026-01-05T10:00:00Z", "properties": {"url": "/pricing"},
    }  # fmt: skip
    first, second = caller.post("events", event), caller.post("events", event)
    assert (first.status_code, second.status_code) == (201, 200)
    stored = Event.objects.get()
    assert first.json() == {"result": "stored", "id": stored.pk, "lead": lead.pk}
    assert second.json()["result"] == "duplicate"
    assert Standing.objects.get(lead=lead).facts_rev == 2
    assert caller.get(f"events/{stored.pk}").json() == {
        "id": stored.pk, "lead": lead.pk, "kind": "pricing_requested", "occurred_at": "2026-01-05T10:00:00Z",
        "received_at": caller.get(f"events/{stored.pk}").json()["received_at"], "source": "api", "message_id": "m1",
        "properties": {"url": "/pricing"}, "quarantined": False,
        "quarantine_reason": "",
    }  # fmt: skip


def test_a_list_is_answered_one_by_one(caller: Caller, team: Team) -> None:
    lead = make_lead(team)
    response = caller.post(
        "events",
        [
            {"kind": "page_viewed", "lead": lead.pk, "message_id": "m1"},
            {"kind": "page_viewed", "lead": 987654321},
            {"lead": lead.pk},
            {"kind": "page_viewed", "lead": lead.pk, "message_id": "m1"},
            {"kind": "page_viewed"},
            "page_viewed",
            {"kind": "Call Held", "email": "new@northwind.example", "source": "Phone"},
        ],
    )
    assert response.status_code == 201
    results = response.json()["results"]
    assert [row["result"] for row in results] == [
        "stored", "rejected", "rejected", "duplicate", "rejected", "rejected", "stored",
    ]  # fmt: skip
    assert results[1]["error"] == "lead: There is no lead 987654321 in your teams."
    assert results[2]["error"] == "kind: This field is required."
    assert results[4]["error"] == "Whose event? Give an e-mail address, a lead or an id."
    made = Event.objects.select_related("kind", "source").get(lead=Lead.objects.get(email="new@northwind.example"))
    assert (made.kind.slug, made.source.name) == ("call_held", "Phone")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"kind": "page_viewed"}, "Whose event?"),
        ({"kind": "page_viewed", "email": "nonsense"}, "@"),
        ({"kind": "page_viewed", "email": "a@b.example", "occurred_at": "yesterday"}, "occurred_at:"),
        ({"kind": "page_viewed", "email": "a@b.example", "properties": {"a": "x\0"}}, "NUL"),
        ({"kind": "page_viewed", "email": "a@b.example", "properties": [1]}, "properties:"),
        ({"kind": "page_viewed", "email": "a@b.example", "quarantined": True}, "quarantined:"),
        ({"kind": "page_viewed", "email": "a@b.example", "team": "nowhere"}, "team:"),
    ],
)
def test_what_cannot_be_stored_says_why(caller: Caller, body: dict[str, Any], reason: str) -> None:
    response = caller.post("events", body)
    assert response.status_code == 400
    assert reason in response.json()["error"]
    assert not Event.objects.exists()


@pytest.mark.parametrize("count", [0, 1001])
def test_a_list_has_one_to_a_thousand(caller: Caller, count: int) -> None:
    assert caller.post("events", [{}] * count).json() == {"error": "Send 1 to 1,000 events at a time."}


def test_a_long_list_asks_for_its_team_and_source_once(caller: Caller, django_assert_max_num_queries) -> None:
    events = [{"kind": "page_viewed", "email": f"p{i}@b.example"} for i in range(300)]
    with django_assert_max_num_queries(40):
        assert caller.post("events", events).status_code == 201


def test_filters(caller: Caller, team: Team) -> None:
    lead, other = make_lead(team), make_lead(team)
    caller.post("events", [{"kind": "page_viewed", "lead": lead.pk}, {"kind": "call_held", "lead": lead.pk}])
    caller.post("events", {"kind": "page_viewed", "lead": other.pk, "source": "Web"})
    count = lambda **query: len(caller.get("events", **query).json()["results"])  # noqa: E731
    assert (count(), count(lead=lead.pk), count(kind="page_viewed"), count(source="web")) == (3, 2, 2, 1)
    assert (count(source=Source.objects.get(slug="web").pk), count(lead=987654321)) == (1, 0)


def test_events_of_another_team_are_not_there(caller: Caller) -> None:
    lead = make_lead(make_team("APAC"))
    assert caller.post("events", {"kind": "page_viewed", "lead": lead.pk}).status_code == 400
    assert not Event.objects.exists()


def test_fields_are_listed_and_made(caller: Caller) -> None:
    assert caller.post("fields", {"key": "seats", "label": "Seats", "type": "number"}).status_code == 201
    assert [row["key"] for row in caller.get("fields", of="lead").json()["results"]] == ["seats"]
    assert caller.post("fields", {"key": "Seats!", "label": "Seats"}).json()["fields"]["key"]
    assert caller.post("fields", {"key": "seats", "label": "Again"}).status_code == 400
    assert Field.objects.count() == 1
