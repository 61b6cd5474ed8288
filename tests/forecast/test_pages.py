"""The forecast as people and programs meet it."""

import csv
from datetime import date, timedelta
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.enums import Role
from leads.models import Absence, Membership
from reports.exports import as_values
from reports.forecast import store
from reports.forecast.assumptions import overrule
from reports.forecast.page import TABLES
from reports.forecast.record import checks, kept_of
from reports.forecast.scope import WhatIf
from reports.models import Assumption, ForecastCount, TeamForecast
from tests.forecast.worlds import first_of, sell
from tests.leads.api import Caller
from tests.sales import hand_off, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def helen(team, client):
    user = make_user("Helen", team, Role.MANAGER)
    client.force_login(user)
    return user


@pytest.fixture
def told(team):
    """A team with a forecast, and one of the past to hold against what came."""
    sell(team, 1, until=timezone.now(), a_day=1.0)
    store.ask()
    store.run_asked()
    store.keep(first_of(3))
    return TeamForecast.objects.latest_ones().get()


def test_of_nothing_it_says_what_is_missing(client, helen):
    assert "Being counted for the first time" in client.get("/reports/forecast/").text
    waits = client.get("/reports/forecast/progress/")
    assert ("Will be counted in a moment" in waits.text, "HX-Refresh" in waits) == (True, False)
    store.ask()
    store.run_asked()
    page = client.get("/reports/forecast/").text
    assert "A forecast needs 20 won deals of the last 12 months; there are 0." in page


def test_the_sum_is_the_title_and_its_parts_add_up(client, helen, told):
    page = client.get("/reports/forecast/")
    found = page.context["found"]
    assert len(found.months) == 6
    assert sum(month.expected for month in found.months) == pytest.approx(sum(label.total for label in found.labels))
    assert found.total.low < found.total.expected < found.total.high
    assert found.total.expected == pytest.approx(sum(month.expected for month in found.months))
    # the mean over the paths is what is expected, but for the luck of the dice
    paths = told.revenue[:, [place for place, span in enumerate(told.spans) if span[3]]]
    assert paths.sum(axis=1).mean() == pytest.approx(found.total.expected, rel=0.05)
    assert "expected in the next 6 months" in page.text
    checked = page.context["record"]["all"].inside
    assert checked.n == 3


def test_months_in_which_nothing_was_won_have_no_error_but_an_interval(client, helen, told):
    """As in a small team: the three months that were forecast are there, and the chart goes on to the last of them."""
    gone = [first_of(back).isoformat() for back in (3, 2, 1, 0)]
    TeamForecast.objects.filter(pk=told.pk).update(won={m: each for m, each in told.won.items() if m not in gone})
    page = client.get("/reports/forecast/")
    assert "Nothing was won in these months, so there is nothing" in page.text
    assert page.context["record"]["inside"] == 0
    last = page.context["found"].past[-1]
    assert (last.month, last.revenue) == (first_of(1), 0)


def test_two_teams_are_added_path_by_path(client, helen, told, team):
    other = make_team("APAC")
    Membership.objects.create(user=helen, team=other, role=Role.MANAGER)
    sell(other, 2, until=timezone.now(), a_day=1.0)
    store.ask()
    store.run_asked()
    client.force_login(helen)
    whole, one, two = (
        client.get(f"/reports/forecast/{query}").context["found"] for query in ("", "?team=emea", "?team=apac")
    )
    assert whole.total.expected == pytest.approx(one.total.expected + two.total.expected)
    assert whole.total.high - whole.total.low < (one.total.high - one.total.low) + (two.total.high - two.total.low)


def test_what_another_team_expects_is_not_shown(client, told):
    client.force_login(make_user("Theo", make_team("APAC"), Role.MANAGER))
    page = client.get("/reports/forecast/")
    assert (page.context["found"], "Nothing of your teams yet" in page.text) == (None, True)
    page = client.get("/reports/forecast/?team=emea")
    assert "No such team among yours." in page.text


def test_it_is_read_from_rows(client, helen, told, team):
    def queries():
        with CaptureQueriesContext(connection) as made:
            client.get("/reports/forecast/")
        return len(made)

    client.get("/reports/forecast/")
    few = queries()
    sell(team, 5, until=timezone.now(), a_day=1.0)
    for _ in range(3):
        hand_off(team)
    store.keep(first_of(4))
    assert queries() == few
    assert few < 25


