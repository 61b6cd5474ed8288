"""Connecting a CRM by the pages: key, test, fields, stages, trial, on; and what is done when rows do not go through."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from leads.crm.sync.runner import sync_now
from leads.enums import ConnectionState, CrmKind, Role
from leads.models import Connection, Cursor, FieldMap, Lead, Link, Source, SyncEntry, SyncProblem
from leads.models import User as Person
from tests.fakes.hubspot import HubSpotCrm
from tests.sales import hand_off, make_team, make_user

CONTACTS, DEALS, COMPANIES = CrmKind.CONTACTS, CrmKind.DEALS, CrmKind.COMPANIES


@pytest.fixture
def crm(db: None, settings: Any) -> Iterator[HubSpotCrm]:
    with HubSpotCrm() as fake:
        settings.OUTBOUND_ALLOWLIST = [fake.base_url.removeprefix("http://").partition("/")[0]]
        yield fake
        assert fake.violations == []


@pytest.fixture
def mia(db: None) -> Person:
    return make_user("Mia", make_team(), Role.MARKETING)


@pytest.fixture
def page(client: Client, mia: Person) -> Client:
    client.force_login(mia)
    return client


def connect(page: Client, crm: HubSpotCrm) -> Connection:
    team = Person.objects.get(name="Mia").team_ids[0]
    said = {"name": "HubSpot", "team": team, "creates": "handed_off", "base_url": crm.base_url}
    said |= {f"setting_{name}": text for name, text in crm.secrets.items()}
    answer = page.post("/connections/new/hubspot/", said)
    assert answer.status_code == 302, answer.context["form"].errors
    return Connection.objects.get()


def turn_on(page: Client, at: str) -> None:
    page.post(f"{at}tests")
    page.post(f"{at}resumption")


def test_from_the_key_to_the_first_sync(page: Client, crm: HubSpotCrm) -> None:
    assert "No CRM is connected" in page.get("/connections/").text
    ana = crm.add(CONTACTS, email="ana@example.com", first_name="Ana", last_name="Ruiz", title="CTO")
    crm.add(DEALS, name="Pilot", stage="won", pipeline="sales", links={CONTACTS: [ana]})
    ben = hand_off(make_team(), email="ben@example.com", first_name="Ben", last_name="Ruiz").lead
    connection = connect(page, crm)
    at = f"/connections/{connection.pk}/"

    setup = page.get(at).text
    assert "Test the connection first." in setup
    tested = page.post(f"{at}tests").text
    assert re.findall("<b>(Contacts, read|Owners, read)</b>", tested) == ["Contacts, read", "Owners, read"]
    assert "missing" not in tested
    assert connection.stage_maps.exists()

    before = Lead.objects.count(), Link.objects.count(), SyncEntry.objects.count(), len(crm.records)
    trial = page.post(f"{at}trial/").context["trial"]
    assert (trial.here[CONTACTS]["created"], trial.there) == (1, {"updated": 1, "created": 1})  # she gets our number
    made = next(sample for sample in trial.samples_there if sample["what"] == "Made in the CRM")
    assert (made["who"], made["said"]["E-mail"]) == ("Ben Ruiz", ["", "ben@example.com"])
    assert before == (Lead.objects.count(), Link.objects.count(), SyncEntry.objects.count(), len(crm.records))
    assert connection.history.count() == 0

    page.post(f"{at}resumption")
    connection.refresh_from_db()
    assert connection.state == ConnectionState.ON
    run = sync_now(connection)
    assert run and run.ok, run and run.error
    assert Lead.objects.get(email="ana@example.com").title == "CTO"
    assert ben.email in [record.values.get("email") for record in crm.living(CONTACTS)]
    status = page.get(at)
    assert (status.context["status"].tone, status.context["status"].waiting) == ("good", 0)
    assert crm.secrets["token"] not in status.text + page.get(f"{at}settings/").text


def test_a_wrong_key_says_what_is_missing(page: Client, crm: HubSpotCrm) -> None:
    connection = connect(page, crm)
    crm.fail("denied", "fields", times=99)
    crm.fail("denied", "pull", times=99)
    answer = page.post(f"/connections/{connection.pk}/tests").text
    assert "crm.objects" in answer and "missing" in answer
    assert not connection.stage_maps.exists()


def test_fields_are_mapped_with_samples_from_the_crm(page: Client, crm: HubSpotCrm) -> None:
    crm.add(CONTACTS, email="ana@example.com", first_name="Ana", title="CTO")
    connection = connect(page, crm)
    at = f"/connections/{connection.pk}/fields/?kind=contacts"
    shown = page.get(at)
    assert "ana@example.com" in shown.text
    rows = [form.initial for form in shown.context["forms"] if form.initial]
    kept = [row for row in rows if row["ours"] != "title"]
    data = _posted([*kept, {"theirs": "jobtitle", "ours": "title", "flow": "pull", "wins": "theirs"}])
    assert page.post(at, data).status_code == 302
    title = connection.field_maps.get(kind=CONTACTS, ours="title")
    assert (title.theirs, title.flow, title.wins) == ("jobtitle", "pull", "theirs")
    assert connection.field_maps.filter(kind=CONTACTS).count() == len(rows)


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ({"theirs": "jobtitle", "ours": "score", "flow": "pull"}, "it only goes to the CRM"),
        ({"theirs": "", "ours": "title", "flow": "both"}, "choose both, or remove it"),
        ({"theirs": "jobtitle", "ours": "created_at", "flow": "push"}, "only comes from the CRM"),
    ],
)
def test_a_pair_that_cannot_be_is_refused_at_its_place(page: Client, crm: HubSpotCrm, pair: Any, words: str) -> None:
    crm.add(CONTACTS, email="ana@example.com", first_name="Ana", title="CTO")
    connection = connect(page, crm)
    before = list(connection.field_maps.order_by("pk").values_list("pk", flat=True))
    answer = page.post(f"/connections/{connection.pk}/fields/?kind=contacts", _posted([pair | {"wins": "latest"}]))
    assert answer.status_code == 422
    assert words in answer.text
    assert list(connection.field_maps.order_by("pk").values_list("pk", flat=True)) == before


def test_what_a_person_says_of_a_stage_counts(page: Client, crm: HubSpotCrm) -> None:
    connection = connect(page, crm)
    at = f"/connections/{connection.pk}/stages/"
    assert "No stages yet" in page.get(at).text
    page.post(at, {"read": "1"})
    stage = connection.stage_maps.filter(state="open").first()
    assert stage
    Cursor.objects.create(connection=connection, kind=DEALS, at=timezone.now())
    page.post(at, {f"stage-{stage.pk}": "won"})
    stage.refresh_from_db()
    assert (stage.state, stage.by_hand) == ("won", True)
    assert Cursor.objects.get(kind=DEALS).at is None  # every deal is read once more


def test_a_refused_row_is_told_retried_and_reconciled(page: Client, crm: HubSpotCrm) -> None:
    lead = hand_off(make_team(), email="ben@example.com").lead
    connection = connect(page, crm)
    at = f"/connections/{connection.pk}/"
    turn_on(page, at)
    crm.refused["ben@example.com"] = "This address was blocked"
    connection.refresh_from_db()
    sync_now(connection)
    assert "This address was blocked" in page.get(at).text
    report = page.get(f"{at}reconciliation/")
    assert [(reason.why, reason.count) for reason, _ in report.context["reasons"]] == [("refused", 1)]
    assert f'href="/leads/{lead.pk}/"' in report.text

    crm.refused.clear()
    page.post(f"{at}repairs", {"why": "refused"})
    connection.refresh_from_db()
    sync_now(connection)
    assert page.get(f"{at}reconciliation/").context["report"].missing == 0
    assert not SyncProblem.objects.exists()


def test_one_row_is_tried_again(page: Client, crm: HubSpotCrm) -> None:
    connection = connect(page, crm)
    problem = SyncProblem.objects.create(connection=connection, way="in", kind=CONTACTS, external_id="1", message="No")
    page.post(f"/connections/{connection.pk}/retries", {"problem": problem.pk})
    problem.refresh_from_db()
    assert problem.retry_at is not None


def test_pausing_and_disconnecting_lose_nothing(page: Client, crm: HubSpotCrm) -> None:
    crm.add(CONTACTS, email="ana@example.com", first_name="Ana")
    connection = connect(page, crm)
    at = f"/connections/{connection.pk}/"
    turn_on(page, at)
    connection.refresh_from_db()
    sync_now(connection)
    page.post(f"{at}pausing")
    connection.refresh_from_db()
    assert (connection.state, sync_now(connection)) == (ConnectionState.PAUSED, None)
    page.post(f"{at}disconnection")
    connection.refresh_from_db()
    assert (connection.state, connection.secrets.count()) == (ConnectionState.SETUP, 0)
    assert (Link.objects.filter(kind=CONTACTS).count(), FieldMap.objects.exists()) == (1, True)
    page.post(f"{at}deletion")  # records are linked by it
    page.post(f"{at}resumption")  # and without a key nothing goes on
    connection.refresh_from_db()
    assert connection.state == ConnectionState.SETUP
    shown = page.get(at).text
    assert ("Disconnected" in shown, "Being set up" in shown, "Turn it on" in shown) == (True, False, False)
    assert "There is no key. Enter it" in shown


def test_a_key_that_fails_its_test_turns_nothing_on(page: Client, crm: HubSpotCrm) -> None:
    connection = connect(page, crm)
    at = f"/connections/{connection.pk}/"
    page.post(f"{at}tests")
    crm.fail("denied", "pull", times=99)
    page.post(f"{at}tests")  # it passed once, and does no longer
    assert "did not pass" in page.post(f"{at}resumption", follow=True).text
    connection.refresh_from_db()
    assert connection.state == ConnectionState.SETUP
    crm.faults.clear()
    turn_on(page, at)
    connection.refresh_from_db()
    assert connection.state == ConnectionState.ON


def test_one_that_nothing_was_synced_by_is_deleted(page: Client, crm: HubSpotCrm) -> None:
    connection = connect(page, crm)
    assert "Delete this connection" in page.get(f"/connections/{connection.pk}/").text
    page.post(f"/connections/{connection.pk}/deletion")
    assert (Connection.objects.exists(), Source.objects.filter(pk=connection.source_id).exists()) == (False, False)


def test_who_changes_the_address_gets_no_key_sent_there(page: Client, crm: HubSpotCrm) -> None:
    connection = connect(page, crm)
    connection.keep_secret("session", "given by the CRM")
    at, said = f"/connections/{connection.pk}/settings/", {"name": "HubSpot", "creates": "handed_off"}
    answer = page.post(at, said | {"base_url": "https://elsewhere.example.com"})
    assert answer.status_code == 422
    assert "The address is another one" in answer.text
    connection.refresh_from_db()
    assert connection.base_url == crm.base_url
    keys = {f"setting_{name}": f"{name} entered anew" for name in crm.secrets}
    assert page.post(at, said | keys | {"base_url": "https://elsewhere.example.com"}).status_code == 302
    assert set(connection.secrets.values_list("name", flat=True)) == set(crm.secrets)  # and no session of before
    assert page.post(at, said | {"base_url": "https://ELSEWHERE.example.com/"}).status_code == 302


def test_a_paused_one_can_be_tried_out(page: Client, crm: HubSpotCrm) -> None:
    crm.add(CONTACTS, email="ana@example.com", first_name="Ana")
    connection = connect(page, crm)
    page.post(f"/connections/{connection.pk}/pausing")
    trial = page.post(f"/connections/{connection.pk}/trial/").context["trial"]
    assert (trial.here[CONTACTS]["created"], Lead.objects.count()) == (1, 0)


def test_a_trial_ends_though_the_crm_is_slow(page: Client, crm: HubSpotCrm, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = connect(page, crm)
    monkeypatch.setattr("leads.crm.setup.trial.PATIENCE", -1.0)
    answer = page.post(f"/connections/{connection.pk}/trial/")
    assert "it took too long" in answer.text
    assert crm.counted("pull") == 0


@pytest.mark.parametrize("problem", ["²", "x", "9" * 5000])
def test_of_a_row_that_is_none_nothing_is_tried_again(page: Client, crm: HubSpotCrm, problem: str) -> None:
    connection = connect(page, crm)
    row = SyncProblem.objects.create(connection=connection, way="in", kind=CONTACTS, external_id="1", message="No")
    assert page.post(f"/connections/{connection.pk}/retries", {"problem": problem}).status_code == 302
    row.refresh_from_db()
    assert row.retry_at is None


def test_a_list_costs_the_same_for_one_row_and_for_three(page: Client) -> None:
    from django.db import connection as database
    from django.test.utils import CaptureQueriesContext

    def cost() -> int:
        with CaptureQueriesContext(database) as asked:
            page.get("/connections/")
        return len(asked)

    team = make_team()
    Connection.make(team, crm="hubspot", name="A", slug="a")
    page.get("/connections/")
    one = cost()
    for name in "bc":
        Connection.make(team, crm="hubspot", name=name, slug=name)
    assert cost() == one


def _posted(rows: list[dict[str, str]]) -> dict[str, str]:
    data = {"f-TOTAL_FORMS": str(len(rows)), "f-INITIAL_FORMS": str(len(rows))}
    for number, row in enumerate(rows):
        data |= {f"f-{number}-{name}": value for name, value in row.items()}
    return data
