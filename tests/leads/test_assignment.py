"""Who gets a lead, and that many at once are spread evenly."""

from collections import Counter
from threading import Barrier

import pytest

from leads import assignment
from leads.enums import Role
from leads.handoffs import open_handoffs
from leads.models import Company, Handoff, Lead, Membership
from tests.sales import make_lead, make_team, make_user
from tests.threads import at_once


@pytest.fixture
def team(db):
    return make_team()


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


def thousand_leads_from_eight_connections():
    """How many of 1,000 leads each of 7 reps got; an eighth may not sign in."""
    team = make_team()
    for i in range(7):
        make_user(f"Rep{i}", team)
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
