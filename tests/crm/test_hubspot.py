"""What is HubSpot's own: its limits, its answers in parts, its signatures, its versions."""

import base64
import copy
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from leads.crm.control import stages_changed
from leads.crm.registry import connector_of
from leads.crm.status import status_of
from leads.crm.sync.runner import sync_now
from leads.crm.words import Check, OurField, PushRow, Window
from leads.enums import CrmKind, DealState
from leads.models import Connection, Deal, Lead, Link, Nudge, Standing, SyncConflict
from tests.crm.steps import pushed_score, still, sync
from tests.crm.worlds import World, connected
from tests.fakes import contract
from tests.fakes.hubspot import REFRESH, ROUTES, HubSpotCrm
from tests.fakes.served import Request, Response

CONTACTS, DEALS = CrmKind.CONTACTS, CrmKind.DEALS
HOT = (("hot", "Hot"), ("cold", "Cold"))
EVERYTHING = Window(None, datetime(2100, 1, 1, tzinfo=UTC))
BATCH = {
    "status": "COMPLETE",
    "results": [],
    "startedAt": "2026-11-22T09:00:00Z",
    "completedAt": "2026-11-22T09:00:01Z",
}


@pytest.fixture
def hubspot(db: None, settings: Any) -> Iterator[World]:
    with HubSpotCrm() as crm:
        yield connected(crm, settings, "hub")
        assert crm.violations == []


def test_paging_by_number_ends_at_ten_thousand(hubspot: World) -> None:
    """Negative control: the fake refuses what HubSpot refuses."""
    body = {"limit": 200, "after": "9900", "filterGroups": []}
    with pytest.raises(Exception, match="10,000"):
        hubspot.connector._search(CONTACTS, body)  # type: ignore[attr-defined]


def test_a_batch_refused_as_a_whole_is_written_in_halves(hubspot: World) -> None:
    """A property that HubSpot does not have spoils the batch, not the rows beside it."""
    ids = [hubspot.crm.add(CONTACTS, email=f"a{n}@example.com") for n in range(8)]
    rows = [PushRow(n, id, {"city": "Oslo"}, "", "") for n, id in enumerate(ids)]
    rows[5] = PushRow(5, ids[5], {"leadscore_score": 7}, "", "")
    results = hubspot.connector.push(CONTACTS, rows)
    assert [result.key for result in results if not result.ok] == [5]
    assert "leadscore_score does not exist" in results[5].error
    assert [record.values.get("city") for record in hubspot.crm.living(CONTACTS)].count("Oslo") == 7


def test_what_search_shows_late_is_no_news(hubspot: World) -> None:
    """For some seconds search gives a record as it was before we wrote it: nobody has changed anything back."""
    id = hubspot.crm.add(CONTACTS, email="a@example.com", jobtitle="Intern")
    sync(hubspot)
    hubspot.crm.shown[CONTACTS, id] = copy.deepcopy(hubspot.crm.records[CONTACTS, id])
    lead = Lead.objects.get()
    Lead.objects.filter(pk=lead.pk).update(title="Head of Sales")
    Standing.objects.filter(lead=lead).update(total=40)
    sync(hubspot)
    still(hubspot)
    lead.refresh_from_db()
    assert (lead.title, pushed_score(hubspot, id)) == ("Head of Sales", "40")
    assert not SyncConflict.objects.exists()
    hubspot.crm.shown.clear()
    hubspot.crm.edit(CONTACTS, id, jobtitle="Director")  # and what somebody does then is
    sync(hubspot)
    assert Lead.objects.get().title == "Director"


def test_a_hundred_rows_are_one_request(hubspot: World) -> None:
    ids = [hubspot.crm.add(CONTACTS, email=f"a{n}@example.com") for n in range(100)]
    hubspot.connector.push(CONTACTS, [PushRow(n, id, {"city": "Oslo"}) for n, id in enumerate(ids)])
    assert hubspot.crm.counted("push") == 1


def test_the_primary_company_comes_first(hubspot: World) -> None:
    companies = [hubspot.crm.add("companies", name=name) for name in ("Northwind", "Southwind")]
    hubspot.crm.add(CONTACTS, email="a@example.com", links={"companies": companies})
    assert sync_now(hubspot.connection)
    assert Lead.objects.get().company.name == "Northwind"


def test_won_and_lost_by_the_deal_and_by_its_pipeline(hubspot: World) -> None:
    for stage in ("new", "won", "lost"):
        hubspot.crm.add(DEALS, name=stage, stage=stage, pipeline="sales", amount="10")
    sync_now(hubspot.connection)
    assert dict(Deal.objects.values_list("name", "state")) == {
        "new": DealState.OPEN, "won": DealState.WON, "lost": DealState.LOST,
    }  # fmt: skip
    assert dict(Deal.objects.values_list("name", "stage"))["won"] == "Closed won"
    assert dict(hubspot.connection.stage_maps.values_list("stage", "state")) == {
        "new": "open", "offer": "open", "won": "won", "lost": "lost",
    }  # fmt: skip