@pytest.mark.parametrize(
    ("what_if", "words"),
    [
        (WhatIf("hot", 20, 2), "20% more new leads that are Hot, and 2 reps more"),
        (WhatIf("cold", -50), "50% fewer new leads that are Cold"),
        (WhatIf(reps=-1), "1 rep fewer"),
    ],
)
def test_a_what_if_in_words(what_if, words):
    assert what_if.words == words


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("label=hot&more=lots&reps=2", "New leads of the label: “lots”: Give a whole number from −100 to 1,000."),
        ("more=1001", "New leads of the label: “1001”: Give a whole number from −100 to 1,000."),
        ("reps=2.5", "More reps: “2.5”: Give a whole number from −50 to 50."),
        ("label=icy&more=20", "Label: there is no “icy”."),
    ],
)
def test_a_what_if_that_makes_no_sense_is_no_what_if_of_nothing(client, helen, told, asked, says):
    page = client.get(f"/reports/forecast/?team=emea&{asked}")
    assert (page.context["form"].wrong_what_if, page.context["effect"]) == ([says], None)
    assert says in page.text
    assert 'href="/reports/forecast/?team=emea#h-if"' in page.text


def test_counting_again_is_asked_for_and_seen(client, helen, told):
    ForecastCount.objects.update(finished_at=timezone.now() - timedelta(hours=7))
    page = client.post("/reports/forecast/counts/", follow=True)
    assert "Being counted" in page.text
    assert ForecastCount.objects.get(finished_at=None).asked_by == helen
    store.run_asked()
    while due := store.record_due():
        page = client.get("/reports/forecast/progress/")
        assert ("HX-Refresh" in page, f"{len(due)} past month" in page.text) == (False, True)
        store.keep(due[-1])
    assert client.get("/reports/forecast/progress/")["HX-Refresh"] == "true"
    assert "Count again" in client.get("/reports/forecast/").text


def test_an_assumption_is_questioned_and_taken_back(client, helen, told):
    refused = client.post(
        "/reports/forecast/assumptions/",
        {"team": "emea", "name": "value", "label": "hot", "value": "lots", "why": ""},
    )
    assert refused.status_code == 422
    assert "Give a number, such as 25%, 12.5% or 18000." in refused.text
    for value in ("12,5", "18.000,50", "1e3", "nan"):  # a comma that parts no thousands is not guessed at
        given = {"team": "emea", "name": "value", "label": "hot", "value": value, "why": "x"}
        assert client.post("/reports/forecast/assumptions/", given).status_code == 422
    given = {"team": "emea", "name": "unworked", "label": "", "value": "1.1%", "why": "Asked five reps"}
    page = client.post("/reports/forecast/assumptions/", given, follow=True)
    said = Assumption.objects.get()
    assert (said.value, said.by, said.why) == (0.011, helen, "Asked five reps")
    assert "“Asked five reps”" in page.text
    client.post(f"/reports/forecast/assumptions/{said.pk}/ending/")
    said.refresh_from_db()
    assert said.ended_by == helen
    assert "Asked five reps" in client.get("/reports/forecast/assumptions/").text


def test_an_average_deal_of_double_brings_more(client, helen, told):
    """Of a label with its own deals: the effect is told beside it and is in the sum."""
    Assumption.objects.all().delete()
    was = TeamForecast.objects.latest_ones().get()
    label = next(name for name, row in was.basis["labels"].items() if name and row["counted"]["value"])
    given = {"team": "emea", "name": "value", "label": label, "value": "30000", "why": "New prices"}
    client.post("/reports/forecast/assumptions/", given)
    now = TeamForecast.objects.latest_ones().get()
    assert now.basis["labels"][label]["value"] == pytest.approx(30_000)
    assert len(now.basis["assumptions"]) == 1


def test_more_reps_help_only_where_they_are_missing(client, helen, told, team):
    kim = make_user("Kim", team)
    Membership.objects.filter(user=kim).update(weekly_capacity=5)
    row = TeamForecast.objects.latest_ones().get()
    row.basis["handoffs"] = {"weeks": [4] * 8, "labels": {"hot": 32}}
    row.save()
    assert client.get("/reports/forecast/?reps=2").context["effect"].gain == 0
    row.basis["handoffs"] = {"weeks": [20] * 8, "labels": {"hot": 160}}
    row.save()
    effect = client.get("/reports/forecast/?reps=2").context["effect"]
    (load,) = effect.loads
    assert (load.capacity, load.capacity_if, load.worked, load.worked_if) == (5, 15, 0.25, 0.75)
    assert effect.reps == {team.pk: 2}
    more = client.get("/reports/forecast/?label=hot&more=20").context["effect"].loads[0]
    assert (more.handoffs_if, more.worked_if) == (pytest.approx(24), pytest.approx(5 / 24))
    Membership.objects.filter(user=kim).update(weekly_capacity=0)
    overrule(team, Assumption.Name.UNWORKED, 0.0, why="Nobody calls back", by=helen)
    assert client.get("/reports/forecast/?reps=2").context["effect"].gain == 0, "no count says what work would bring"


