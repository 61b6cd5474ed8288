"""Who gets a lead, and that many at once are spread evenly."""

from collections import Counter
from datetime import timedelta
from threading import Barrier
from time import sleep

import pytest
import time_machine
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from leads.enums import Role
from leads.models import Company, Handoff, Lead, Membership
from leads.selling import assignment
from leads.selling.absences import set_absence
from leads.selling.handoffs import open_handoffs
from leads.selling.waiting import assign_waiting
from tests.sales import make_lead, make_team, make_user
from tests.threads import at_once


def hand(*leads):
    return [(handoff.assignee, handoff.assigned_because) for handoff in open_handoffs([lead.pk for lead in leads])]


def test_the_owner_of_the_lead_comes_first(team):
    make_user("Ann", team)
    bea = make_user("Bea", team)
    assert hand(make_lead(team, owner=bea)) == [(bea, "owner of the lead")]


def test_then_whoever_owns_another_lead_of_the_company(team):
    make_user("Ann", team)
    bea = make_user("Bea", team)
    company = Company.objects.create(team=team, name="Northwind")
    make_lead(team, company=company, owner=bea)
    assert hand(make_lead(team, company=company)) == [(bea, "owner of the company")]


def test_then_the_next_in_turn(team):
    reps = [make_user(name, team) for name in ("Ann", "Bea", "Cat")]
    assert hand(*[make_lead(team) for _ in range(4)]) == [
        (reps[0], "round robin, 1st of 3"),
        (reps[1], "round robin, 2nd of 3"),
        (reps[2], "round robin, 3rd of 3"),
        (reps[0], "round robin, 1st of 3"),
    ]


def test_an_owner_who_left_the_team_or_the_company_gets_nothing(team):
    ann = make_user("Ann", team)
    elsewhere = make_user("Bea", make_team("APAC"))
    gone = make_user("Cat", team, is_active=False)
    assert hand(make_lead(team, owner=elsewhere), make_lead(team, owner=gone)) == [(ann, "round robin, 1st of 1")] * 2


@pytest.mark.parametrize("role", [Role.MARKETING, Role.MANAGER, Role.ADMIN])
def test_only_reps_are_given_leads(team, role):
    make_user("Ann", team, role)
    assert hand(make_lead(team)) == [(None, "no rep in the team")]


def test_a_lead_of_each_team_goes_to_that_team(team):
    apac = make_team("APAC")
    ann, bea = make_user("Ann", team), make_user("Bea", apac)
    assert {assignee for assignee, _ in hand(make_lead(team), make_lead(apac))} == {ann, bea}


def test_a_newcomer_starts_level_with_the_others(team):
    ann = make_user("Ann", team)
    hand(*[make_lead(team) for _ in range(10)])
    bea = make_user("Bea", team)
    given = Counter(assignee for assignee, _ in hand(*[make_lead(team) for _ in range(6)]))
    assert given == {ann: 3, bea: 3}


def test_what_an_owner_gets_is_not_a_turn(team):
    ann, bea = make_user("Ann", team), make_user("Bea", team)
    hand(*[make_lead(team, owner=ann) for _ in range(5)])
    assert hand(make_lead(team), make_lead(team)) == [(ann, "round robin, 1st of 2"), (bea, "round robin, 2nd of 2")]


@pytest.mark.parametrize(
    ("number", "word"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (23, "23rd")]
)
def test_ordinals(number, word):
    assert assignment._ordinal(number) == word


def thousand_leads_from_eight_connections(weights=(1,) * 7):
    """How many of 1,000 leads each of 7 reps got; an eighth may not sign in."""
    team = make_team()
    for i, weight in enumerate(weights):
        member(make_user(f"Rep{i}", team), weight=weight)
    make_user("Gone", team, is_active=False)
    Lead.objects.bulk_create(Lead(team=team, email=f"lead{i}@example.com") for i in range(1000))
    ids = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
    shares = [ids[i::8] for i in range(8)]
    start = Barrier(8, timeout=30)

    def hand_off(share):
        start.wait()
        for first in range(0, len(share), 25):
            open_handoffs(share[first : first + 25])

    at_once(hand_off, shares)
    return Counter(Handoff.objects.values_list("assignee__name", flat=True))


def turns():
    return sum(Membership.objects.values_list("assigned", flat=True))


@pytest.mark.django_db(transaction=True)
def test_a_thousand_leads_at_once_are_spread_evenly():
    given = thousand_leads_from_eight_connections()
    assert sum(given.values()) == 1000
    assert set(given) == {f"Rep{i}" for i in range(7)}
    assert max(given.values()) - min(given.values()) <= 1
    assert turns() == 1000


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_they_are_not(monkeypatch):
    """The control: the test above would notice."""
    reps = Membership.objects.filter(role=Role.REP, user__is_active=True).order_by("pk")
    monkeypatch.setattr(assignment, "_for_update", lambda team_ids: reps.filter(team__in=team_ids))
    thousand_leads_from_eight_connections()
    assert turns() < 1000


def days_off(user, first=0, last=0):
    today = timezone.localdate()
    return set_absence(user, first=today + timedelta(first), last=today + timedelta(last), by=user)


def member(user, **changes):
    Membership.objects.filter(user=user).update(**changes)


