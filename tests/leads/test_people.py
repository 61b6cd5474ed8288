"""Roles, leaving and deactivation: nothing is lost, access ends at once, and somebody can always administer."""

from threading import Event
from time import sleep

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from leads.enums import Role
from leads.models import Departure, Handoff, Lead, Membership, Rule, Segment, SignIn, User
from leads.models.team import MembershipQuerySet
from leads.people import members
from leads.selling import passing
from tests.leads.api import Caller
from tests.sales import hand_off, make_lead, make_team, make_user
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def ava():
    return make_user("Ava", make_team(), Role.ADMIN)


def browser(user):
    client = Client()
    client.force_login(user)
    return client


def test_deactivated_from_now_on_and_back_again(ava):
    ben = make_user("Ben", make_team(), password="a long good phrase")
    page, caller = browser(ben), Caller(ben)
    assert (page.get("/").status_code, caller.get("leads").status_code, SignIn.objects.count()) == (200, 200, 1)
    assert browser(ava).post(f"/people/{ben.pk}/deactivation/").url == "/people/"
    assert (page.get("/").status_code, caller.get("leads").status_code, SignIn.objects.filter(user=ben).count()) == (
        302, 401, 0,
    )  # fmt: skip
    assert browser(ava).post(f"/people/{ben.pk}/reactivation/").url == "/people/"
    assert (page.get("/").status_code, caller.get("leads").status_code) == (302, 401)
    assert Client().login(username=ben.email, password="a long good phrase")


def test_what_waits_goes_to_the_next_in_turn_else_into_the_queue_and_owned_leads_stay(ava):
    team = make_team()
    ben = make_user("Ben", team)
    waiting = [hand_off(team) for _ in range(3)]
    owned = make_lead(team, owner=ben)
    segment = Segment.objects.create(name="All", condition={"field": "label", "op": "any_of", "value": ["hot"]})
    rule = Rule.objects.create(name="Mine", person=ben, segment=segment, actions={"tag": "x"}, active=True)
    cat = make_user("Cat", team)
    left = members.deactivate(ben, by=ava)
    assert (left.passed_on, left.waiting, left.owned) == (3, 0, 1)
    assert str(left) == "3 open handoffs passed on. 1 lead still theirs."
    assert set(Handoff.objects.open().values_list("assignee", flat=True)) == {cat.pk}
    assert cat.notices.count() == 1
    assert Lead.objects.get(pk=owned.pk).owner == ben
    assert not Rule.objects.get(pk=rule.pk).active
    members.deactivate(cat, by=ava)
    rows = Handoff.objects.open().values_list("assignee", "waits_for_rep", "assigned_because")
    assert list(rows) == [(None, True, "Cat may not sign in any more: no rep in the team")] * len(waiting)


def test_a_team_and_the_company_keep_an_admin(ava):
    team, root = make_team(), User.objects.create_superuser("root@firm.example", "x", name="Root")
    for act in (
        lambda: members.deactivate(ava, by=root),
        lambda: members.change_role(ava.memberships.get(), Role.REP, by=root),
        lambda: members.leave_team(ava.memberships.get(), by=root),
        lambda: members.deactivate(root, by=root),
    ):
        with pytest.raises(ValidationError, match="the last admin of"):
            act()
    bea = make_user("Bea", team, Role.ADMIN)
    members.change_role(ava.memberships.get(), Role.REP, by=bea)
    assert User.objects.get(pk=ava.pk).roles == {Role.REP}
    with pytest.raises(ValidationError, match="Bea is the last admin of EMEA"):
        members.deactivate(bea, by=root)


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_deactivate_each_other_leave_one():
    team = make_team()
    pair = [make_user("Ava", team, Role.ADMIN), make_user("Bea", team, Role.ADMIN)]
    done = at_once(lambda who: members.deactivate(who, by=pair[0]), pair)
    assert sorted(type(each).__name__ for each in done) == ["Left", "ValidationError"]
    assert User.objects.filter(is_active=True).count() == 1


def test_an_admin_of_one_team_does_not_reach_beyond_it(ava):
    ben = make_user("Ben", make_team())
    Membership.objects.create(user=ben, team=make_team("APAC"), role=Role.REP)
    stranger = make_user("Theo", make_team("APAC"))
    client = browser(ava)
    assert client.post(f"/people/{ben.pk}/deactivation/").status_code == 403
    assert client.post(f"/people/{stranger.pk}/deactivation/").status_code == 404
    row = stranger.memberships.get()
    assert client.post(f"/memberships/{row.pk}/ending/").status_code == 404
    assert client.post(f"/memberships/{ben.memberships.get(team=make_team()).pk}/ending/").status_code == 302
    assert [str(one.team) for one in ben.memberships.all()] == ["APAC"]