def test_what_a_person_says_of_a_stage_counts_more(hubspot: World) -> None:
    hubspot.crm.add(DEALS, name="Signed", stage="offer", pipeline="sales")
    sync_now(hubspot.connection)
    hubspot.connection.stage_maps.filter(stage="offer").update(state=DealState.WON, by_hand=True)
    stages_changed(hubspot.connection)
    sync_now(hubspot.connection)
    assert Deal.objects.get().state == DealState.WON


def test_a_server_that_knows_only_the_numbered_versions(hubspot: World) -> None:
    hubspot.crm.numbered = True  # type: ignore[attr-defined]
    hubspot.crm.add(CONTACTS, email="a@example.com")
    run = sync_now(hubspot.connection)
    assert run and run.ok, run
    assert Lead.objects.get().email == "a@example.com"


def test_the_test_says_what_is_missing(hubspot: World) -> None:
    assert [check.ok for check in hubspot.connector.test()] == [True] * 6
    hubspot.crm.fail("denied", "push")
    checks = {check.name: check for check in hubspot.connector.test()}
    assert [name for name, check in checks.items() if not check.ok] == ["Contacts, write"]
    assert "crm.objects.contacts.write" in checks["Contacts, write"].words
    hubspot.connection.keep_secret("token", "wrong-token-0123456789")
    found: list[Check] = connector_of(hubspot.connection).test()
    assert not any(check.ok for check in found)
    assert "enter it" in found[0].words


def test_fields_come_with_samples(hubspot: World) -> None:
    hubspot.crm.add(CONTACTS, email="a@example.com", favourite_colour="green")
    fields = {field.name: field for field in hubspot.connector.fields(CONTACTS)}
    assert fields["favourite_colour"].samples == ("green",)


def test_every_kind_of_request_and_answer_is_checked_against_the_contract(hubspot: World) -> None:
    crm, connector = hubspot.crm, hubspot.connector
    company = crm.add("companies", name="Northwind")
    ids = [crm.add(CONTACTS, email=f"a{n}@example.com", links={"companies": [company]}) for n in range(3)]
    crm.add(DEALS, name="Seats", stage="won", links={CONTACTS: ids})
    crm.act("call_held", datetime.now(UTC), subject="Hello", links={CONTACTS: ids})
    crm.refused[ids[0]] = "Property values were not valid"
    connector.test()
    connector.ensure_fields(CONTACTS, [OurField("score", "Score", "number"), OurField("label", "Label", "choice", HOT)])
    connector.fields(CONTACTS), connector.stages(), connector.match(CONTACTS, ["a1@example.com"], [])
    connector.read(CONTACTS, [*ids, "999"], ["email"]), connector.ids(CONTACTS, "")
    for kind in connector.kinds:
        after = connector.pull(kind, EVERYTHING, "", []).next
        while after:
            after = connector.pull(kind, EVERYTHING, after, []).next
    rows = [PushRow(n, id, {"leadscore_score": 7, "leadscore_label": "hot"}) for n, id in enumerate([*ids, "", "999"])]
    rows[3] = PushRow(3, "", {"leadscore_score": 7}, "new@example.com", "3")
    assert [result.ok for result in connector.push(CONTACTS, rows)] == [False, True, True, True, False]
    assert crm.checked.keys() == {answer.__name__ for _, answer in ROUTES}  # type: ignore[attr-defined]
    assert {status for statuses in crm.checked.values() for status in statuses} == {200, 201, 207}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("body", "answer", "wrong"),
    [
        ({"inputs": [{"id": "1", "properties": {"leadscore_score": 77}}]}, BATCH, "string"),
        ({"inputs": [{"properties": {}}]}, BATCH, "id"),
        ({"inputs": []}, {"status": "COMPLETE"}, "results"),
        ({"inputs": []}, BATCH, ""),
    ],
)
def test_what_is_not_as_the_contract_says_is_found(body: Any, answer: Any, wrong: str) -> None:
    """Negative control."""
    headers = {"authorization": "Bearer x", "content-type": "application/json"}
    asked = Request("POST", "/crm/v3/objects/contacts/batch/update", {}, headers, json.dumps(body).encode())
    found = contract.violations(asked, Response(200, answer))
    assert wrong in "".join(found) if wrong else found == []


# OAuth


