"""Every figure leads to the leads or handoffs that are counted in it: as many as it says."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from leads.enums import DealState, Label, Role, SourceKind
from leads.models import Deal, Handoff, Lead, Source
from leads.selling.handoffs import accept, open_handoffs, recycle, reject
from leads.statistics import Rate
from reports.behind import NAMES, address
from reports.days import today
from reports.queries import REPORTS
from reports.queries.overview import overview
from reports.scope import Scope
from reports.summaries import count_due
from scoring.models import Entry
from tests.sales import make_lead, make_team, make_user, reason, score


@pytest.fixture
def kim(team, client):
    user = make_user("Kim", team, Role.MANAGER)
    client.force_login(user)
    return user


@pytest.fixture
def world(team, kim):
    """Sixty leads of three months, of which a part is handed off, answered, sold to."""
    dice = random.Random(7)
    source = Source.objects.named(team, "CRM", SourceKind.CRM)
    for number in range(60):
        created = timezone.now() - timedelta(days=dice.randrange(85))
        label = dice.choice(Label.values[:4])
        lead = make_lead(team, created_at=created, source=dice.choice(["Web", "Fair", ""]),
                         campaign=dice.choice(["", "Spring", "May"]))  # fmt: skip
        Entry.objects.create(lead=lead, seq=1, cause="activity", as_of=created, recorded_at=created, label=label,
                             grade="B2", total=dice.randrange(90))  # fmt: skip
        if dice.random() < 0.6:
            [handoff] = open_handoffs([score(lead, label=label).pk])
            Handoff.objects.filter(pk=handoff.pk).update(opened_at=created + timedelta(hours=1))
            answer = dice.randrange(4)
            if answer == 0:
                reject(handoff, by=kim, reason=reason())
            elif answer == 1:
                recycle(handoff, by=kim, until=today() + timedelta(days=9))
            elif answer == 2:
                accept(handoff, by=kim)
                Handoff.objects.filter(pk=handoff.pk).update(decided_at=created + timedelta(hours=2))
        if dice.random() < 0.4:
            state = dice.choice(DealState.values)
            Deal.objects.create(team=team, lead=lead, source=source, external_id=str(number), name="Deal", state=state,
                                amount=900, closed_at=created + timedelta(days=3), opened_at=created)  # fmt: skip
    count_due()


def linked(scope):
    """(report, figure, what it is, its address) of every figure of every report that leads somewhere."""
    for report in REPORTS.values():
        for row in report.rows(scope):
            for name, figure in report.figures.items():
                value = getattr(row, name)
                if figure.behind and isinstance(value, int | Rate) and name not in ("days_to_close", "half"):
                    number = value.k if isinstance(value, Rate) else value
                    yield report.name, name, number, address(scope, figure.behind, getattr(row, "only", {}))


def test_every_figure_leads_to_as_many_as_it_says(client, world, kim):
    scope = Scope(kim, today() - timedelta(days=89), today())
    figures = list(linked(scope))
    answers = {url: client.get(url) for *_, url in figures}
    wrong = [(report, name, number, url) for report, name, number, url in figures
             if answers[url].status_code != 200 or answers[url].context["number"] != number]  # fmt: skip
    assert wrong == []
    assert len({url for *_, number, url in figures if number}) > 80
    asked = {figure.behind for report in REPORTS.values() for figure in report.figures.values() if figure.behind}
    assert asked <= NAMES


def test_behind_the_time_to_close_are_those_it_is_of(client, team, kim):
    """Who bought before the lead was there is a customer, and in no time to close."""
    source = Source.objects.named(team, "CRM", SourceKind.CRM)
    for days in (-2, 3):
        lead = make_lead(team)
        Deal.objects.create(team=team, lead=lead, source=source, external_id=str(days), name="Deal", amount=1,
                            state=DealState.WON, closed_at=lead.created_at + timedelta(days=days))  # fmt: skip
    count_due()
    scope = Scope(kim, today(), today())
    listed = client.get(address(scope, "closed", {})).context
    assert (overview(scope).closed, listed["number"], len(listed["rows"])) == (1, 1, 1)


def test_of_surprises_more_than_the_page_shows_are_a_list(client, world, kim):
    page = client.get("/reports/score/").context
    for surprises, url in ((page["hots"], page["hots_url"]), (page["colds"], page["colds_url"])):
        assert surprises.rate.k > 0
        assert client.get(url).context["number"] == surprises.rate.k


def test_within_a_source(client, world, kim):
    scope = Scope(kim, today() - timedelta(days=89), today(), source="Web")
    for report, name, number, url in linked(scope):
        if report in ("overview", "cohorts", "sources", "campaigns", "handoffs"):
            assert client.get(url).context["number"] == number, (report, name)


def test_the_list_shows_the_leads_page_by_page(client, world, kim):
    page = client.get(f"/reports/leads/?from={today() - timedelta(days=89)}")
    assert page.context["number"] == Lead.objects.count() == 60
    seen = [lead.pk for _, lead in page.context["rows"]]
    page = client.get(f"/reports/leads/?from={today() - timedelta(days=89)}&cursor={page.context['page'].next}")
    assert len({*seen, *(lead.pk for _, lead in page.context["rows"])}) == 60
    assert f"/leads/{page.context['rows'][0][1].pk}/" in page.text
    for path in ("reports/leads/?", "reports/handoffs/?", "reports/costs/?", "scoring/feedback/handoffs/?criterion=7&"):
        assert "a page that is none of this list. This is its beginning." in client.get(f"/{path}cursor=x").text


def test_leads_of_other_teams_are_not_behind_anything(client, world, kim):
    make_lead(make_team("APAC"))
    count_due()
    assert client.get(f"/reports/leads/?from={today() - timedelta(days=89)}").context["number"] == 60


@pytest.mark.parametrize(
    "asked",
    ["came=nowhere", "month=2026-13", "month=9999-12", "days=x", "label=boiling", "version=99999999999"],
)
def test_what_cannot_be_asked_is_no_page(client, kim, asked):
    assert client.get(f"/reports/leads/?{asked}").status_code == 404


@pytest.mark.parametrize("asked", ["state=nowhere", "opened=July", "opened=9999-12", "opened=0001-01", "rep=x"])
def test_nor_of_handoffs(client, kim, asked):
    assert client.get(f"/reports/handoffs/?{asked}").status_code == 404


def test_a_list_says_in_words_what_it_is_narrowed_to(client, team, kim):
    [handoff] = open_handoffs([score(make_lead(team)).pk])
    reject(handoff, by=kim, reason=reason())
    ours = client.get(f"/reports/handoffs/?state=rejected&reason=no_budget&rep={kim.pk}&label=hot")
    assert ours.context["said"] == ["Label: Hot", "State: Rejected", "Reason: No budget", "Rep: Kim"]
    nobody = client.get(f"/reports/handoffs/?rep={make_user('Lee', make_team('APAC')).pk}&won=1")
    assert "Lee" not in nobody.text and nobody.context["said"][1] == "The lead bought"
    leads = client.get(
        "/reports/leads/?total_from=67&total_to=91&came=customers&days=7.0&at=sal&month=2026-07&grade=none"
    )
    assert leads.context["said"] == ["Grade: none", "For 7 days or more", "Month: July 2026", "Score: 67 to 91"]


def test_the_lists_cost_the_same_for_three_as_for_one(client, team, kim, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries(url):
        with CaptureQueriesContext(connection) as seen:
            client.get(url)
        return len(seen)

    counts = []
    for number in (1, 2):
        for _ in range(number):
            accept(open_handoffs([score(make_lead(team)).pk])[0], by=kim)
        count_due()
        counts.append([queries("/reports/leads/"), queries("/reports/handoffs/")])
    assert counts[0] == counts[1]