def test_who_is_away_is_passed_over(team):
    ann, bea = make_user("Ann", team), make_user("Bea", team)
    days_off(ann, -1, 1)
    days_off(bea, -9, -1)
    assert hand(make_lead(team)) == [(bea, "round robin, 1st of 1")]


def test_leads_of_an_owner_who_is_away_go_to_the_next(team):
    ann, bea = make_user("Ann", team), make_user("Bea", team)
    until = days_off(ann, 0, 10).last
    assert hand(make_lead(team, owner=ann)) == [(bea, f"owner is away until {until:%-d %b}: round robin, 1st of 1")]


def test_the_company_of_somebody_full_goes_to_the_next(team):
    ann, bea = make_user("Ann", team), make_user("Bea", team)
    company = Company.objects.create(team=team, name="Northwind")
    make_lead(team, company=company, owner=ann)
    member(ann, weekly_capacity=0)
    assert hand(make_lead(team, company=company)) == [
        (bea, "owner of the company is at capacity: round robin, 1st of 1")
    ]


def test_everybody_at_capacity_and_everybody_away(team):
    ann = make_user("Ann", team)
    member(ann, weekly_capacity=1)
    full = "everybody is at capacity: waits in the team queue"
    assert hand(make_lead(team), make_lead(team)) == [(ann, "round robin, 1st of 1"), (None, full)]
    days_off(ann)
    assert hand(make_lead(team)) == [(None, "everybody is away: waits in the team queue")]


def test_capacity_is_of_a_week_from_monday(team):
    ann = make_user("Ann", team)
    member(ann, weekly_capacity=1)
    with time_machine.travel("2026-11-22T12:00Z"):  # Sunday
        assert hand(make_lead(team), make_lead(team))[1][0] is None
    with time_machine.travel("2026-11-23T08:00Z"):
        assert assign_waiting() == 1
        assert assign_waiting() == 0
    waited = Handoff.objects.order_by("pk").last()
    assert (waited.assignee, waited.assigned_because) == (ann, "waited for room: round robin, 1st of 1")
    assert list(ann.notices.values_list("text", flat=True)) == [f"{waited.lead} is yours to answer."]


def test_who_waited_gets_whoever_comes_first(team):
    hand(make_lead(team))
    assert assign_waiting() == 0
    ann = make_user("Ann", team)
    assert assign_waiting() == 1
    assert Handoff.objects.get().assignee == ann


def test_those_at_work_come_first(team):
    ann, bea = make_user("Ann", team), make_user("Bea", team)
    member(ann, week=[["06:00", "12:00"]] * 7)
    member(bea, week=[["12:00", "18:00"]] * 7)
    with time_machine.travel("2026-11-18T13:00Z"):
        assert [who for who, _ in hand(make_lead(team), make_lead(team))] == [bea, bea]
    with time_machine.travel("2026-11-18T23:00Z"):  # nobody is: it waits for whoever comes next
        assert {who for who, _ in hand(make_lead(team), make_lead(team))} == {ann, bea}


@given(weights=st.lists(st.integers(0, 9), min_size=1, max_size=7).filter(any), number=st.integers(1, 120))
def test_every_rep_is_within_one_lead_of_their_share_at_all_times(weights, number):
    members = [Membership(weight=weight) for weight in weights if weight]
    given, total = Counter(), sum(member.weight for member in members)
    for done in range(1, number + 1):
        given[assignment._whose_turn(members)] += 1
        assert all(abs(given[i] - done * rep.weight / total) < 1 + 1e-6 for i, rep in enumerate(members))


@pytest.mark.django_db(transaction=True)
def test_a_thousand_leads_at_once_by_weight():
    given = thousand_leads_from_eight_connections(weights=[1, 1, 2, 2, 3, 5, 0])
    assert set(given) == {f"Rep{i}" for i in range(6)}
    assert all(abs(given[f"Rep{i}"] - 1000 * weight / 14) <= 1 for i, weight in enumerate([1, 1, 2, 2, 3, 5]))


def absence_during_assignment():
    """Leads given to somebody after their absence was set, while two others hand leads off."""
    team = make_team()
    ann = make_user("Ann", team)
    make_user("Bea", team)
    Lead.objects.bulk_create(Lead(team=team, email=f"lead{i}@example.com") for i in range(200))
    ids = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
    start = Barrier(3, timeout=30)
    away_since = []

    def act(part):
        start.wait()
        if part is None:
            sleep(0.1)
            absence = days_off(ann)
            away_since.append(absence.created_at)
            return
        for first in range(0, len(part), 4):
            open_handoffs(part[first : first + 4])

    results = at_once(act, [ids[::2], ids[1::2], None])
    assert results == [None, None, None]
    late = Handoff.objects.filter(assignee=ann, opened_at__gt=away_since[0]).count()
    assert Handoff.objects.filter(assignee=ann).exists()
    return late


@pytest.mark.django_db(transaction=True)
def test_nobody_is_given_a_lead_after_saying_that_they_are_away():
    assert absence_during_assignment() == 0


@pytest.mark.django_db(transaction=True)
def test_without_asking_who_is_away_they_would_be(monkeypatch):
    """The control: the test above would notice."""
    monkeypatch.setattr(assignment, "_away", lambda today: {})
    assert absence_during_assignment() > 0
