"""The page of the reports: what a manager sees."""

import html
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.enums import DealState, Label, Role, SourceKind
from leads.models import Deal, Lead, Source
from leads.selling.handoffs import accept, reject
from leads.statistics import Rate
from reports.days import today
from reports.models import Counting
from reports.queries import REPORTS
from reports.queries.conversion import LabelConversion, verdict
from reports.queries.impact import DIMENSIONS
from reports.scope import ScopeForm
from reports.summaries import count_due
from tests.reports.world import rated
from tests.sales import hand_off, make_lead, make_team, make_user, reason


@pytest.fixture
def dana(team, client):
    user = make_user("Dana", team, Role.MANAGER)
    client.force_login(user)
    return user


@pytest.fixture
def kim(team):
    return make_user("Kim", team)


def win(lead):
    source = Source.objects.named(lead.team, "CRM", SourceKind.CRM)
    Deal.objects.create(
        team=lead.team, lead=lead, source=source, external_id=str(lead.pk), name="Deal", state=DealState.WON,
        amount=14_200, closed_at=lead.created_at + timedelta(days=10),
    )  # fmt: skip


def kpi(page, heading):
    return next(kpi for kpi in page.context["kpis"] if kpi.figure.heading == heading)


@pytest.mark.parametrize(
    ("role", "status"), [(Role.MANAGER, 200), (Role.MARKETING, 200), (Role.ADMIN, 200), (Role.REP, 403)]
)
def test_who_reads_reports(client, team, role, status):
    client.force_login(make_user("Mia", team, role))
    assert client.get("/reports/").status_code == status


def test_of_nothing_the_page_says_so(client, team, dana):
    page = client.get("/reports/")
    assert "Reports begin with the first lead of your teams. Marketing brings them in." in page.text
    make_lead(make_team("APAC"))
    make_lead(team, created_at=timezone.now() - timedelta(days=200))
    assert "No lead was handed off in this period." not in page.text
    later = client.get("/reports/")
    assert "No leads yet" not in later.text and "No lead was handed off in this period." in later.text
    assert kpi(page, "Lead to customer").basis == "0 of 0 leads so far"


def test_few_cases_are_counted_not_shared(client, team, dana, kim):
    for handoff in [hand_off(team) for _ in range(3)]:
        accept(handoff, by=kim)
    page = client.get("/reports/")
    assert (kpi(page, "Accepted by sales").value, kpi(page, "Accepted by sales").basis) == (
        "–",
        "3 of 3 decided so far",
    )
    assert [(cell.text, cell.small) for cell in page.context["handoffs"].rows[0] if cell.head.name == "accepted"] == [
        ("3 of 3", "so far")
    ]


def test_enough_cases_have_a_share_and_an_interval(client, team, dana, kim):
    for number in range(30):
        handoff = hand_off(team)
        if number < 20:
            accept(handoff, by=kim)
        else:
            reject(handoff, by=kim, reason=reason())
    win(Lead.objects.earliest("pk"))
    page = client.get("/reports/")
    assert (kpi(page, "Accepted by sales").value, kpi(page, "Accepted by sales").basis) == ("67%", "20 of 30 decided")
    assert (kpi(page, "Median time to close").value, kpi(page, "Average deal").value) == ("10.0", "€ 14.2 k")
    [accepted] = [cell for cell in page.context["handoffs"].rows[0] if cell.head.name == "accepted"]
    assert (accepted.text, accepted.small, accepted.span) == ("67%", "20 of 30,", "49% to 81%")


def test_a_change_is_better_only_beyond_chance(client, team, dana, kim):
    before = timezone.now() - timedelta(days=100)
    for number in range(60):
        lead = make_lead(team, created_at=before if number < 30 else timezone.now())
        if number >= 40:
            win(lead)
    change = kpi(client.get("/reports/"), "Lead to customer")
    assert (change.value, change.change, change.better) == ("67%", "+66.7 pts", True)
    win(make_lead(team, created_at=before))
    for lead in Lead.objects.filter(created_at__lt=timezone.now() - timedelta(days=50), deals=None)[:18]:
        win(lead)
    change = kpi(client.get("/reports/"), "Lead to customer")
    assert (change.change, change.better) == ("+5.4 pts, could be chance", None)


