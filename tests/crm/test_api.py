"""Connections by the API: key, test, trial, on; what goes wrong is told at its place."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from leads.crm.sync.runner import sync_now
from leads.enums import ConnectionState, CrmKind, Role
from leads.models import Connection, Lead, SyncConflict, SyncEntry, SyncProblem
from tests.fakes.hubspot import TOKEN, HubSpotCrm
from tests.leads.api import Caller
from tests.sales import hand_off, make_team, make_user

CONTACTS, DEALS = CrmKind.CONTACTS, CrmKind.DEALS


@pytest.fixture
def crm(db: None, settings: Any) -> Iterator[HubSpotCrm]:
    with HubSpotCrm() as fake:
        settings.OUTBOUND_ALLOWLIST = [fake.base_url.removeprefix("http://").partition("/")[0]]
        yield fake
        assert fake.violations == []


@pytest.fixture
def mia(db: None) -> Caller:
    return Caller(make_user("Mia", make_team(), Role.MARKETING))


def connect(mia: Caller, crm: HubSpotCrm) -> str:
    said = {"crm": "hubspot", "name": "HubSpot", "base_url": crm.base_url, "secrets": crm.secrets}
    answer = mia.post("connections", said)
    assert answer.status_code == 201, answer.json()
    return f"connections/{answer.json()['id']}"


def synced() -> Connection:
    connection = Connection.objects.get()
    run = sync_now(connection)
    assert run and run.ok, run and run.error
    return connection


def test_from_the_key_to_the_first_sync(mia: Caller, crm: HubSpotCrm) -> None:
    ana = crm.add(CONTACTS, email="ana@example.com", first_name="Ana", last_name="Ruiz", title="CTO")
    crm.add(DEALS, name="Pilot", stage="won", pipeline="sales", links={CONTACTS: [ana]})
    hand_off(make_team(), email="ben@example.com", first_name="Ben", last_name="Ruiz")
    asked = next(each for each in mia.get("connections/crms").json() if each["slug"] == "hubspot")
    assert {each["name"] for each in asked["settings"] if each["secret"]} >= set(crm.secrets)

    at = connect(mia, crm)
    shown = mia.get(at).json()
    assert (shown["state"], shown["creates"], shown["secrets"]["token"]) == ("setup", "handed_off", f"••••{TOKEN[-4:]}")
    tested = mia.post(f"{at}/tests", {}).json()
    assert tested["ok"], tested
    trial = mia.post(f"{at}/trials", {}).json()
    assert (trial["here"][CONTACTS]["created"], trial["there"]) == (1, {"updated": 1, "created": 1})
    assert not Lead.objects.filter(email="ana@example.com").exists()

    assert mia.post(f"{at}/resumption", {}).json()["state"] == ConnectionState.ON
    synced()
    assert Lead.objects.get(email="ana@example.com").title == "CTO"
    status = mia.get(f"{at}/status").json()
    assert (status["tone"], status["waiting"], status["last_run"]["ok"]) == ("good", 0, True)
    assert [run["number"] for run in mia.get(f"{at}/runs").json()["results"]] == [1]
    assert mia.post(f"{at}/runs", {"everything": True}).status_code == 202
    assert not Connection.objects.get().cursors.exclude(at=None).exists()
    assert TOKEN not in json.dumps([mia.get(path).json() for path in (at, "connections", f"{at}/fields")])


def test_mistakes_are_told_at_their_place(mia: Caller, crm: HubSpotCrm) -> None:
    said = {"crm": "hubspot", "name": "HubSpot", "base_url": "http://10.0.0.1/", "secrets": {"tokn": "x"}}
    assert list(mia.post("connections", said).json()["fields"]["secrets"]) == ["tokn"]
    wrong = mia.post("connections", said | {"secrets": {"token": "x"}})
    assert (wrong.status_code, list(wrong.json()["fields"])) == (400, ["base_url"])
    assert list(mia.post("connections", {"crm": "pencil"}).json()["fields"]) == ["name", "crm"]
    connect(mia, crm)
    twice = {"crm": "hubspot", "name": "HubSpot", "base_url": crm.base_url, "secrets": crm.secrets}
    assert mia.post("connections", twice).json()["fields"] == {"name": ["The team has a connection of that name."]}


def test_a_change_leaves_what_it_does_not_name(mia: Caller, crm: HubSpotCrm) -> None:
    at = connect(mia, crm)
    answer = mia.patch(at, {"name": "HubSpot EU", "secrets": {"token": "pat-eu1-new-9999"}}).json()
    assert (answer["name"], answer["base_url"], answer["creates"]) == ("HubSpot EU", crm.base_url, "handed_off")
    assert answer["secrets"]["token"].endswith("9999")
    assert answer["secrets"]["client_secret"].endswith(crm.secrets["client_secret"][-4:])


def test_a_key_that_does_not_do_and_a_crm_that_is_away(mia: Caller, crm: HubSpotCrm) -> None:
    at = connect(mia, crm)
    crm.fail("denied", "pull", times=99)
    denied = mia.post(f"{at}/trials", {})
    assert (denied.status_code, "crm.objects" in denied.json()["error"]) == (409, True)
    crm.fail("away", "fields", times=99)
    fields = mia.get(f"{at}/fields").json()
    assert (fields["theirs"], bool(fields["problem"]), bool(fields["pairs"])) == (None, True, True)
    untested = mia.post(f"{at}/resumption", {})
    assert (untested.status_code, "Test the connection" in untested.json()["error"]) == (409, True)
    mia.post(f"{at}/disconnection", {})
    assert mia.get(at).json()["secrets"] == {}
    assert "Disconnected" in mia.get(f"{at}/status").json()["words"]
    keyless = mia.post(f"{at}/resumption", {})
    assert (keyless.status_code, "no key" in keyless.json()["error"]) == (409, True)
    assert mia.delete(at).status_code == 204
    assert not Connection.objects.exists()


def test_fields_are_read_and_set_by_kind(mia: Caller, crm: HubSpotCrm) -> None:
    crm.add(CONTACTS, email="ana@example.com", first_name="Ana", title="CTO")
    at = f"{connect(mia, crm)}/fields?kind=contacts"
    shown = mia.get(at).json()
    assert "ana@example.com" in next(each for each in shown["theirs"] if each["name"] == "email")["samples"]
    kept = [pair for pair in shown["pairs"] if pair["ours"] != "title"]
    title = {"theirs": "jobtitle", "ours": "title", "flow": "pull", "wins": "theirs"}
    assert mia.put(at, {"pairs": [*kept, title]}).json()["pairs"] == [*kept, title]
    usual = mia.put(at, {"pairs": [*kept, {"theirs": "jobtitle", "ours": "title"}]}).json()["pairs"]
    assert usual[-1] == title | {"flow": "both", "wins": "latest"}

    wrong = mia.put(at, {"pairs": [kept[0], {"theirs": "jobtitle", "ours": "score", "flow": "pull"}]})
    assert wrong.status_code == 400
    assert [list(each) for each in wrong.json()["fields"]["pairs"]] == [[], ["non_field_errors"]]
    twice = mia.put(at, {"pairs": [title, title | {"theirs": "city"}]})
    assert "is said twice" in twice.json()["fields"]["pairs"][1]["ours"][0]
    assert mia.get(at).json()["pairs"] == usual
    assert list(mia.get(at.replace("contacts", "pens")).json()["fields"]) == ["kind"]


def test_what_a_person_says_of_a_stage_counts(mia: Caller, crm: HubSpotCrm) -> None:
    at = f"{connect(mia, crm)}/stages"
    assert mia.get(at).json() == {"stages": []}
    stages = mia.post(at, {}).json()["stages"]
    first = next(stage for stage in stages if stage["state"] == "open")
    said = mia.put(at, {"stages": [{"id": first["id"], "state": "won"}]}).json()["stages"]
    assert [stage for stage in said if stage["by_hand"]] == [first | {"state": "won", "by_hand": True}]
    wrong = mia.put(at, {"stages": [{"id": first["id"], "state": "lost"}, {"id": 1, "state": "won"}]})
    assert [list(each) for each in wrong.json()["fields"]["stages"]] == [[], ["id"]]
    assert mia.get(at).json()["stages"] == said


def test_a_refused_row_is_told_retried_and_repaired(mia: Caller, crm: HubSpotCrm) -> None:
    lead = hand_off(make_team(), email="ben@example.com").lead
    at = connect(mia, crm)
    mia.post(f"{at}/tests", {})
    mia.post(f"{at}/resumption", {})
    crm.refused["ben@example.com"] = "This address was blocked"
    connection = synced()
    [problem] = mia.get(f"{at}/problems").json()["results"]
    assert (problem["lead"], problem["way"], "This address was blocked" in problem["message"]) == (lead.pk, "out", True)
    report = mia.get(f"{at}/reconciliation").json()
    assert [(each["why"], each["count"], each["leads"]) for each in report["reasons"]] == [("refused", 1, [lead.pk])]
    assert mia.post(f"{at}/retries", {"problem": problem["id"] + 1}).status_code == 400
    assert mia.post(f"{at}/retries", {"problem": problem["id"]}).json() == {"count": 1}
    assert mia.post(f"{at}/repairs", {"why": "no_email"}).status_code == 400

    crm.refused.clear()
    assert mia.post(f"{at}/repairs", {"why": "refused"}).json() == {"count": 1}
    synced()
    assert mia.get(f"{at}/reconciliation").json()["holds"]
    SyncConflict.objects.create(
        connection=connection, kind=CONTACTS, external_id="1", lead=lead, field="title", ours="CTO", theirs="CEO",
        winner="ours", rule="ours",
    )  # fmt: skip
    assert [row["theirs"] for row in mia.get(f"{at}/conflicts").json()["results"]] == ["CEO"]
    assert not SyncProblem.objects.exists()
    assert mia.post(f"{at}/pausing", {}).json()["state"] == ConnectionState.PAUSED


def test_only_the_teams_own_and_only_who_may(mia: Caller, crm: HubSpotCrm) -> None:
    at = connect(mia, crm)
    manager, rep = (Caller(make_user(role, make_team(), role)) for role in (Role.MANAGER, Role.REP))
    stranger = Caller(make_user("Theo", make_team("APAC"), Role.MARKETING))
    assert [caller.get(at).status_code for caller in (manager, rep, stranger)] == [200, 403, 404]
    assert [caller.post(f"{at}/pausing", {}).status_code for caller in (manager, rep, stranger)] == [403, 403, 404]
    assert stranger.get("connections").json()["results"] == []
    assert SyncEntry.objects.count() == 0
