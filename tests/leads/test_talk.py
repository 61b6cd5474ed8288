"""Talk: who hears of what is said, who may be mentioned, and what one may take back."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads import talk
from leads.enums import Role
from leads.identity import merge, unmerge
from leads.mentions import mentions, pieces
from leads.models import Comment, Notice, User
from leads.outgoing import delivery
from leads.selling.handoffs import reject
from tests.leads.api import Caller
from tests.sales import hand_off, make_lead, make_team, make_user, reason

pytestmark = pytest.mark.django_db


@pytest.fixture
def rep(team):
    return _named("Kim Moss", "kim@example.com", team)


@pytest.fixture
def dana(team):
    return _named("Dana Ilic", "dana@example.com", team, Role.MARKETING)


def _named(name, email, team, role=Role.REP):
    user = User.objects.create_user(email, name=name)
    user.memberships.create(team=team, role=role)
    return user


def browser(user):
    client = Client()
    client.force_login(user)
    return client


def notices(user):
    return list(Notice.objects.filter(user=user).values_list("kind", "text"))


@pytest.mark.parametrize(
    "text, called",
    [
        ("@Kim Moss please", ["kim"]),
        ("Ask @kim, and @Dana", ["kim", "dana"]),
        ("@kim@example.com.", ["kim"]),
        ("@kimberly, @kim@elsewhere.example, x@kim, @kim.x and @kim-ann", []),
        ("write to kim@example.com", []),
        ("@nobody", []),
        ("@KIM MOSS @kim", ["kim"]),
    ],
)
def test_whom_a_text_calls(text, called):
    people = [User(pk=1, email="kim@example.com", name="Kim Moss"), User(pk=2, email="dana@example.com", name="Dana")]
    assert [user.email.split("@")[0] for user in mentions(text, people)] == called
    assert "".join(words for words, _ in pieces(text, people)) == text
    assert any(marked for _, marked in pieces(text, people)) == bool(called)


def test_a_name_of_several_asks_for_the_address():
    people = [User(pk=n, email=f"kim{n}@example.com", name="Kim") for n in (1, 2)]
    with pytest.raises(ValidationError, match="write @kim1@example.com or @kim2@example.com"):
        mentions("@kim?", people)
    assert mentions("@kim2@example.com", people) == people[1:]


def test_marketing_answers_a_rejection_and_the_rep_hears_of_it(team, rep, dana):
    handoff = hand_off(team)
    reject(handoff, by=rep, reason=reason())
    Notice.objects.all().delete()
    page = browser(dana).get(f"/handoffs/{handoff.pk}/comments/")
    assert "Answer Kim Moss" in page.content.decode()
    said = browser(dana).post(f"/handoffs/{handoff.pk}/comments/", {"text": "Budget comes in May."}, follow=True)
    assert "Budget comes in May." in said.content.decode()
    assert notices(rep) == [("comment", f"Dana Ilic on the handoff of {handoff.lead}: Budget comes in May.")]
    assert notices(dana) == []


def test_who_is_mentioned_is_told_once_and_by_mail(team, rep, dana):
    lead = make_lead(team, owner=rep)
    talk.say(talk.about_lead(lead), "@Kim Moss, and @kim: call today", by=dana)
    delivery.deliver_due()
    assert [kind for kind, _ in notices(rep)] == ["mention"]
    assert [message.to for message in mail.outbox] == [[rep.email]]


def test_only_who_sees_it_is_mentionable(team, dana):
    ben, gone = _named("Ben", "ben@example.com", make_team("APAC")), _named("Gus", "gus@example.com", team)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    lead = make_lead(team)
    page = browser(dana).get(f"/leads/{lead.pk}/comments/").content.decode()
    assert ("ben@example.com" in page, "gus@example.com" in page) == (False, False)
    talk.say(talk.about_lead(lead), "@ben @gus @dana", by=dana)
    assert Notice.objects.count() == 0
    refused = browser(dana).post(f"/leads/{lead.pk}/comments/", {"text": "x", "tell": "ben@example.com"})
    assert (refused.status_code, "Choose somebody from the list" in refused.content.decode()) == (422, True)
    assert browser(ben).get(f"/leads/{lead.pk}/comments/").status_code == 404


def test_who_spoke_before_hears_of_the_next(team, rep, dana):
    about = talk.about_lead(make_lead(team))
    talk.say(about, "One", by=rep), talk.say(about, "Two", by=dana)
    assert ([kind for kind, _ in notices(rep)], notices(dana)) == (["comment"], [])


def test_somebody_chosen_beside_the_text(team, rep, dana):
    lead = make_lead(team)
    client = browser(dana)
    part = client.post(
        f"/leads/{lead.pk}/comments/", {"text": "look", "tell": rep.email}, headers={"HX-Request": "true"}
    )
    assert (part.status_code, "<html" in part.content.decode()) == (200, False)
    assert list(Comment.objects.get().mentioned.all()) == [rep]


def test_changed_and_taken_back_for_half_an_hour(team, rep, dana):
    comment = talk.say(talk.about_lead(make_lead(team)), "One", by=dana)
    client, address = browser(dana), f"/comments/{comment.pk}/"
    assert browser(rep).post(address, {"text": "Mine"}).status_code == 403
    assert client.post(address, {"text": "Two @kim"}).status_code == 302
    comment.refresh_from_db()
    assert (comment.text, [text for text, _ in comment.earlier]) == ("Two @kim", ["One"])
    assert [kind for kind, _ in notices(rep)] == ["mention"]
    page = client.get(f"/leads/{comment.lead_id}/comments/").content.decode()
    assert ("Edited" in page, "One" in page, "<b>@kim</b>" in page) == (True, True, True)
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        assert browser(dana).post(address, {"text": "Three"}).status_code == 422
        browser(dana).post(f"{address}deletion/")
    comment.refresh_from_db()
    assert (comment.text, comment.deleted_at) == ("Two @kim", None)
    client.post(f"{address}deletion/")
    comment.refresh_from_db()
    assert (comment.text, comment.earlier, comment.deleted_at is None) == ("", [], False)
    assert "Deleted" in client.get(f"/leads/{comment.lead_id}/comments/").content.decode()


def test_what_is_said_is_text(team, dana):
    lead = make_lead(team)
    talk.say(talk.about_lead(lead), "<script>alert(1)</script> @dana", by=dana)
    assert "<script>alert" not in browser(dana).get(f"/leads/{lead.pk}/comments/").content.decode()


def test_three_comments_cost_what_one_costs(team, rep, dana):
    lead, client = make_lead(team), browser(dana)
    address = f"/leads/{lead.pk}/comments/"
    counts = []
    for number in (1, 2):
        for _ in range(number):
            talk.say(talk.about_lead(lead), "@kim", by=dana)
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_merged_lead_keeps_its_comments(team, dana):
    kept, gone = make_lead(team), make_lead(team)
    talk.say(talk.about_lead(gone), "Hello", by=dana)
    done = merge(kept, gone, by=dana)
    assert Comment.objects.get().lead_id == kept.pk
    unmerge(done, by=dana)
    assert Comment.objects.get().lead_id == gone.pk


def test_a_lead_shows_what_was_said_about_its_handoffs(team, dana):
    handoff = hand_off(team)
    talk.say(talk.about_handoff(handoff), "Good one", by=dana)
    assert "Good one" in browser(dana).get(f"/leads/{handoff.lead_id}/comments/").content.decode()


def test_programs_talk_too(team, rep, dana):
    lead, other = make_lead(team), make_lead(make_team("APAC"))
    caller = Caller(dana)
    made = caller.post("comments", {"lead": lead.pk, "text": "@kim look"})
    assert (made.status_code, made.json()["mentioned"]) == (201, [rep.pk])
    assert caller.post("comments", {"lead": other.pk, "text": "x"}).status_code == 400
    assert caller.post("comments", {"text": "x"}).status_code == 400
    assert caller.post("comments", {"topic": "criterion:1", "lead": lead.pk, "text": "x"}).status_code == 400
    pk = made.json()["id"]
    assert caller.patch(f"comments/{pk}", {"text": "look"}).json()["text"] == "look"
    assert Caller(rep).patch(f"comments/{pk}", {"text": "no"}).status_code == 403
    assert [row["id"] for row in Caller(rep).get("comments", lead=lead.pk).json()["results"]] == [pk]
    assert caller.delete(f"comments/{pk}").status_code == 204
    assert caller.get(f"comments/{pk}").json()["text"] == ""
    assert Caller(make_user("Uma", make_team("APAC"))).get(f"comments/{pk}").status_code == 404
