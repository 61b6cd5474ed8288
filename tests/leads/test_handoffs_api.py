"""Handoffs and feedback for programs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.api.errors import FORBIDDEN
from leads.enums import HandoffState, Role
from leads.models import Feedback, Handoff
from leads.selling.handoffs import accept
from tests.sales import hand_off, make_lead, make_team, make_user, reason, score

API = "/api/v1/handoffs"


@pytest.fixture
def kim(team, client):
    user = make_user("Kim", team)
    client.force_login(user)
    return user


@pytest.fixture
def mia(team, client):
    user = make_user("Mia", team, Role.MARKETING)
    client.force_login(user)
    return user


def post(client, address, **values):
    return client.post(f"{API}{address}", values, content_type="application/json")


def test_a_handoff_says_what_was_promised(client, team, kim):
    handoff = hand_off(team)
    row = client.get(f"{API}/{handoff.pk}").json()
    assert row["promise"] == {
        "fit": 12,
        "engagement": 18,
        "total": 30,
        "grade": "A2",
        "label": "hot",
        "version": handoff.version,
        "reasons": [["Asked for pricing", 18], ["VP or C-level", 15]],
    }
    assert (row["lead"], row["team"], row["assignee"], row["state"]) == (handoff.lead_id, team.pk, kim.pk, "open")
    assert row["assigned_because"] == "round robin, 1st of 1"


def test_the_list_can_be_narrowed(client, team, kim):
    late, accepted, other = hand_off(team), hand_off(team), hand_off(team)
    lee = make_user("Lee", team)
    accept(accepted, by=lee)
    Handoff.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(hours=1))
    Handoff.objects.filter(pk=other.pk).update(due_at=timezone.now() + timedelta(hours=1))

    def found(query):
        return [row["id"] for row in client.get(f"{API}?{query}").json()["results"]]

    assert found("") == [other.pk, accepted.pk, late.pk]
    assert found("state=open") == [other.pk, late.pk]
    assert found("state=open&ordering=due_at") == [late.pk, other.pk]
    assert found("overdue=true") == [late.pk]
    assert found("overdue=false&state=open") == [other.pk]
    assert found(f"assignee={lee.pk}") == [accepted.pk]
    assert found(f"lead={other.lead_id}") == [other.pk]
    assert found(f"team={team.slug}") == [other.pk, accepted.pk, late.pk]


def test_the_list_costs_the_same_for_three_rows_as_for_one(client, team, kim):
    def queries(address):
        with CaptureQueriesContext(connection) as seen:
            client.get(address)
        return len(seen)

    accept(hand_off(team), by=kim)
    one = queries(API), queries("/api/v1/feedback")
    accept(hand_off(team), by=kim)
    accept(hand_off(team), by=kim)
    assert (queries(API), queries("/api/v1/feedback")) == one


def test_accepting(client, team, kim):
    handoff = hand_off(team)
    answer = post(client, f"/{handoff.pk}/acceptance", comment="Demo on Thursday")
    assert (answer.status_code, answer.json()["verdict"], answer.json()["lead"]) == (201, "accepted", handoff.lead_id)
    handoff.refresh_from_db()
    assert (handoff.state, handoff.decided_by) == (HandoffState.ACCEPTED, kim)


def test_rejecting(client, team, kim):
    handoff = hand_off(team)
    answer = post(client, f"/{handoff.pk}/rejection", reason="no_budget", comment="Freeze", misled_by="VP or C-level")
    assert answer.status_code == 201
    feedback = client.get("/api/v1/feedback?reason=no_budget").json()["results"]
    assert feedback == [answer.json()]
    assert (feedback[0]["reason"], feedback[0]["misled_by"], feedback[0]["by"]) == (
        "no_budget",
        "VP or C-level",
        kim.pk,
    )


@pytest.mark.parametrize("given", [{}, {"reason": "luck"}])
def test_a_rejection_needs_a_reason_in_use(client, team, kim, given):
    answer = post(client, f"/{hand_off(team).pk}/rejection", **given)
    assert (answer.status_code, set(answer.json()["fields"])) == (400, {"reason"})


def test_which_reasons_there_are_is_said(client, team, kim):
    old = reason("competitor")
    old.active = False
    old.save()
    answer = post(client, f"/{hand_off(team).pk}/rejection", reason="competitor")
    assert answer.json()["fields"]["reason"][0].startswith("Choose one of: wrong_person, wrong_fit, no_budget,")
    assert "competitor" not in answer.json()["fields"]["reason"][0]


def test_recycling(client, team, kim):
    day = timezone.localdate() + timedelta(days=9)
    handoff = hand_off(team)
    assert post(client, f"/{handoff.pk}/recycling", until=str(day)).status_code == 201
    handoff.lead.refresh_from_db()
    assert handoff.lead.resting_until == day


def test_a_rest_that_is_over_is_refused(client, team, kim):
    answer = post(client, f"/{hand_off(team).pk}/recycling", until=str(timezone.localdate()))
    assert (answer.status_code, answer.json()["fields"]) == (400, {"until": ["Choose a day after today."]})


def test_passing_on(client, team, kim):
    handoff, lee = hand_off(team), make_user("Lee", team)
    assert post(client, f"/{handoff.pk}/assignment", to=lee.pk).json()["assignee"] == lee.pk
    far = make_user("Far", make_team("APAC"))
    answer = post(client, f"/{handoff.pk}/assignment", to=far.pk)
    assert (answer.status_code, answer.json()["fields"]) == (400, {"to": ["There is no such person in your teams."]})
    mia = make_user("Mia", team, Role.MARKETING)
    answer = post(client, f"/{handoff.pk}/assignment", to=mia.pk)
    assert answer.json()["fields"] == {"to": ["Mia does not work leads in EMEA."]}


ANSWERS = [
    ("acceptance", {}),
    ("rejection", {"reason": "no_budget"}),
    ("recycling", {"until": "2999-01-01"}),
    ("assignment", {"to": 1}),
]


@pytest.mark.parametrize(("noun", "values"), ANSWERS)
def test_the_second_answer_is_a_conflict(client, team, kim, noun, values):
    handoff = hand_off(team)
    accept(handoff, by=make_user("Lee", team))
    answer = post(client, f"/{handoff.pk}/{noun}", **(values | ({"to": kim.pk} if noun == "assignment" else {})))
    assert answer.status_code == 409
    assert answer.json()["error"].startswith("Already accepted by Lee on ")


@pytest.mark.parametrize(("noun", "values"), ANSWERS)
def test_marketing_looks_on(client, team, mia, noun, values):
    handoff = hand_off(team)
    assert client.get(f"{API}/{handoff.pk}").status_code == 200
    assert post(client, f"/{handoff.pk}/{noun}", **values).status_code == 403


@pytest.mark.parametrize(("noun", "values"), ANSWERS)
def test_a_rep_elsewhere_who_is_marketing_here_looks_on(client, team, noun, values):
    both = make_user("Bo", team, Role.MARKETING)
    both.memberships.create(team=make_team("APAC"), role=Role.REP)
    client.force_login(both)
    answer = post(client, f"/{hand_off(team).pk}/{noun}", **values)
    assert (answer.status_code, answer.json()["error"]) == (403, FORBIDDEN)


@pytest.mark.parametrize(("noun", "values"), ANSWERS)
def test_handoffs_of_other_teams_are_not_there(client, team, kim, noun, values):
    far = make_team("APAC")
    make_user("Far", far)
    handoff = hand_off(far)
    assert client.get(f"{API}/{handoff.pk}").status_code == 404
    assert post(client, f"/{handoff.pk}/{noun}", **values).status_code == 404
    assert client.get(API).json()["results"] == []


def test_feedback_of_other_teams_is_not_there(client, team, kim):
    far = make_team("APAC")
    accept(hand_off(far), by=make_user("Far", far))
    assert Feedback.objects.count() == 1
    assert client.get("/api/v1/feedback").json()["results"] == []


def test_marketing_hands_off(client, team, mia):
    fresh, waiting = score(make_lead(team)), hand_off(team).lead
    answer = post(client, "", leads=[fresh.pk, waiting.pk])
    assert answer.status_code == 201
    assert [row["lead"] for row in answer.json()["results"]] == [fresh.pk]
    assert answer.json()["results"][0]["opened_by"] == mia.pk
    assert answer.json()["left_out"] == [waiting.pk]


def test_only_leads_of_ones_teams(client, team, mia):
    far = make_lead(make_team("APAC"))
    answer = post(client, "", leads=[far.pk])
    assert (answer.status_code, answer.json()["fields"]) == (400, {"leads": [f"Not leads of your teams: {far.pk}."]})


def test_reps_do_not_hand_off(client, team, kim):
    assert post(client, "", leads=[make_lead(team).pk]).status_code == 403


def test_marketing_elsewhere_does_not_hand_off_here(client, team):
    both = make_user("Bo", team, Role.REP)
    both.memberships.create(team=make_team("APAC"), role=Role.MARKETING)
    client.force_login(both)
    assert post(client, "", leads=[make_lead(team).pk]).status_code == 403