def test_a_disqualified_lead_is_not_one_without_a_score(client, team, dana):
    rated(make_lead(team), Label.DISQUALIFIED, timezone.now())
    assert client.get("/reports/").context["trend"].heads[1] == "Disqualified"
    make_lead(team)
    parts = ["Not scored", "Disqualified", "Cold", "Cool", "Warm", "Hot"]
    for chart in (client.get("/reports/").context["trend"], client.get("/reports/score/").context["mix"]):
        assert (chart.heads[1:-1], chart.rows[0][1:-1]) == (parts, ["1", "1", "0", "0", "0", "0"])


def test_the_period_and_the_team_stand_in_the_address(client, team, dana):
    make_team("APAC")
    make_lead(team)
    page = client.get("/reports/?from=2026-01-01&to=2026-03-31&team=emea")
    assert "1 Jan 2026 to 31 Mar 2026, EMEA." in page.text
    assert '/reports/funnel.csv?from=2026-01-01&amp;to=2026-03-31&amp;team=emea"' in page.text
    assert "APAC" not in page.text


def test_pages_and_lists_say_what_they_are_narrowed_to(client, dana):
    asked = "from=2026-01-01&to=2026-03-31&team=emea&source=none"
    for path in ("", "sources/", "leads/", "handoffs/"):
        assert "1 Jan 2026 to 31 Mar 2026, EMEA, source not known" in client.get(f"/reports/{path}?{asked}").text
    behind = client.get(f"/scoring/feedback/handoffs/?criterion=7&{asked.replace('none', 'Fair')}")
    assert "1 Jan 2026 to 31 Mar 2026, EMEA, from Fair: whose lead had points" in behind.text


def test_only_days_whose_leads_are_young_are_called_so(client, team, dana):
    make_lead(team)
    young, old = (today() - timedelta(days=days) for days in (100, 200))
    for days, said in ((f"from={young}", True), (f"from={old}", False), (f"from={old}&to={old}", False)):
        assert ("mostly too young" in client.get(f"/reports/score/?{days}").text) is said


def test_a_wrong_period_is_named_and_the_last_90_days_are_shown(client, dana):
    page = client.get("/reports/?from=yesterday")
    assert page.context["problems"] == ["From: “yesterday”: Write the day as 2026-08-03."]
    assert "Shown are the last 90 days of all your teams." in page.text
    assert "By: there is no “mood”." in client.get("/reports/impact/?by=mood").text
    assert page.context["scope"].last == timezone.localdate()
    answer = client.get("/reports/funnel.csv?from=yesterday&team=mars")
    assert (answer.status_code, answer.text) == (
        400, "From: “yesterday”: Write the day as 2026-08-03.\nTeam: “mars”: No such team among yours."
    )  # fmt: skip


def test_the_days_a_page_asks_for_by_itself_are_days_that_can_be_asked_for(dana):
    scope = ScopeForm({"to": "2000-01-10"}, user=dana).scope()
    assert (scope.query, ScopeForm(scope.asked, user=dana).is_valid()) == ("from=2000-01-01&to=2000-01-10", True)


def test_every_definition_is_on_a_page(client, team, dana):
    make_lead(team)
    ways = [f"impact/?by={way}" for way in DIMENSIONS]
    pages = [client.get(f"/reports/{name}").text for name in ("", *ways, "funnel/", "score/", "sources/", "answers/")]
    text = html.unescape("".join(pages))
    assert [figure.heading for report in REPORTS.values() for figure in report.figures.values()
            if figure.means not in text] == []  # fmt: skip


@pytest.mark.parametrize("name", ["", "impact/", "funnel/", "score/", "sources/", "answers/", "costs/", "leads/"])
def test_every_page_opens_of_nothing(client, team, dana, name):
    assert client.get(f"/reports/{name}").status_code == 200
    make_lead(team, created_at=timezone.now() - timedelta(days=200))
    assert client.get(f"/reports/{name}").status_code == 200


def test_marketing_and_managers_have_their_own_order(client, team, dana):
    mine = client.get("/reports/").context["cards"]
    client.force_login(make_user("Mia", team, Role.MARKETING))
    theirs = client.get("/reports/").context["cards"]
    assert (mine[2], theirs[2]) == ("reports/_overview_handoffs.html", "reports/_overview_sources.html")
    assert set(mine) == set(theirs)


def test_count_again_goes_back_to_the_report(client, team, dana):
    answer = client.post("/reports/summary/", {"next": "/reports/funnel/?source=Fair"})
    assert (answer.status_code, answer["Location"]) == (302, "/reports/funnel/?source=Fair")
    assert client.post("/reports/summary/", {"next": "https://example.com/"})["Location"] == "/reports/"
    assert client.post("/api/v1/reports/summary").json()["complete"] is True
    assert client.get("/api/v1/reports/summary").json()["as_of"]


