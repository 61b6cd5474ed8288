"""The reports for programs and spreadsheets: who may, what comes."""

import csv
from io import StringIO

import pytest

from leads.enums import Label, Role
from leads.models import RejectionReason
from leads.selling.handoffs import reject
from reports.queries import REPORTS
from tests.sales import hand_off, make_lead, make_team, make_user, reason


@pytest.fixture
def manager(team, client):
    user = make_user("Dana", team, Role.MANAGER)
    client.force_login(user)
    return user


@pytest.mark.parametrize("role", [Role.MARKETING, Role.MANAGER, Role.ADMIN])
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_comes_with_its_definitions(client, team, role, name):
    client.force_login(make_user("Mia", team, role))
    answer = client.get(f"/api/v1/reports/{name}").json()
    assert set(answer) == {
        "name",
        "title",
        "about",
        "definitions",
        "from",
        "to",
        "team",
        "model",
        "source",
        "as_of",
        "rows",
    }
    assert set(answer["definitions"]) == set(REPORTS[name].figures)


@pytest.mark.parametrize("address", ["/api/v1/reports", "/api/v1/reports/funnel"])
def test_reps_have_no_reports(client, team, address):
    client.force_login(make_user("Kim", team))
    assert client.get(address).status_code == 403


def test_the_list_of_reports(client, manager):
    assert [row["name"] for row in client.get("/api/v1/reports/").json()["results"]] == list(REPORTS)


def test_a_report_nobody_wrote(client, manager):
    assert client.get("/api/v1/reports/luck").status_code == 404


def test_a_rate_says_what_it_is_made_of(client, manager, team):
    reject(hand_off(team), by=make_user("Kim", team), reason=reason())
    row = client.get("/api/v1/reports/handoffs").json()["rows"][0]
    assert row["label"] == Label.HOT
    assert row["accepted"] == {"k": 0, "n": 1, "share": None, "low": None, "high": None}


@pytest.mark.parametrize(
    ("query", "field", "says"),
    [
        ("from=2026-13-01", "from", "Write the day as 2026-08-03."),
        ("from=2026-02-01&to=2026-01-01", "from", "The first day must not come after the last."),
        ("from=0001-01-01", "from", "Choose days between 2000 and 2999."),
        ("to=0001-01-01", "to", "Choose days between 2000 and 2999."),
        ("team=apac", "team", "No such team among yours."),
    ],
)
def test_a_wrong_period_is_named(client, manager, query, field, says):
    make_team("APAC")
    answer = client.get(f"/api/v1/reports/funnel?{query}")
    assert (answer.status_code, answer.json()["fields"]) == (400, {field: [says]})


def test_the_period_is_repeated(client, manager):
    answer = client.get("/api/v1/reports/funnel?from=2026-01-01&to=2026-01-31&team=emea").json()
    assert (answer["from"], answer["to"], answer["team"]) == ("2026-01-01", "2026-01-31", "emea")
    assert answer["rows"][0] == {
        "step": "New leads",
        "leads": 0,
        "of_previous": None,
        "of_all": {"k": 0, "n": 0, "share": None, "low": None, "high": None},
    }


def read(answer):
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_is_a_spreadsheet(client, manager, team, name):
    hand_off(team)
    lines = read(client.get(f"/reports/{name}.csv"))
    assert len({len(line) for line in lines}) == 1
    assert lines[0][0] == next(iter(REPORTS[name].figures.values())).heading


def test_the_lines_of_a_spreadsheet(client, manager, team):
    RejectionReason.objects.filter(slug="no_budget").update(label="=cmd|' /C calc'!A0")
    reject(hand_off(team), by=manager, reason=reason())
    assert read(client.get("/reports/reasons.csv")) == [
        ["Reason", "Given", "Given: of", "Given: share", "Given: low", "Given: high"],
        ["'=cmd|' /C calc'!A0", "1", "1", "", "", ""],
    ]


def test_reps_have_no_spreadsheets(client, team):
    client.force_login(make_user("Kim", team))
    assert client.get("/reports/funnel.csv").status_code == 403
    assert client.get("/reports/").status_code == 403


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_costs_the_same_for_three_rows_as_for_one(client, manager, team, name, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries():
        with CaptureQueriesContext(connection) as seen:
            client.get(f"/api/v1/reports/{name}")
        return len(seen)

    make_lead(team)
    hand_off(team)
    one = queries()
    for _ in range(2):
        hand_off(team)
    assert queries() == one
