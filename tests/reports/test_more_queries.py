"""Impact, cohorts, passages, sources and agreement, on worlds small enough to count by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from leads.enums import DealState, Label, Role, SourceKind
from leads.ingest import EventRecord, record_events
from leads.models import Deal, Handoff, Lead, Membership, Source, User
from leads.selling.handoffs import accept, open_handoffs, reject
from leads.statistics import Rate
from reports.costs import enter
from reports.days import today
from reports.demo import enter_costs
from reports.drawings import source_mix
from reports.models import SourceCost
from reports.queries.agreement import agreement
from reports.queries.campaigns import campaigns
from reports.queries.cohorts import cohorts
from reports.queries.impact import impact, version_names
from reports.queries.performance import deciles, months
from reports.queries.reps import reps
from reports.queries.sources import costs, sources, sources_and_all
from reports.queries.stages import stages, stuck_after
from reports.queries.surprises import rejected_hots, won_colds
from reports.scope import Scope
from reports.summaries import count_due
from scoring.demo.people import hire
from scoring.models import Entry, ScoringModel, Version
from tests.sales import hand_off, make_lead, make_team, make_user, reason, score
from tests.scoring.workshop import make_model


@pytest.fixture
def kim(team):
    return make_user("Kim", team, Role.MANAGER)


@pytest.fixture
def scope(kim):
    return Scope(kim, today() - timedelta(days=300), today())


def old(team, days=100, label=Label.COLD, total=10, **extra):
    """A lead of so many days that had this score on its first day."""
    created = timezone.now() - timedelta(days=days)
    lead = make_lead(team, created_at=created, **extra)
    Entry.objects.create(lead=lead, seq=1, cause="activity", as_of=created, recorded_at=created, label=label,
                         grade="B2", total=total)  # fmt: skip
    return lead


def sold(lead, days=10, amount=1000, state=DealState.WON):
    source = Source.objects.named(lead.team, "CRM", SourceKind.CRM)
    Deal.objects.create(team=lead.team, lead=lead, source=source, external_id=str(lead.pk), name="Deal", state=state,
                        amount=Decimal(amount), opened_at=lead.created_at,
                        closed_at=lead.created_at + timedelta(days=days))  # fmt: skip


def test_impact_by_label_against_the_rest(team, scope):
    for number in range(40):
        lead = old(team, label=Label.HOT)
        if number < 20:
            sold(lead, days=20 if number < 10 else 40)
    for _ in range(60):
        old(team, label=Label.COLD)
    count_due()
    hot, cold = impact(scope, "label")
    assert (hot.name, hot.leads, hot.customers, cold.customers) == ("Hot", 40, Rate(20, 40), Rate(0, 60))
    assert (hot.gap, cold.gap) == (0.5, -0.5)
    assert hot.low > 0.3 and cold.high < -0.3
    assert (hot.quarter, hot.half, hot.three_quarters, hot.in_time) == (20, 20, 40, 0.5)
    assert (hot.average_deal, hot.priced, hot.revenue, cold.half) == (1000.0, 20, 20_000.0, None)


def test_months_are_compared_at_the_same_age(team, scope):
    """Of both old months half bought in 90 days, of one a quarter more later; nobody of the newest had the time."""
    for days in (250, 180, 20):
        for number in range(40):
            lead = old(team, days=days)
            if days > 90 and number < 20:
                sold(lead, days=30)
            elif days == 250 and number < 30:
                sold(lead, days=120)
    count_due()
    rows = {row.only["month"]: row for row in impact(scope, "month")}
    first, second, newest = (rows[f"{today() - timedelta(days=days):%Y-%m}"] for days in (250, 180, 20))
    assert [row.customers for row in (first, second, newest)] == [Rate(30, 40), Rate(20, 40), Rate(0, 40)]
    assert (first.gap, second.gap, newest.gap, newest.low) == (0.0, 0.0, None, None)
    assert first.low < 0 < first.high


@pytest.mark.parametrize(
    ("dimension", "names"),
    [
        ("grade", ["B2"]), ("source", ["Web", "Fair"]), ("team", ["EMEA"]), ("chosen", ["By a person", "By its score"]),
        ("version", ["Not scored"]),
    ],
)  # fmt: skip
def test_impact_by_other_things(team, kim, scope, dimension, names):
    first, second, third = old(team, source="Web"), old(team, source="Web"), old(team, source="Fair")
    open_handoffs([first.pk]), open_handoffs([second.pk], by=kim)
    Handoff.objects.update(version=None, grade="B2")
    sold(third)
    count_due()
    rows = impact(scope, dimension)
    assert sorted(row.name for row in rows) == sorted(names)
    assert sum(row.leads for row in rows) == (2 if dimension == "chosen" else 3)


def test_groups_of_one_size_come_in_the_order_of_their_names(team, kim, scope):
    far = make_team("APAC")
    Membership.objects.create(user=kim, team=far, role=Role.MANAGER)
    for source in ("Web", "Fair", "Ads"):
        for each in (team, far):
            old(each, source=source)
    count_due()
    both = replace(scope, user=User.objects.get(pk=kim.pk))
    assert [row.name for row in impact(both, "source")] == ["Ads", "Fair", "Web"]
    assert [(row.name, row.only) for row in impact(both, "team")] == [
        ("APAC", {"team": "apac"}), ("EMEA", {"team": "emea"}),
    ]  # fmt: skip
    assert [row[0] for row in source_mix(both).rows] == ["Ads", "Fair", "Web"]


def test_a_version_is_named_with_the_day_of_the_reader(db):
    model = ScoringModel.objects.create(name="Inbound", slug="inbound")
    published = datetime(2026, 8, 3, 23, 30, tzinfo=UTC)
    version = Version.objects.create(model=model, number=4, definition={}, published_at=published)
    with timezone.override("Asia/Tokyo"):
        assert version_names([version.pk, 7]) == {version.pk: "Inbound, version 4, from 4 Aug 2026", 7: "Not scored"}


def test_cohorts_by_month(team, kim, scope):
    lead = old(team, days=100)
    handoff = open_handoffs([lead.pk])[0]
    accept(handoff, by=kim)
    sold(lead)
    old(team, days=100)
    count_due()
    [month] = cohorts(scope)
    assert month.month == (today() - timedelta(days=100)).replace(day=1)
    assert (month.leads, month.mql, month.sal, month.sql, month.won) == (
        2,
        Rate(1, 2),
        Rate(1, 1),
        Rate(1, 1),
        Rate(1, 1),
    )
    assert (month.customers, month.revenue) == (Rate(1, 2), 1000.0)


def test_time_between_steps_and_who_is_stuck(team, kim, scope):
    for days in 3 * (2, 4, 6, 95):
        lead = old(team, days=100)
        accept(open_handoffs([lead.pk])[0], by=kim)
        at = lead.created_at + timedelta(days=days)
        Handoff.objects.filter(lead=lead).update(opened_at=at, decided_at=at + timedelta(days=1))
    sold(Lead.objects.earliest("pk"), state=DealState.OPEN)
    Deal.objects.update(opened_at=timezone.now() - timedelta(days=50))
    count_due()
    handed, accepted, opportunity, customer = stages(scope)
    assert (handed.passed, handed.quarter, handed.half, handed.three_quarters) == (Rate(12, 12), 3.5, 5.0, 28.25)
    assert (accepted.passed, accepted.half) == (Rate(12, 12), 1.0)
    assert (opportunity.passed, opportunity.half) == (Rate(1, 12), None), "too few went on"
    assert (opportunity.waiting, opportunity.stuck) == (11, 8), "three were accepted four days ago"
    assert (customer.waiting, customer.stuck) == (1, 1)
    assert (stuck_after(None), stuck_after([1.0, 2.0, 3.0]), stuck_after([1.0, 2.0, 28.26])) == (7.0, 7.0, 28.3)


def test_reps(team, kim, scope):
    lee, now = make_user("Lee", team), timezone.now()
    for number in range(3):
        handoff = hand_off(team)
        accept(handoff, by=lee)
        Handoff.objects.filter(pk=handoff.pk).update(
            opened_at=now - timedelta(days=2), contacted_at=now - timedelta(days=number)
        )
    sold(handoff.lead, days=0)
    # the CRM tells of a call before the one that was noted
    call = EventRecord(kind="call_held", occurred_at=now - timedelta(days=1.5), message_id="c", lead=handoff.lead_id)
    record_events(Source.objects.named(team, "CRM", SourceKind.CRM), [call])
    Handoff.objects.filter(pk=handoff.pk).update(contacted_at=None)
    reject(hand_off(team), by=kim, reason=reason())
    count_due()
    found = [(row.name, row.worked, row.accepted, row.contacted, row.touch, row.on_winners) for row in reps(scope)]
    assert found == [
        ("Lee", 3, Rate(3, 3), 3, 1.0, Rate(1, 3)),
        ("Kim", 1, Rate(0, 1), 0, None, Rate(0, 1)),
    ]


def test_sources_with_their_costs(team, kim, django_assert_num_queries):
    for number in range(4):
        lead = make_lead(team, source="Fair", created_at=timezone.make_aware(timezone.datetime(2026, 3, 10, 12)))
        if number < 2:
            sold(lead, amount=3000)
    enter(team, "Fair", date(2026, 3, 15), Decimal(310), by=kim)
    enter(team, "Fair", date(2026, 3, 1), Decimal(620), by=kim)  # in the place of the one before
    enter(team, "Radio", date(2026, 4, 1), Decimal(300), by=kim)
    enter(make_team("APAC"), "Fair", date(2026, 3, 1), Decimal(9999), by=kim)
    count_due()
    scope, ada = Scope(kim, date(2026, 3, 1), date(2026, 4, 10)), make_user("Ada", team, is_superuser=True)
    assert costs(scope, "source") == {("Fair",): 620.0, ("Radio",): 100.0}, "ten of thirty days of April"
    two_days = Scope(kim, date(2026, 3, 31), date(2026, 4, 1))
    assert costs(two_days, "source") == {("Fair",): 20.0, ("Radio",): 10.0}
    assert costs(replace(scope, model=make_model()), "source") == {}, "no model has leads of its own to pay for"
    with django_assert_num_queries(1):  # who sees every team is not asked which
        assert costs(replace(scope, user=ada), "source") == {("Fair",): 10_619.0, ("Radio",): 100.0}
    fair, radio = sources(scope)
    assert (fair.leads, fair.customers, fair.revenue, fair.cost) == (4, Rate(2, 4), 6000.0, 620.0)
    assert (fair.per_lead, fair.per_customer) == (155.0, 310.0)
    assert (radio.source, radio.leads, radio.cost, radio.per_lead) == ("Radio", 0, 100.0, None)
    rows, everything = sources_and_all(scope)
    assert rows == [fair, radio]
    assert (everything.leads, everything.customers, everything.revenue) == (4, Rate(2, 4), 6000.0)
    assert (everything.cost, everything.per_lead, everything.average_deal) == (720.0, 180.0, 3000.0)


def test_campaigns_of_the_sources_that_have_any(client, team, kim):
    at = timezone.make_aware(timezone.datetime(2026, 3, 10, 12))
    for source, campaign, bought in (("google", "Spring", True), ("google", "Spring", False), ("google", "", True),
                                     ("Fair", "", False), ("letter", "Spring", False)):  # fmt: skip
        lead = make_lead(team, source=source, campaign=campaign, created_at=at)
        if bought:
            sold(lead, amount=3000)
    enter(team, "google", date(2026, 3, 1), Decimal(400), by=kim, campaign="Spring")
    enter(team, "google", date(2026, 3, 1), Decimal(100), by=kim)
    enter(team, "Radio", date(2026, 3, 1), Decimal(50), by=kim, campaign="Jingle")
    count_due()
    scope = Scope(kim, date(2026, 3, 1), date(2026, 3, 31))
    found = [
        (row.source, row.campaign, row.leads, row.customers.k, row.cost, row.per_customer) for row in campaigns(scope)
    ]
    assert found == [
        ("google", "Spring", 2, 1, 400.0, 400.0), ("google", "", 1, 1, 100.0, 100.0),
        ("letter", "Spring", 1, 0, None, None), ("Radio", "Jingle", 0, 0, 50.0, None),
    ]  # fmt: skip
    assert [(row.source, row.leads, row.cost) for row in sources(scope)] == [
        ("google", 3, 500.0), ("Fair", 1, None), ("letter", 1, None), ("Radio", 0, 50.0),
    ]  # fmt: skip
    client.force_login(kim)
    of_google = f"{scope.query}&source=google"
    page = client.get(f"/reports/sources/?{scope.query}")
    assert f"/reports/sources/?{of_google}".replace("&", "&amp;") in page.text
    shown = client.get(f"/reports/sources/?{of_google}").context["campaigns"]
    assert [[cell.text for cell in row][:2] for row in shown.rows] == [["Spring", "2"], ["No campaign", "1"]]
    lines = client.get(f"/reports/campaigns.csv?{of_google}").text.splitlines()
    assert [line.split(",")[:3] for line in lines[1:]] == [["google", "Spring", "2"], ["google", "", "1"]]
    said = client.get(f"/api/v1/reports/campaigns?{of_google}").json()["rows"]
    assert [(row["campaign"], row["customers"]["k"], row["cost"]) for row in said] == [
        ("Spring", 1, 400.0),
        ("", 1, 100.0),
    ]
    Lead.objects.filter(source="Fair").update(campaign="Stand 7")
    count_due()
    assert ("Fair", "Stand 7", 1) in [(row.source, row.campaign, row.leads) for row in campaigns(scope)]


@pytest.mark.django_db
def test_the_demo_says_what_its_sources_and_campaigns_cost():
    hire()
    enter_costs(date(2026, 6, 15))
    months = SourceCost.objects.filter(campaign="Brand search", team__slug="emea")
    assert (months.count(), months.earliest("month").month, months.first().amount) == (13, date(2025, 6, 1), 1500)
    fairs = SourceCost.objects.filter(source="Trade fair", team__slug="apac").order_by("month")
    assert [(row.campaign, row.month, row.amount) for row in fairs] == [
        ("Autumn fair", date(2025, 11, 1), 8800), ("Spring fair", date(2026, 4, 1), 7600),
    ]  # fmt: skip


def test_tenths_and_months_of_the_score(team, scope):
    for total in range(100):
        lead = old(team, total=total, label=Label.HOT if total >= 80 else Label.COLD)
        if total >= 90:
            sold(lead)
    young = make_lead(team, created_at=timezone.now())
    open_handoffs([score(young).pk])
    count_due()
    best, *others = deciles(scope)
    assert (best.scores, best.customers, best.lift) == ("90 to 99", Rate(10, 10), 10.0)
    assert [row.customers for row in others] == [Rate(0, 10)] * 9, "the young one is in none"
    first = months(scope)[0]
    assert (first.leads, first.hot, first.mean, first.auc) == (100, Rate(20, 100), 49.5, 1.0)
    assert (first.in_time, first.expected) == (Rate(10, 100), None)


def test_what_the_labels_said_and_what_was_seen(team, scope):
    for days in (200, 100):
        for number in range(40):
            lead = old(team, days=days, label=Label.HOT if number < 20 else Label.COLD)
            if number < (10 if days == 200 else 0):
                sold(lead)
    count_due()
    rows = {row.month: row for row in months(scope)}
    first, last = rows[min(rows)], rows[(today() - timedelta(days=100)).replace(day=1)]
    assert (first.expected, first.kept) == (None, None)
    assert (last.expected, last.in_time, last.kept) == (0.25, Rate(0, 40), False)


def test_few_leads_before_say_nothing_of_a_month(team, scope):
    for days, number in ((200, 29), (150, 1), (100, 30)):
        for _ in range(number):
            old(team, days=days, label=Label.HOT)
    count_due()
    said = {row.month: row.expected for row in months(scope)}
    month = {days: (today() - timedelta(days=days)).replace(day=1) for days in (200, 150, 100)}
    assert (said[month[150]], said[month[100]]) == (None, 0.0), "after 29 nothing is said, after 30 it is"


def test_surprises(team, kim, scope):
    reject(hand_off(team), by=kim, reason=reason())
    accept(hand_off(team), by=kim)
    sold(old(team, label=Label.COLD, total=12), amount=5000)
    sold(old(team, label=Label.HOT))
    count_due()
    hots, colds = rejected_hots(scope), won_colds(scope)
    assert (hots.rate, [row.said for row in hots.rows], hots.line) == (Rate(1, 2), ["No budget"], "1 of 2")
    assert (colds.rate, [(row.said, row.score) for row in colds.rows]) == (Rate(1, 2), [("€ 5,000", 12)])
    Lead.objects.update(team=make_team("APAC"))
    assert won_colds(scope).rows == [], "not counted again yet, but no longer ours to read"


def test_score_and_answers_agree(team, kim, scope):
    for number in range(40):
        handoff = hand_off(team)
        accept(handoff, by=kim) if number < 20 else reject(handoff, by=kim, reason=reason())
        label = Label.HOT if number < 10 else Label.WARM
        Handoff.objects.filter(pk=handoff.pk).update(total=90 if number < 15 else 30, label=label)
    count_due()
    [month] = agreement(scope)
    assert (month.accepted, month.hot, month.others) == (Rate(20, 40), Rate(10, 10), Rate(10, 30))
    assert (month.agree, month.in_time) == (0.875, Rate(40, 40))
    assert month.agree_low < 0.875 < month.agree_high


def test_costs_are_narrowed_and_added_up_by_month(client, team, kim, monkeypatch):
    client.force_login(kim)
    far = make_team("APAC")
    for month, source, amount in ((7, "Fair", 100), (7, "Web", 20), (7, "Web ads", 3), (6, "Fair", 400)):
        SourceCost.objects.create(team=team, source=source, month=date(2026, month, 1), amount=amount)
    SourceCost.objects.create(team=far, source="Fair", month=date(2026, 7, 1), amount=9)
    monkeypatch.setattr("reports.views.costs.PAGE", 2)
    page = client.get("/reports/costs/")
    assert page.context["every"] == {"number": 4, "amount": 523}
    after = client.get("/reports/costs/", {"cursor": page.context["page"].next})
    shown = [[(f"{month:%B}", amount, len(costs)) for month, amount, costs in one.context["months"]]
             for one in (page, after)]  # fmt: skip
    assert shown == [[("July", 123, 2)], [("July", 123, 1), ("June", 400, 1)]]
    asked = {"source": "Fair", "month": "2026-07", "team": "emea"}
    assert client.get("/reports/costs/", asked).context["every"] == {"number": 1, "amount": 100}
    assert [row["amount"] for row in client.get("/api/v1/source-costs", asked).json()["results"]] == ["100.00"]
    lines = client.get("/reports/costs.csv", asked).getvalue().decode().splitlines()
    assert [line.rpartition(",,")[0] for line in lines[1:]] == ["emea,Fair,,2026-07,100.00"]
    wrong = client.get("/reports/costs/?month=July&team=apac")
    assert wrong.context["problems"] == ["Month: “July”: Write the month like 2026-07.", "Team: there is no “apac”."]
    assert client.get("/reports/costs.csv?month=July").status_code == 400
    assert "No cost matches" in client.get("/reports/costs/?source=Mars").text


def test_costs_are_entered_on_a_page_and_through_the_api(client, team, kim):
    client.force_login(kim)
    given = {"team": team.pk, "source": "Fair", "month": "2026-07", "amount": "1200.50"}
    assert client.post("/reports/costs/", given).status_code == 302
    assert client.post("/reports/costs/", given | {"month": "July"}).status_code == 422
    assert "1,200.5" in client.get("/reports/costs/").text
    body = {"source": "Fair", "month": "2026-07-20", "amount": "900"}
    row = client.post("/api/v1/source-costs", body, content_type="application/json").json()
    assert (row["month"], row["amount"]) == ("2026-07-01", "900.00")
    [cost] = SourceCost.objects.all()
    assert client.post(f"/reports/costs/{cost.pk}/deletion/").status_code == 302
    assert not SourceCost.objects.exists()