def test_until_all_is_counted_once_there_are_no_figures_that_could_be_taken_for_true(client, team, dana):
    """After an upgrade, too: more leads are due than a page that is opened counts."""
    win(hand_off(team).lead)
    count_due()
    Counting.objects.update(as_of=None, anew_lead=0)
    page = client.get("/reports/").text
    assert "Everything is being counted anew" in page and "After an upgrade" in page
    for address in ("/api/v1/reports/impact-by-team", "/api/v1/feedback/summary/by-team"):
        answer = client.get(address).json()
        assert (answer["as_of"], answer["rows"]) == (None, [])
    for address in ("/reports/impact-by-team.csv", "/scoring/feedback/by-team.csv"):
        answer = client.get(address)
        assert (answer.status_code, answer.text) == (503, "The figures are still being counted. Ask again in a minute.")
    count_due()
    assert client.get("/reports/impact-by-team.csv").status_code == 200


LATER = timezone.now() + timedelta(days=2)
PAGES = [f"/reports/{name}" for name in ("", "impact/", "funnel/", "score/", "sources/", "answers/", "leads/")]
ANSWERS = ["/api/v1/reports/funnel", "/api/v1/feedback/summary/by-team"]


def somebody_counts(execute, sql, params, many, context):
    """Between the question how old the figures are and the figures themselves."""
    if "INSERT" not in sql and any(said in sql for said in ("_tally", "_handoff", '_fact"."day')):
        Counting.objects.update(as_of=LATER)
    return execute(sql, params, many, context)


@pytest.mark.parametrize("address", [*PAGES, "/scoring/feedback/", *ANSWERS])
def test_no_figure_is_older_than_the_page_says(client, team, dana, address):
    hand_off(team)
    count_due()
    with connection.execute_wrapper(somebody_counts):
        answer = client.get(address)
    said = answer.json()["as_of"] if address in ANSWERS else answer.context["as_of"]
    assert (Counting.objects.get().as_of, said == LATER, bool(said)) == (LATER, False, True)
    assert address in ANSWERS or "Figures as of" in answer.text


@pytest.mark.parametrize("address", [*PAGES, "/reports/handoffs/", "/scoring/feedback/"])
def test_a_page_costs_the_same_for_three_handoffs_as_for_one(client, team, dana, kim, address):
    def queries():
        client.get(address)  # what came since is counted
        with CaptureQueriesContext(connection) as seen:
            client.get(address)
        return len(seen)

    def fill():
        reject(hand_off(team), by=kim, reason=reason())
        win(hand_off(team).lead)

    fill()
    one = queries()
    fill()
    fill()
    assert queries() == one


@pytest.mark.parametrize(
    ("hot", "warm", "state", "says"),
    [
        ((58, 298), (27, 514), "ok", "Hot leads become customers 3.7 times as often as Warm ones"),
        # the intervals of the two touch, that of their difference leaves out zero
        ((39, 387), (13, 264), "ok", "Hot leads become customers 2.0 times as often as Warm ones, beyond chance."),
        ((5, 40), (4, 40), "ok", "Between Hot and Warm the difference could be chance."),
        ((40, 40), (0, 40), "ok", "Hot leads become customers, Warm ones did not yet."),
        ((4, 40), (5, 40), "", "Warm leads became customers more often than Hot ones, which could be chance."),
        ((1, 100), (60, 100), "warn", "Warm leads became customers more often than Hot ones, beyond chance."),
        ((5, 29), (5, 400), "", "A label is compared once 30 leads of the period had it."),
    ],
)
def test_the_verdict(hot, warm, state, says):
    result = verdict([LabelConversion("hot", Rate(*hot)), LabelConversion("warm", Rate(*warm))])
    assert result.state == state
    assert result.sentence.endswith(says) or result.sentence.startswith(says)


def test_a_month_without_a_lead_of_some_label_is_drawn(team, client):
    """Most small companies have such months."""
    client.force_login(make_user("Kim", team, Role.MANAGER))
    make_lead(team, created_at=timezone.now() - timedelta(days=40))
    page = client.get("/reports/score/?from=2020-01-01")
    assert (page.status_code, len(page.context["mix"].columns)) == (200, 1)
