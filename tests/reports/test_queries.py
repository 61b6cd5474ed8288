"""Each question on a world small enough to count by hand."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from leads.enums import DealState, HandoffState, Label, Role, SourceKind, Stage
from leads.models import Deal, Handoff, Lead, RejectionReason, Source
from leads.selling.handoffs import accept, open_handoffs, recycle, reject
from leads.statistics import Rate
from reports.days import today
from reports.queries import REPORTS
from reports.queries import conversion as by_label
from reports.queries import funnel as steps
from reports.queries import overview as key_figures
from reports.queries.handoffs import handoffs_by_label
from reports.queries.reasons import rejection_reasons
from reports.scope import Scope, ScopeForm
from reports.summaries import count_due
from scoring.models import Entry
from tests.sales import hand_off, make_lead, make_team, make_user, reason, score


def overview(scope):
    count_due()
    return key_figures.overview(scope)


def funnel(scope):
    count_due()
    return steps.funnel(scope)


def conversion_by_label(scope):
    count_due()
    return by_label.conversion_by_label(scope)


@pytest.fixture
def kim(team):
    return make_user("Kim", team, Role.MANAGER)


@pytest.fixture
def scope(team, kim):
    return Scope(kim, today() - timedelta(days=89), today())


def deal(lead, state=DealState.WON, amount: int | None = 1000, days: int | None = 10):
    source = Source.objects.named(lead.team, "CRM", SourceKind.CRM)
    closed = None if days is None or state == DealState.OPEN else lead.created_at + timedelta(days=days)
    return Deal.objects.create(
        team=lead.team, lead=lead, source=source, external_id=f"{lead.pk}-{Deal.objects.count()}", name="Deal",
        state=state, amount=amount and Decimal(amount), closed_at=closed,
    )  # fmt: skip


def test_the_funnel_counts_who_passed_every_step(team, kim, scope):
    for number in range(10):
        lead = make_lead(team)
        if number < 6:
            handoff = open_handoffs([lead.pk])[0]
        if number < 5:
            accept(handoff, by=kim)
        if number < 4:
            deal(lead, DealState.WON if number < 1 else DealState.LOST if number < 2 else DealState.OPEN)
    deal(make_lead(team))
    result = funnel(scope)
    assert [(step.step, step.leads) for step in result.steps] == [
        ("New leads", 11),
        ("Handed off (MQL)", 6),
        ("Accepted (SAL)", 5),
        ("Opportunity (SQL)", 4),
        ("Customer", 1),
    ]
    assert [step.of_previous for step in result.steps] == [None, Rate(6, 11), Rate(5, 6), Rate(4, 5), Rate(1, 4)]
    assert [step.of_all.n for step in result.steps] == [11] * 5
    assert (result.open, result.lost, result.another_way) == (2, 1, 1)


def test_conversion_goes_by_the_label_of_the_first_handoff(team, kim, scope):
    won, _ = [score(make_lead(team), label=Label.HOT) for _ in range(2)]
    open_handoffs(Lead.objects.values_list("pk", flat=True))
    deal(won)
    score(won, label=Label.COLD)
    assert [(row.label, row.customers) for row in conversion_by_label(scope)] == [("hot", Rate(1, 2))]


def entry(lead, seq, label, days):
    when = lead.created_at + timedelta(days=days)
    Entry.objects.create(lead=lead, seq=seq, cause="activity", as_of=when, recorded_at=when, label=label)


def test_without_a_handoff_by_the_label_on_day_30(team, kim, scope):
    lead = make_lead(team, created_at=timezone.now() - timedelta(days=60))
    entry(lead, 1, Label.COLD, 1)
    entry(lead, 2, Label.WARM, 29)
    entry(lead, 3, Label.HOT, 31)
    deal(lead)
    make_lead(team)
    assert [(row.label, row.customers) for row in conversion_by_label(scope)] == [
        ("warm", Rate(1, 1)),
        ("", Rate(0, 1)),
    ]


def test_handoffs_by_label(team, kim, scope):
    hots = [hand_off(team) for _ in range(5)]
    accept(hots[0], by=kim)
    accept(hots[1], by=kim)
    reject(hots[2], by=kim, reason=reason())
    recycle(hots[3], by=kim, until=today() + timedelta(days=5))
    Handoff.objects.filter(pk=hots[4].pk).update(due_at=timezone.now() - timedelta(hours=1))
    open_handoffs([score(make_lead(team), label=Label.COOL).pk])
    count_due()
    hot, cool = handoffs_by_label(scope)
    assert (hot.label, hot.handed_off, hot.accepted) == ("hot", 5, Rate(2, 3))
    assert (hot.rejected, hot.recycled, hot.waiting, hot.late) == (1, 1, 1, 1)
    assert (cool.label, cool.handed_off, cool.accepted, cool.waiting, cool.late) == ("cool", 1, Rate(0, 0), 1, 0)
    assert cool.hours_to_decide is None


def test_time_to_decide_counts_working_hours(team, kim):
    friday = datetime(2026, 3, 6, 17, tzinfo=timezone.get_default_timezone())
    for hours in (65, 66, 72):  # Monday 10:00, 11:00 and 17:00, which is 2, 3 and 9 working hours later
        handoff = hand_off(team)
        handoff.opened_at = friday
        with time_machine.travel(friday + timedelta(hours=hours), tick=False):
            accept(handoff, by=kim)
        Handoff.objects.filter(pk=handoff.pk).update(opened_at=friday)
    count_due()
    rows = handoffs_by_label(Scope(kim, date(2026, 3, 1), date(2026, 3, 31)))
    assert [row.hours_to_decide for row in rows] == [3.0]


def test_an_expired_handoff_is_not_an_answer(team, kim, scope):
    handoff = hand_off(team)
    Handoff.objects.filter(pk=handoff.pk).update(state=HandoffState.EXPIRED, decided_at=timezone.now())
    count_due()
    assert handoffs_by_label(scope)[0].hours_to_decide is None


def test_reasons_most_frequent_first(team, kim, scope):
    for slug in ("no_budget", "wrong_fit", "no_budget"):
        reject(hand_off(team), by=kim, reason=reason(slug))
    count_due()
    assert [(row.reason, row.given) for row in rejection_reasons(scope)] == [
        ("No budget", Rate(2, 3)),
        ("Wrong fit", Rate(1, 3)),
    ]
    RejectionReason.objects.filter(slug="wrong_fit").update(label="Another kind of company")
    reject(hand_off(team), by=kim, reason=reason("wrong_fit"))
    count_due()
    assert [row.reason for row in rejection_reasons(scope)] == ["Another kind of company", "No budget"]


def test_the_overview(team, kim, scope):
    leads = [make_lead(team) for _ in range(4)]
    deal(leads[0], amount=1000, days=10)
    deal(leads[1], amount=None, days=20)
    deal(leads[2], DealState.OPEN)
    accept(hand_off(team), by=kim)
    reject(hand_off(team), by=kim, reason=reason())
    hand_off(team)
    result = overview(scope)
    assert (result.leads, result.lead_to_customer) == (7, Rate(2, 7))
    assert (result.days_to_close, result.closed) == (15.0, 2)
    assert (result.average_deal, result.priced_deals) == (1000.0, 1)
    assert (result.accepted, result.decided) == (Rate(1, 2), 2)


@pytest.mark.parametrize("name", REPORTS)
def test_of_nothing_a_report_is_empty_not_broken(scope, name):
    assert REPORTS[name].rows(scope) is not None


@pytest.mark.parametrize("name", REPORTS)
def test_leads_of_other_teams_and_other_days_do_not_count(team, kim, scope, name):
    far = make_team("APAC")
    lee = make_user("Lee", far)
    reject(hand_off(far), by=lee, reason=reason())
    deal(hand_off(far).lead)
    old = hand_off(team)
    long_ago = timezone.now() - timedelta(days=90)
    reject(old, by=kim, reason=reason())
    Handoff.objects.filter(pk=old.pk).update(opened_at=long_ago)
    Lead.objects.filter(pk=old.lead_id).update(created_at=long_ago)
    count_due()
    empty = REPORTS[name].rows(Scope(kim, date(2020, 1, 1), date(2020, 1, 31)))
    assert REPORTS[name].rows(scope) == empty


def test_one_team_of_several(team, kim, scope):
    far = make_team("APAC")
    there = kim.memberships.create(team=far, role=Role.MANAGER)
    kim = type(kim).objects.get(pk=kim.pk)
    make_lead(team), make_lead(far), make_lead(far)
    both = Scope(kim, scope.first, scope.last)
    assert overview(both).leads == 3
    assert overview(Scope(kim, scope.first, scope.last, far)).leads == 2
    there.role = Role.REP
    there.save()
    kim = type(kim).objects.get(pk=kim.pk)
    assert overview(Scope(kim, scope.first, scope.last)).leads == 1, "a rep of a team does not read its reports"
    assert overview(Scope(kim, scope.first, scope.last, far)).leads == 0


def test_the_period_before_is_as_long_and_ends_the_day_before(kim):
    scope = Scope(kim, date(2026, 7, 1), date(2026, 9, 30))
    assert (scope.before.first, scope.before.last) == (date(2026, 3, 31), date(2026, 6, 30))


def test_both_days_belong_to_the_period(team, kim, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    zone = timezone.get_default_timezone()
    for moment in (
        datetime(2026, 6, 30, 23, 59), datetime(2026, 7, 1, 0, 0),
        datetime(2026, 7, 31, 23, 59), datetime(2026, 8, 1, 0, 0),
    ):  # fmt: skip
        make_lead(team, created_at=moment.replace(tzinfo=zone))
    assert overview(Scope(kim, date(2026, 7, 1), date(2026, 7, 31))).leads == 2


def test_days_are_those_of_the_installation_wherever_one_reads(kim):
    """At no moment is it the same day at both ends of the world."""
    found = []
    for zone in ("Etc/GMT+12", "Pacific/Kiritimati"):
        with timezone.override(zone):
            scope = ScopeForm({}, user=kim).scope()
            found.append((scope.first, scope.last, scope.aged(30).last))
    assert found[0] == found[1]


def test_a_lead_won_without_sales_is_a_customer_all_the_same(team, kim, scope):
    deal(make_lead(team, stage=Stage.NEW))
    assert overview(scope).lead_to_customer == Rate(1, 1)
