"""What else can be done with a handoff: put it off, release it, take an answer back; and what follows accepting."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.utils import timezone

from leads.enums import HandoffState, Role, SourceKind, Stage
from leads.models import Deal, Event, EventKind, Feedback, Handoff, Lead, Source
from leads.selling.followup import with_first_touch
from leads.selling.handoffs import accept, open_handoffs, recycle, reject, withdraw
from tests.leads.api import Caller
from tests.sales import hand_off, make_user, reason

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/handoffs/?tab=mine"}


@pytest.fixture
def kim(team, client):
    user = make_user("Kim", team)
    client.force_login(user)
    return user


def at(handoff, noun):
    return f"/handoffs/{handoff.pk}/{noun}/"


def fresh(handoff):
    return Handoff.objects.select_related("lead", "assignee").get(pk=handoff.pk)


def said(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def event(lead, kind="form_submitted", channel=SourceKind.WEBSITE, **ago):
    source = Source.objects.named(lead.team, str(channel), channel)
    return Event.objects.create(
        lead=lead, kind=EventKind.objects.get(slug=kind), source=source, message_id=f"m{Event.objects.count()}",
        occurred_at=timezone.now() - timedelta(**ago), properties={"form": "Contact"},
    )  # fmt: skip


def test_snoozed_leaves_the_queue_and_comes_back_by_itself(client, team, kim):
    handoff = hand_off(team)
    due = handoff.due_at
    until = timezone.localtime() + timedelta(hours=2)
    client.post(at(handoff, "snooze"), {"until": f"{until:%Y-%m-%dT%H:%M}"})
    assert client.get("/handoffs/").context["groups"] == []
    page = client.get("/handoffs/?tab=snoozed")
    assert page.context["tabs"][2] == ("snoozed", "Snoozed", 1)
    assert "Snoozed until" in page.text
    with time_machine.travel(timezone.now() + timedelta(hours=3)):
        client.force_login(kim)
        assert [rows for _, rows in client.get("/handoffs/").context["groups"]] == [[handoff]]
    assert fresh(handoff).due_at == due


def test_a_snooze_ends_in_the_future(client, team, kim):
    answer = client.post(at(hand_off(team), "snooze"), {"until": "2020-01-01T09:00"})
    assert (answer.status_code, "in the future" in answer.text) == (422, True)


def test_a_manager_releases_and_a_rep_does_not(client, team, kim):
    handoff = hand_off(team)
    assert client.post(at(handoff, "release")).status_code == 403
    client.force_login(make_user("Max", team, Role.MANAGER))
    assert "Release to the team" in client.get("/handoffs/?tab=team").text
    assert said(client.post(at(handoff, "release"))) == [f"{handoff.lead} waits for the whole team."]
    handoff = fresh(handoff)
    assert (handoff.assignee, handoff.assigned_because, handoff.waits_for_rep) == (None, "released by Max", False)


ANSWERS = {
    "accept": lambda handoff, kim: accept(handoff, by=kim),
    "reject": lambda handoff, kim: reject(handoff, by=kim, reason=reason()),
    "recycle": lambda handoff, kim: recycle(handoff, by=kim, until=timezone.localdate() + timedelta(9)),
}


@pytest.mark.parametrize("verb", ANSWERS)
def test_an_answer_is_taken_back(client, team, kim, verb):
    handoff = hand_off(team)
    before = Lead.objects.values("stage", "owner", "resting_until").get(pk=handoff.lead_id)
    assignee = handoff.assignee
    ANSWERS[verb](handoff, kim)
    assert "Undo" in client.get(f"/leads/{handoff.lead_id}/").text
    assert said(client.post(at(handoff, "withdrawal"))) == [f"Taken back: {handoff.lead} waits for an answer again."]
    handoff = fresh(handoff)
    assert (handoff.state, handoff.assignee, handoff.decided_at) == (HandoffState.OPEN, assignee, None)
    assert Lead.objects.values("stage", "owner", "resting_until").get(pk=handoff.lead_id) == before
    assert Feedback.objects.count() == 0
    accept(handoff, by=kim)


def test_not_after_ten_minutes_not_by_others_and_not_when_it_went_on(client, team, kim):
    late, others, gone = hand_off(team), hand_off(team), hand_off(team)
    reject(late, by=kim, reason=reason())
    Handoff.objects.filter(pk=late.pk).update(decided_at=timezone.now() - timedelta(minutes=11))
    accept(others, by=make_user("Lee", team))
    accept(gone, by=kim)
    Lead.objects.filter(pk=gone.lead_id).update(stage=Stage.OPPORTUNITY)
    for each in (late, others, gone):
        answer = client.post(at(each, "withdrawal"))
    too_late = "This answer can no longer be taken back."
    assert said(answer) == [too_late, too_late, f"{gone.lead} has moved on since: the answer stays."]
    assert [fresh(each).state for each in (late, others, gone)] == ["rejected", "accepted", "accepted"]


def test_a_manager_takes_back_what_a_rep_answered(team, kim):
    handoff = hand_off(team)
    accept(handoff, by=kim)
    withdraw(handoff, by=make_user("Max", team, Role.MANAGER))
    assert fresh(handoff).state == HandoffState.OPEN


def test_counts_elsewhere_on_the_page_move_with_the_answer(client, team, kim):
    first, _ = hand_off(team), hand_off(team)
    answer = client.post(at(first, "acceptance"), headers=HTMX).text
    assert 'id="count-waiting" title="Waiting for your decision" hx-swap-oob="true">1<' in answer
    assert 'id="handoff-tabs" aria-label="Handoffs by state" hx-swap-oob="true"' in answer
    assert "Undo" in answer
    on_the_home_page = client.post(
        at(first, "withdrawal"), headers=HTMX | {"HX-Current-URL": "http://testserver/"}
    ).text
    assert "handoff-tabs" not in on_the_home_page
    assert 'hx-swap-oob="true">2<' in on_the_home_page


def test_what_the_lead_did_last_stands_in_the_row(client, team, kim):
    handoff = hand_off(team)
    for number in range(4):
        event(handoff.lead, days=number + 1)
    event(handoff.lead, "page_viewed", hours=1)
    event(handoff.lead, "email_sent", hours=1)
    row = client.get("/handoffs/").context["groups"][0][1][0]
    assert [moment.what for moment in row.recent] == ["Submitted a form"] * 3
    assert row.recent[0].at > row.recent[1].at


def test_the_fast_track_stands_first(client, team, kim):
    hot, late, slow = hand_off(team), hand_off(team), hand_off(team)
    Handoff.objects.filter(pk=late.pk).update(fast_track=False, due_at=timezone.now() - timedelta(days=1))
    Handoff.objects.filter(pk=slow.pk).update(fast_track=False, due_at=timezone.now() + timedelta(days=3))
    groups = [(head["name"], rows) for head, rows in client.get("/handoffs/").context["groups"]]
    assert groups == [("Late", [late]), ("Fast track", [hot]), ("Later", [slow])]


def test_work_on_an_accepted_lead(client, team, kim):
    handoff = hand_off(team)
    client.post(at(handoff, "acceptance"))
    page = f"/leads/{handoff.lead_id}/"
    assert "Not contacted yet" in client.get(page).text
    client.post(at(handoff, "next-step"), {"text": "Send quote", "on": "2999-01-02"})
    client.post(at(handoff, "contact"), {"how": "call"})
    handoff = fresh(handoff)
    assert (handoff.next_step, str(handoff.next_on), handoff.contacted_by) == ("Send quote", "2999-01-02", kim)
    assert Event.objects.get(lead=handoff.lead_id).kind.slug == "call_held"
    client.post(at(handoff, "deal"), {"state": "open", "amount": "1200"})
    assert fresh(handoff).lead.stage == Stage.OPPORTUNITY
    client.post(at(handoff, "deal"), {"state": "won", "amount": "1500"})
    deal = Deal.objects.get()
    assert (deal.lead_id, deal.state, deal.amount, deal.owner) == (handoff.lead_id, "won", 1500, kim)
    assert fresh(handoff).lead.stage == Stage.CUSTOMER
    assert "Won: € 1.5 k" in client.get(page).text


def test_a_lost_deal_goes_to_nurture(client, team, kim):
    handoff = hand_off(team)
    client.post(at(handoff, "acceptance"))
    client.post(at(handoff, "deal"), {"state": "lost", "lost_reason": "Price"})
    assert (fresh(handoff).lead.stage, Deal.objects.get().lost_reason) == (Stage.NURTURE, "Price")


@pytest.mark.parametrize("noun", ["next-step", "contact", "deal"])
def test_nothing_of_it_before_accepting(client, team, kim, noun):
    said = client.post(at(hand_off(team), noun), {"text": "x", "how": "call", "state": "won"})
    assert (said.status_code, "Accept the lead first." in said.text) == (422, True)


@pytest.mark.parametrize(
    ("kind", "channel", "counts"),
    [
        ("call_held", "crm", True),
        ("email_sent", "crm", True),
        ("email_sent", "email", False),
        ("form_submitted", "website", False),
    ],
)
def test_the_first_touch_is_also_what_an_event_tells(team, kim, kind, channel, counts):
    handoff = hand_off(team)
    Handoff.objects.filter(pk=handoff.pk).update(opened_at=timezone.now() - timedelta(hours=3))
    made = event(handoff.lead, kind, channel, hours=1)
    assert with_first_touch(Handoff.objects.all()).get().first_touch_at == (made.occurred_at if counts else None)


@time_machine.travel("2026-11-16T12:30Z", tick=False)  # a Monday
def test_all_of_it_by_program(team, kim):
    handoff, caller = hand_off(team), Caller(kim)
    Handoff.objects.update(opened_at=timezone.now() - timedelta(hours=2.5))
    until = (timezone.now() + timedelta(hours=1)).isoformat()
    assert caller.post(f"handoffs/{handoff.pk}/snooze", {"until": until}).json()["snoozed_until"]
    assert caller.post(f"handoffs/{handoff.pk}/release", {}).status_code == 403
    assert caller.post(f"handoffs/{handoff.pk}/deal", {"state": "won"}).status_code == 400
    assert caller.post(f"handoffs/{handoff.pk}/acceptance", {}).status_code == 201
    assert caller.post(f"handoffs/{handoff.pk}/withdrawal", {}).json()["state"] == "open"
    assert caller.post(f"handoffs/{handoff.pk}/acceptance", {}).status_code == 201
    step = caller.post(f"handoffs/{handoff.pk}/next-step", {"text": "Call", "on": "2999-01-01"}).json()
    assert (step["next_step"], step["next_on"]) == ("Call", "2999-01-01")
    assert caller.post(f"handoffs/{handoff.pk}/contact", {"how": "call"}).json()["first_touch_at"]
    assert caller.post(f"handoffs/{handoff.pk}/deal", {"state": "won", "amount": "9.50"}).json()["amount"] == "9.50"
    assert caller.get(f"handoffs/{handoff.pk}").json()["hours_taken"] == 2.5


def test_absences_by_page_and_program(client, team, kim):
    lee, boss = make_user("Lee", team), make_user("Max", team, Role.MANAGER)
    assert client.post("/absences/", {"user": lee.pk, "first": "2999-01-01", "last": "2999-01-02"}).status_code == 422
    days = {"first": "2999-01-01", "last": "2999-01-02"}
    assert client.post("/absences/", {"user": kim.pk, **days}).status_code == 302
    assert "Kim" in client.get("/absences/").text
    assert Caller(kim).post("absences", {"user": lee.pk, **days}).status_code == 403
    made = Caller(boss).post("absences", {"user": lee.pk, **days})
    assert made.status_code == 201
    assert Caller(boss).post("absences", {"first": "2999-01-02", "last": "2999-01-01"}).status_code == 400
    assert Caller(kim).get("absences").json()["results"][0]["user"] == lee.pk
    assert client.post(f"/absences/{made.json()['id']}/ending/").status_code == 403
    assert open_handoffs([]) == []


def test_times_are_shown_in_the_zone_of_who_looks(client, team, kim):
    handoff = hand_off(team)
    Handoff.objects.filter(pk=handoff.pk).update(
        state="accepted", decided_by=kim, decided_at="2025-06-01T23:30Z", opened_at="2025-06-01T22:00Z"
    )
    assert "1 Jun 2025" in client.get(f"/leads/{handoff.lead_id}/").text
    assert client.post("/profile/", {"time_zone": "Asia/Tokyo"}).status_code == 302
    assert "2 Jun 2025" in client.get(f"/leads/{handoff.lead_id}/").text
    assert client.post("/profile/", {"time_zone": "Mars/Olympus"}).status_code == 200
