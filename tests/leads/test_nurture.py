"""What is not for sales now: lists with reasons and quiet periods, and the only way back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from leads.enums import Label, Role, Stage
from leads.models import Effect, Endpoint, Lead, NurtureList, NurtureMember
from leads.selling.handoffs import open_handoffs, recycle, reject, withdraw
from leads.selling.nurture import fill, nurture
from tests.leads.api import Caller
from tests.sales import hand_off, make_lead, make_team, make_user, reason, score


@pytest.fixture
def kim(team):
    return make_user("Kim", team)


def members():
    return list(NurtureMember.objects.order_by("pk").values_list("lead", "reason", "left_because"))


def test_a_rejected_lead_goes_to_the_list_with_the_reason_and_the_quiet_period(team, kim):
    NurtureList.objects.create(team=team, name="Later", takes_rejected=True)
    handoff, resting = hand_off(team), hand_off(team)
    reject(handoff, by=kim, reason=reason())
    until = timezone.localdate() + timedelta(days=90)
    recycle(resting, by=kim, until=until)
    assert members() == [(handoff.lead_id, "No budget", ""), (resting.lead_id, "Recycled", "")]
    assert NurtureMember.objects.last().until == until


def test_who_is_handed_off_again_leaves(team, kim):
    NurtureList.objects.create(team=team, name="Later", takes_rejected=True)
    handoff = hand_off(team)
    reject(handoff, by=kim, reason=reason())
    assert open_handoffs([handoff.lead_id]) == []  # a crossing during the rest is lost: only one after it counts
    Lead.objects.filter(pk=handoff.lead_id).update(resting_until=timezone.localdate())
    assert len(open_handoffs([handoff.lead_id])) == 1
    assert members() == [(handoff.lead_id, "No budget", "handed off")]


def test_an_answer_taken_back_takes_it_off_again(team, kim):
    NurtureList.objects.create(team=team, name="Later", takes_rejected=True)
    handoff = hand_off(team)
    reject(handoff, by=kim, reason=reason())
    withdraw(handoff, by=kim)
    assert members() == [(handoff.lead_id, "No budget", "the answer was taken back")]


def test_low_leads_come_by_themselves_and_once(team, kim):
    NurtureList.objects.create(team=team, name="Cold", takes_labels=["cold", "cool"])
    cold = score(make_lead(team), label=Label.COLD)
    score(make_lead(team), label=Label.WARM)
    score(make_lead(team, stage=Stage.ACCEPTED), label=Label.COLD)
    score(make_lead(make_team("APAC")), label=Label.COLD)
    assert (fill(), fill()) == (1, 0)
    assert members() == [(cold.pk, "low label", "")]
    cold.refresh_from_db()
    assert cold.stage == Stage.NURTURE


def test_the_marketing_tool_is_told_once_of_each_coming_and_going(team, kim):
    endpoint = Endpoint.objects.create(team=team, name="Mailer", url="https://example.com/in")
    of = NurtureList.objects.create(team=team, name="Later", endpoint=endpoint)
    lead = make_lead(team, email="ana@example.com")
    assert (nurture(of, [lead.pk], reason="By hand"), nurture(of, [lead.pk], reason="Again")) == (1, 0)
    open_handoffs([lead.pk])
    told = Effect.objects.filter(kind="webhook").order_by("pk").values_list("payload__type", "payload__data__email")
    assert list(told) == [("nurture.entered", "ana@example.com"), ("nurture.left", "ana@example.com")]


def test_pages_csv_and_program(client, team, kim):
    of = NurtureList.objects.create(team=team, name="Later")
    mia, lead = make_user("Mia", team, Role.MARKETING), make_lead(team, email="ana@example.com")
    caller = Caller(mia)
    put = {"leads": [lead.pk], "reason": "Budget next year"}
    assert caller.post(f"nurture-lists/{of.pk}/members", put).json() == {"came": 1}
    assert Caller(kim).post(f"nurture-lists/{of.pk}/members", put).status_code == 403
    assert caller.post(f"nurture-lists/{of.pk}/members", put | {"leads": [0 + 10**9]}).status_code == 400
    assert caller.get("nurture-members", list=of.pk, present="true").json()["results"][0]["lead"] == lead.pk
    assert caller.get("nurture-lists").json()["results"][0]["name"] == "Later"
    client.force_login(mia)
    assert "Later" in client.get("/nurture/").text
    assert "Budget next year" in client.get(f"/nurture/{of.pk}/").text
    sheet = b"".join(client.get(f"/nurture/{of.pk}/members.csv").streaming_content).decode()
    assert "ana@example.com" in sheet
    member = NurtureMember.objects.get()
    assert client.post(f"/nurture/{of.pk}/members/{member.pk}/leaving/").status_code == 302
    assert members() == [(lead.pk, "Budget next year", "taken off by Mia")]


def test_a_list_is_made_changed_and_deleted_on_its_pages(client, team, kim):
    client.force_login(make_user("Mia", team, Role.MARKETING))
    made = client.post("/nurture/new/", {"name": "Later", "team": team.pk, "takes_rejected": "on", "quiet_days": 30})
    of = NurtureList.objects.get()
    assert made.url == f"/nurture/{of.pk}/"
    client.post(f"/nurture/{of.pk}/edit/", {"name": "Much later", "takes_labels": ["cold"], "quiet_days": 90})
    of.refresh_from_db()
    assert (of.name, of.takes_rejected, of.takes_labels, of.quiet_days) == ("Much later", False, ["cold"], 90)
    assert client.post("/nurture/new/", {"name": "Much later", "team": team.pk, "quiet_days": 1}).status_code == 422
    nurture(of, [make_lead(team).pk], reason="By hand")
    client.post(f"/nurture/{of.pk}/deletion/")
    assert not NurtureList.objects.exists()
    client.force_login(kim)
    assert client.get("/nurture/new/").status_code == 403


def test_ticked_leads_are_put_on_a_list_with_a_reason(client, team, kim):
    client.force_login(make_user("Mia", team, Role.MARKETING))
    of, theirs = NurtureList.objects.create(team=team, name="Later"), make_lead(make_team("APAC"))
    leads = [make_lead(team), make_lead(team)]
    ticked = {"lead": [leads[0].pk, leads[1].pk, theirs.pk, "x"]}
    asked = client.post("/nurture/members/", ticked)
    assert (asked.status_code, "Put 2 leads on a nurture list" in asked.text, str(theirs) in asked.text) == (
        200, True, False,
    )  # fmt: skip
    assert client.post("/nurture/members/", ticked | {"to": of.pk}).status_code == 422
    client.post("/nurture/members/", ticked | {"to": of.pk, "reason": "Budget next year"})
    assert [(lead, reason) for lead, reason, _ in members()] == [(lead.pk, "Budget next year") for lead in leads]