def test_the_api_says_and_does_the_same(ava):
    ben, caller = make_user("Ben", make_team()), Caller(ava)
    row = ben.memberships.get()
    assert caller.patch(f"memberships/{row.pk}", {"role": "manager"}).json()["role"] == "manager"
    assert caller.post(f"users/{ben.pk}/deactivation", {}).json()["is_active"] is False
    assert caller.delete(f"users/{ben.pk}/deactivation").json()["is_active"] is True
    assert caller.delete(f"memberships/{row.pk}").status_code == 204
    assert caller.delete(f"memberships/{ava.memberships.get().pk}").status_code == 400
    assert [one["user"] for one in caller.get("memberships").json()["results"]] == [ava.pk]


@pytest.mark.parametrize("path", ["/people/", "/roles/"])
def test_pages_cost_the_same_for_one_and_for_three(ava, path, django_assert_num_queries):
    client = browser(ava)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    make_user("Ben", make_team())
    with CaptureQueriesContext(connection) as few:
        assert "Ben" in client.get(path).content.decode()
    for name in ("Cat", "Dan", "Eve"):
        make_user(name, make_team())
    with django_assert_num_queries(len(few)):
        assert "Eve" in client.get(path).content.decode()


def test_leaving_asks_first_and_has_a_way_back(ava):
    team, kim = make_team(), make_user("Kim", make_team())
    ben = make_user("Ben", team)
    ben.memberships.update(weight=3, weekly_capacity=12, week=[["09:00", "13:00"]] * 7)
    for _ in range(2):
        Handoff.objects.filter(pk=hand_off(team).pk).update(assignee=ben)
    owned, page, row = make_lead(team, owner=ben), browser(ava), ben.memberships.get()
    asked = page.get(f"/memberships/{row.pk}/ending/").content.decode()
    assert "Take Ben out of EMEA?" in asked
    assert "2 open handoffs of theirs go to the next in turn" in asked
    assert "They own 1 lead, which stay theirs unless you say who takes over." in asked
    assert "They are in no other team" in asked
    assert ben.memberships.exists()
    page.post(f"/memberships/{row.pk}/ending/", {"leads_to": kim.pk})
    assert not ben.memberships.exists()
    assert Lead.objects.get(pk=owned.pk).owner == kim
    gone = Departure.objects.get()
    shown = page.get("/people/").content.decode()
    assert f'action="/departures/{gone.pk}/return/"' in shown
    page.post(f"/departures/{gone.pk}/return/")
    back = ben.memberships.get()
    assert (back.role, back.weight, back.weekly_capacity, len(back.week)) == (Role.REP, 3, 12, 7)
    assert f"/departures/{gone.pk}/return/" not in page.get("/people/").content.decode()
    with pytest.raises(ValidationError, match="Ben was taken back already"):
        members.take_back(gone, by=ava)


def test_who_came_back_by_an_invitation_is_not_taken_back_twice(ava):
    ben = make_user("Ben", make_team())
    members.leave_team(ben.memberships.get(), by=ava)
    Membership.objects.create(user=ben, team=make_team(), role=Role.MANAGER)
    answer = Caller(ava).post(f"departures/{Departure.objects.get().pk}/return", {})
    assert (answer.status_code, ben.memberships.get().role) == (400, Role.MANAGER)
    assert Departure.objects.away().exists()


def test_deactivating_asks_first(ava):
    ben = make_user("Ben", make_team())
    asked = browser(ava).get(f"/people/{ben.pk}/deactivation/").content.decode()
    assert ("Deactivate Ben?" in asked, "The way back is Reactivate" in asked) == (True, True)
    assert User.objects.get(pk=ben.pk).is_active
    refused = browser(ava).post(f"/people/{ben.pk}/deactivation/", {"leads_to": ava.pk})
    assert (refused.status_code, User.objects.get(pk=ben.pk).is_active) == (422, True)


def passed_on_while_leaving(ava, monkeypatch):
    """Somebody is given a lead at the moment at which they are deactivated. Whether it waits for who cannot answer."""
    team, kim, ben = make_team(), make_user("Kim", make_team()), make_user("Ben", make_team())
    handoff = hand_off(team)
    Handoff.objects.filter(pk=handoff.pk).update(assignee=kim)
    honest, between = passing.give, Event()

    def slowly(*args, **extra):
        between.set()
        sleep(0.5)
        honest(*args, **extra)

    def act(what):
        if what == "reassign":
            monkeypatch.setattr(passing, "give", slowly)
            passing.reassign(Handoff.objects.get(pk=handoff.pk), by=ava, to=ben)
        else:
            between.wait(5)
            monkeypatch.setattr(passing, "give", honest)
            members.deactivate(User.objects.get(pk=ben.pk), by=ava)

    at_once(act, ["reassign", "deactivate"])
    return Handoff.objects.filter(assignee__is_active=False).exists()


@pytest.mark.django_db(transaction=True)
def test_nobody_is_passed_a_lead_while_they_leave(ava, monkeypatch):
    assert not passed_on_while_leaving(ava, monkeypatch)


@pytest.mark.django_db(transaction=True)
def test_without_their_place_in_the_pool_somebody_is(ava, monkeypatch):
    """Negative control."""
    monkeypatch.setattr(MembershipQuerySet, "hold", lambda places: None)
    assert passed_on_while_leaving(ava, monkeypatch)