def test_capacity_is_less_while_somebody_is_away(client, helen, told, team):
    kim = make_user("Kim", team)
    Membership.objects.filter(user=kim).update(weekly_capacity=10)
    monday = timezone.localdate() + timedelta(days=7 - timezone.localdate().weekday())
    Absence.objects.create(user=kim, first=monday + timedelta(days=1), last=monday + timedelta(days=9))
    weeks = client.get("/reports/forecast/").context["weeks"]["EMEA"]
    assert [week.capacity for week in weeks] == [2, 4, 10, 10, 10, 10]
    make_user("Lea", team)  # without a limit
    assert {week.capacity for week in client.get("/reports/forecast/").context["weeks"]["EMEA"]} == {None}


def test_page_spreadsheet_and_api_say_the_same(client, helen, told, team):
    kim = make_user("Kim", team)
    Membership.objects.filter(user=kim).update(weekly_capacity=5)
    asked = "team=emea&label=hot&more=20&reps=2"
    context, api = client.get(f"/reports/forecast/?{asked}").context, Caller(helen)
    scope, (one,) = context["scope"], context["found"].teams
    shown = {
        "months": context["found"].months, "teams": one.months, "record": checks(kept_of(scope), scope.latest),
        "basis": context["basis"], "capacity": context["weeks"]["EMEA"],
    }  # fmt: skip
    for table in TABLES.values():
        answered = api.get(f"forecast/{table.name}?{asked}").json()["rows"]
        heads, *lines = csv.reader(StringIO(client.get(f"/reports/forecast/{table.name}.csv?{asked}").text))
        assert heads[0] == "\ufeff" + next(iter(table.figures.values())).heading
        assert len(answered) == len(lines) == len(shown[table.name]) > 0
        for row, line, seen in zip(answered, lines, shown[table.name], strict=True):
            assert line == [str("" if part is None else part) for value in row.values() for part in parts(value)]
            values = {"expected": round(seen, 4)} if isinstance(seen, float) else as_values(seen)
            assert {name: as_given(row[name], values[name]) for name in values} == values
    assert client.get("/reports/forecast/nothing.csv").status_code == 404


def parts(value):
    return value.values() if isinstance(value, dict) else [value]


def numbers(value):
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from numbers(each)
    elif isinstance(value, float):
        yield value


def as_given(value, like):
    return date.fromisoformat(value) if isinstance(like, date) else value


class TestApi:
    def test_it_answers_what_the_page_shows(self, helen, told):
        api = Caller(helen)
        answer = api.get("forecast").json()
        assert (len(answer["months"]), answer["missing"], answer["teams"][0]["name"]) == (6, "", "EMEA")
        assert answer["record"]["inside"]["n"] == 3
        table = api.get("forecast/capacity").json()
        assert (len(table["rows"]), "capacity" in table["definitions"]) == (6, True)
        assert table["as_of"] == answer["as_of"]
        what_if = api.get("forecast", more=20, label="cool").json()["what_if"]
        assert what_if["gain"] >= 0
        assert list(numbers([answer, what_if])) == [round(number, 4) for number in numbers([answer, what_if])]
        assert api.get("forecast", reps="x").json()["fields"] == {"reps": ["Give a whole number from −50 to 50."]}

    def test_without_a_forecast_it_says_what_is_missing(self, helen):
        assert Caller(helen).get("forecast").json() == {"missing": "Nothing was counted yet.", "months": []}

    def test_assumptions_are_set_read_and_taken_back(self, helen, told):
        api = Caller(helen)
        given = {"name": "unworked", "value": 0.3, "why": "Asked"}
        made = api.post("forecast/assumptions", given)
        assert (made.status_code, made.json()["by"]) == (201, helen.email)
        wrong = api.post("forecast/assumptions", {"name": "opens", "value": 3, "why": "x", "label": "hot"})
        assert (wrong.status_code, list(wrong.json()["fields"])) == (400, ["value"])
        address = f"forecast/assumptions/{made.json()['id']}"
        assert api.delete(address).status_code == 204
        assert api.get(address).json()["ended_by"] == helen.email
        assert len(api.get("forecast/assumptions").json()["results"]) == 1

    def test_counting_again(self, helen):
        api = Caller(helen)
        assert api.get("forecast/counts").json()["running"] is False
        answer = api.post("forecast/counts", {})
        assert (answer.status_code, answer.json()["running"]) == (202, True)
