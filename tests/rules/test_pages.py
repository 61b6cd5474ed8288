"""Pages and API of rules and the review list."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.models import Crossing, Handoff, Lead, Notice, NurtureList, NurtureMember, Rule, Segment, User
from tests.leads.api import Caller
from tests.rules.watching import HOT, crossings, make_rule, make_segment, run_passes
from tests.sales import make_team, make_user
from tests.scoring.workshop import field, go_live, make_lead, make_model, rescore

pytestmark = pytest.mark.django_db


def said(**extra: Any) -> dict[str, Any]:
    return {"name": "VPs", "direction": "entering", "quiet_days": 0, "active": "on", "tag": "VIP"} | extra


def test_a_rule_made_on_its_page_acts(page: Client, mara: User) -> None:
    go_live(make_model())
    segment = make_segment(condition=field("title", "contains", "VP"))
    answer = page.post(reverse("rule-new"), said(segment=segment.pk, people=[mara.pk]))
    assert answer.status_code == 302
    rule = Rule.objects.get()
    assert rule.actions == {"tag": "vip", "tell": {"owner": False, "people": [mara.pk], "mail": False}}
    run_passes()
    lead = make_lead(make_team())
    rescore()
    assert crossings(rule) == [(lead.pk, "entered", "done")]
    assert [notice.user for notice in Notice.objects.all()] == [mara]
    shown = page.get(reverse("rules")).content.decode()
    assert "Add the tag vip, tell 1 person in the app" in shown
    assert lead.name in page.get(reverse("rule", args=[rule.pk])).content.decode()
    page.post(reverse("rule-activation", args=[rule.pk]), {"active": "off"})
    assert not Rule.objects.get().active


def test_a_rule_that_does_nothing_is_refused(page: Client) -> None:
    answer = page.post(reverse("rule-new"), said(segment=make_segment().pk, tag=""))
    assert answer.status_code == 422
    assert "Say what shall happen." in answer.content.decode()


def test_a_rep_has_rules_of_their_own_and_only_these(client: Client, mara: User) -> None:
    go_live(make_model())
    kim = make_user("Kim", make_team())
    client.force_login(kim)
    shared = make_rule(make_segment("All", field("title", "known")))
    assert client.get(reverse("rule-new")).status_code == 403
    assert client.get(reverse("rule", args=[shared.pk])).status_code == 403
    segment = make_segment(condition=field("title", "contains", "VP"))
    answer = client.post(reverse("rule-own"), said(segment=segment.pk, hand_off="on", tag="mine"))
    assert answer.status_code == 302
    mine = Rule.objects.get(person=kim)
    assert mine.actions == {"tell": {"mail": False}}
    run_passes()
    make_lead(make_team("APAC"))
    lead = make_lead(make_team())
    rescore()
    assert crossings(mine) == [(lead.pk, "entered", "done")]
    assert [notice.user for notice in Notice.objects.all()] == [kim]
    client.force_login(mara)
    assert client.get(reverse("rule", args=[mine.pk])).status_code == 404


def test_a_rule_puts_leads_on_a_nurture_list_of_their_team(page: Client) -> None:
    go_live(make_model())
    silent = NurtureList.objects.create(team=make_team(), name="Silent")
    segment = make_segment(condition=field("title", "contains", "VP"))
    assert page.post(reverse("rule-new"), said(segment=segment.pk, nurture=silent.pk, tag="")).status_code == 302
    run_passes()
    ours, _theirs = make_lead(make_team()), make_lead(make_team("APAC"))
    rescore()
    assert list(NurtureMember.objects.values_list("lead", "list")) == [(ours.pk, silent.pk)]
    assert "Put on the list Silent" in page.get(reverse("rules")).content.decode()


def test_a_sample_goes_to_who_asks(page: Client, mara: User) -> None:
    make_lead(make_team())
    rule = make_rule(make_segment())
    page.post(reverse("rule-samples", args=[rule.pk]))
    notice = Notice.objects.get()
    assert (notice.user, notice.text.startswith("Sample: Ana Ruiz")) == (mara, True)
    assert Crossing.objects.count() == 0


def test_the_review_list(page: Client) -> None:
    go_live(make_model())
    one, two = make_lead(make_team()), make_lead(make_team())
    rescore()
    rule = make_rule(
        make_segment(condition=field("title", "contains", "VP")), also_inside=True, actions={"hand_off": True}
    )
    run_passes()
    shown = page.get(reverse("review")).content.decode()
    assert ("2 leads moved because rules changed" in shown, one.name in shown) == (True, True)
    first = Crossing.objects.get(lead=one)
    page.post(reverse("review-approval"), {"crossing": [first.pk]})
    page.post(reverse("review-dismissal"), {"all": "yes"})
    assert crossings(rule) == [(one.pk, "entered", "done"), (two.pk, "entered", "dismissed")]
    assert [handoff.lead_id for handoff in Handoff.objects.all()] == [one.pk]
    assert "Nothing to review" in page.get(reverse("review")).content.decode()


def test_the_list_costs_the_same_for_one_and_three(page: Client, django_assert_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    make_rule(make_segment())
    page.get(reverse("rules"))
    with CaptureQueriesContext(connection) as one:
        page.get(reverse("rules"))
    for number in range(2):
        make_rule(make_segment(f"S{number}"))
    with django_assert_num_queries(len(one)):
        page.get(reverse("rules"))


def test_the_api_does_what_the_pages_do(mara: User) -> None:
    go_live(make_model())
    lead = make_lead(make_team())
    rescore()
    api = Caller(mara)
    segment = api.post("segments", {"name": "VP", "condition": field("title", "contains", "VP")}).json()
    body = {"name": "VPs", "segment": segment["id"], "actions": {"hand_off": True}, "active": True, "also_inside": True}
    made = api.post("alert-rules", body).json()
    assert (made["does"], made["personal"], made["phase"]) == ("hand off to sales", False, "watching")
    run_passes()
    waiting = api.get("crossings?state=review").json()["results"]
    assert [(row["lead"], row["rule"], row["entered"]) for row in waiting] == [(lead.pk, made["id"], True)]
    assert api.post("crossings/approval", {"crossings": [waiting[0]["id"]]}).json() == {"decided": 1}
    assert Handoff.objects.get().lead_id == lead.pk
    assert api.delete(f"segments/{segment['id']}").status_code == 409
    assert api.patch(f"alert-rules/{made['id']}", {"active": False}).json()["active"] is False
    assert api.delete(f"alert-rules/{made['id']}").status_code == 204
    assert api.delete(f"segments/{segment['id']}").status_code == 204


@pytest.mark.parametrize(
    ("actions", "problem"),
    [
        ({}, "Say what shall happen."),
        ({"fax": True}, "fax: There is no such action."),
        ({"crm_push": True}, "crm_push: No CRM is connected"),
        ({"tag": "VIP"}, "tag: Give a word in small letters"),
        ({"tell": {}}, "tell: Say who is told."),
        ({"slack": 7}, "slack: There is no such endpoint"),
        ({"assign": 7}, "assign: This person works no leads"),
        ({"hand_off": "yes"}, "hand_off: Give true"),
    ],
)
def test_actions_that_make_no_sense_are_refused(mara: User, actions: Any, problem: str) -> None:
    body = {"name": "X", "segment": make_segment().pk, "actions": actions}
    answer = Caller(mara).post("alert-rules", body)
    assert answer.status_code == 400
    assert problem in str(answer.json()["fields"]["actions"])


def test_a_rep_makes_personal_rules_by_api_only() -> None:
    api = Caller(make_user("Kim", make_team()))
    body = {"name": "X", "segment": make_segment(condition=HOT).pk, "actions": {"tell": {}}}
    assert api.post("alert-rules", body).status_code == 403
    assert api.post("alert-rules", body | {"personal": True}).status_code == 201


def test_a_rule_with_a_condition_of_its_own_makes_a_segment_of_it(page: Client, mara: User) -> None:
    go_live(make_model())
    assert re.search(r"<textarea[^>]*></textarea>", page.get(reverse("rule-new")).content.decode())
    vps = '{"field": "title", "op": "contains", "value": "VP"}'
    answer = page.post(reverse("rule-new"), said(condition=vps))
    assert answer.status_code == 302
    rule, segment = Rule.objects.get(), Segment.objects.get()
    assert (rule.segment, segment.name, segment.team, segment.created_by) == (segment, "VPs", None, mara)
    run_passes()
    lead = make_lead(make_team())
    rescore()
    assert crossings(rule) == [(lead.pk, "entered", "done")]
    shown = page.get(reverse("rule", args=[rule.pk])).content.decode()
    assert (reverse("segment", args=[segment.pk]) in shown, "data-condition" in shown) == (True, True)
    other = make_segment("Others", field("title", "contains", "Clerk"))
    page.post(reverse("rule", args=[rule.pk]), said(segment=other.pk))
    assert Rule.objects.get().segment == other


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "Choose a segment, or build a condition."),
        ({"condition": '{"field": "nope", "op": "known"}'}, "there is no field"),
        ({"condition": '{"field": "phone", "op": "known"}', "name": "Hot"}, "There is a segment of this name already"),
        ({"condition": '{"field": "phone", "op": "known"}', "segment": "HOT"}, "Either choose a segment or build"),
    ],
)
def test_a_rule_watches_one_thing(page: Client, given: dict[str, Any], says: str) -> None:
    hot = make_segment()
    answer = page.post(reverse("rule-new"), said(**{k: hot.pk if v == "HOT" else v for k, v in given.items()}))
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert (Rule.objects.count(), list(Segment.objects.all())) == (0, [hot])


def test_the_api_takes_a_condition_in_the_place_of_a_segment(mara: User) -> None:
    given = {"name": "With a phone", "actions": {"tag": "vip"}, "condition": {"field": "phone", "op": "known"}}
    made = Caller(mara).post("alert-rules", given)
    assert (made.status_code, made.json()["segment"]) == (201, Segment.objects.get(name="With a phone").pk)
    assert Caller(mara).post("alert-rules", given | {"segment": make_segment().pk}).status_code == 400
    own = given | {"name": "Mine", "personal": True, "actions": {"tell": {}}}
    refused = Caller(make_user("Kim", make_team())).post("alert-rules", own)
    assert (refused.status_code, list(refused.json()["fields"])) == (400, ["condition"])


def test_an_own_rule_tells_of_what_happens_from_now_on(client: Client) -> None:
    kim = make_user("Kim", make_team())
    client.force_login(kim)
    shown = client.get(reverse("rule-own")).content.decode()
    assert ("also_inside" in shown, "Tell me by e-mail too" in shown, "data-condition" in shown) == (False, True, False)
    own = {"name": "Mine", "personal": True, "segment": make_segment().pk, "actions": {"tell": {}}, "also_inside": True}
    assert list(Caller(kim).post("alert-rules", own).json()["fields"]) == ["also_inside"]


def test_the_review_list_says_who_would_not_be_handed_off(page: Client) -> None:
    go_live(make_model())
    resting, taken, free = (make_lead(make_team(), last_name=name) for name in ("Rests", "Taken", "Free"))
    Lead.objects.filter(pk=resting.pk).update(resting_until="2999-01-04")
    Lead.objects.filter(pk=taken.pk).update(stage="accepted")
    rescore()
    make_rule(make_segment(condition=field("title", "contains", "VP")), actions={"hand_off": True}, also_inside=True)
    run_passes()
    rows = {str(row.lead): but for row, _, but in page.get(reverse("review")).context["rows"]}
    assert rows == {
        str(resting): "it rests until 4 Jan 2999", str(taken): "sales has it already", str(free): None,
    }  # fmt: skip