@pytest.fixture
def app(db: None, settings: Any) -> Iterator[World]:
    with HubSpotCrm() as crm:
        crm.become_app()
        yield connected(crm, settings, "app")
        assert crm.violations == []


def test_an_access_token_that_ended_is_renewed_in_the_middle(app: World) -> None:
    app.crm.add(CONTACTS, email="a@example.com")
    app.crm.fail("expired", "pull:contacts")
    run = sync_now(app.connection)
    assert run and run.ok, run and run.error
    assert (Lead.objects.count(), app.crm.counted("token")) == (1, 2)


def test_a_refresh_token_that_was_replaced_is_kept(app: World) -> None:
    app.crm.rotates = True  # type: ignore[attr-defined]
    for _ in range(2):
        Connection.objects.update(due_at=timezone.now())
        run = sync_now(app.connection)
        assert run and run.ok, run and run.error
    secrets = connector_of(app.connection).access.secrets
    assert secrets["refresh_token"] == app.crm.secrets["refresh_token"] != REFRESH


def test_a_refresh_that_is_refused_says_what_to_do(app: World) -> None:
    app.connection.keep_secret("refresh_token", "one-of-another-app")
    run = sync_now(app.connection)
    assert run and not run.ok
    app.connection.refresh_from_db()
    assert app.connection.needs_person
    words = status_of(app.connection).words
    assert "missing or invalid refresh token" in words
    assert "Authorise the app once more and enter its new refresh token." in words
    assert "one-of-another-app" not in words


# Webhooks


def sent(hubspot: World, client: Client, events: Any, *, secret: str = "", minutes: int = 0) -> Any:
    body, path = json.dumps(events), f"/hooks/crm/{hubspot.connection.slug}/"
    stamp = str(int((datetime.now(UTC) - timedelta(minutes=minutes)).timestamp() * 1000))
    signed = f"POSThttps://leads.example{path}{body}{stamp}"
    digest = hmac.digest((secret or hubspot.crm.secrets["client_secret"]).encode(), signed.encode(), hashlib.sha256)
    headers = {"X-HubSpot-Request-Timestamp": stamp, "X-HubSpot-Signature-v3": base64.b64encode(digest).decode()}
    return client.post(path, body, content_type="application/json", headers=headers)


def event(id: str, number: int = 1, what: str = "contact.propertyChange", **more: Any) -> dict[str, Any]:
    return {
        "eventId": number,
        "subscriptionType": what,
        "objectId": int(id),
        "occurredAt": 1,
        "attemptNumber": 0,
        **more,
    }


def test_what_a_webhook_tells_of_is_read_at_the_next_run(hubspot: World, client: Client, settings: Any) -> None:
    settings.PUBLIC_URL = "https://leads.example"
    kept, gone = (hubspot.crm.add(CONTACTS, email=f"{name}@example.com", first_name="Ana") for name in ("kept", "gone"))
    sync_now(hubspot.connection)
    hubspot.crm.edit(CONTACTS, kept, at=datetime.now(UTC) - timedelta(days=9), first_name="Ines")  # below the cursor
    hubspot.crm.delete(CONTACTS, gone)
    events = [event(kept), event(gone, 2, "contact.deletion"), event("7", 3, "ticket.creation")]
    answer = sent(hubspot, client, events)
    assert (answer.status_code, answer.json()) == (200, {"success": True, "news": 2})
    again = sent(hubspot, client, [event(kept, attemptNumber=1)])
    assert again.json() == {"success": True, "news": 0}
    sync_now(hubspot.connection)
    assert Lead.objects.get(email="kept@example.com").first_name == "Ines"
    assert Link.objects.get(external_id=gone).gone_at is not None
    assert not Nudge.objects.filter(done_at=None).exists()


@pytest.mark.parametrize(("more", "status"), [({"secret": "another"}, 403), ({"minutes": 6}, 403), ({}, 200)])
def test_only_what_is_signed_and_fresh_is_taken(hubspot: World, client: Client, settings: Any, more: Any,
                                                status: int) -> None:  # fmt: skip
    settings.PUBLIC_URL = "https://leads.example"
    assert sent(hubspot, client, [event("101")], **more).status_code == status
    assert Nudge.objects.count() == (1 if status == 200 else 0)


def test_garbage_is_refused(hubspot: World, client: Client, settings: Any) -> None:
    settings.PUBLIC_URL = "https://leads.example"
    for body in ({"no": "list"}, [1], [{"subscriptionType": "contact.creation"}], None):
        assert sent(hubspot, client, body).status_code == 403
    assert client.post("/hooks/crm/nobody/", "[]", content_type="application/json").status_code == 404
    assert client.get("/hooks/crm/hub/").status_code == 405
