"""Invitations: by mail, once, for seven days; nothing kept lets anybody in."""

import json
import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import authenticate
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from leads.enums import Role
from leads.models import Effect, Invitation, Membership, User
from leads.outgoing import delivery
from leads.people import invitations
from tests.leads.api import Caller
from tests.sales import make_team, make_user
from tests.threads import at_once

pytestmark = pytest.mark.django_db
PASSWORD = "a long good phrase"


@pytest.fixture
def ava():
    return make_user("Ava", make_team(), Role.ADMIN)


def ask(ava, email="new@firm.example", role=Role.REP):
    return invitations.invite(make_team(), email=email, role=role, by=ava)


def link():
    """The path of the last mail, after the outbox was brought out."""
    delivery.deliver_due()
    return re.search(r"https?://[^/]+(/join/\S+)", mail.outbox[-1].body).group(1)


def join(client, path, **extra):
    return client.post(path, {"name": "Nia", "password": PASSWORD} | extra)


def test_an_admin_invites_and_the_invited_chooses_a_password(ava, client, settings):
    settings.PUBLIC_URL = "https://leads.example.com"
    client.force_login(ava)
    asked = {"email": "New@firm.example", "team": make_team().pk, "role": "marketing"}
    assert client.post("/people/", asked).status_code == 302
    delivery.deliver_due()
    assert mail.outbox[0].to == ["new@firm.example"]
    assert "https://leads.example.com/join/" in mail.outbox[0].body
    stranger, path = Client(), link()
    assert stranger.get(path).status_code == 200
    assert join(stranger, path, password="short").status_code == 422
    assert join(stranger, path).url == "/"
    nia = User.objects.get(email="new@firm.example")
    assert (nia.name, nia.check_password(PASSWORD), nia.roles) == ("Nia", True, {"marketing"})
    assert stranger.get("/").context["user"] == nia
    assert [join(Client(), path).status_code, Client().get(path).status_code] == [404, 404]


def test_nothing_that_is_kept_lets_anybody_in(ava):
    ask(ava)
    token = link().strip("/").removeprefix("join/")
    row = Invitation.objects.get()
    kept = json.dumps([list(Effect.objects.values()), list(Invitation.objects.values())], default=str)
    assert token not in kept
    assert invitations.found(token) == row
    assert [invitations.found(text) for text in (row.nonce, row.digest, f"{token}x", "é")] == [None] * 4


def test_sent_again_only_the_new_link_works_and_a_mail_under_way_with_the_old_is_not_sent(ava, client):
    invitation, old = ask(ava), link()
    invitations.send_again(invitation)
    new = link()
    assert [client.get(path).status_code for path in (old, new)] == [404, 200]
    invitations.send_again(invitation)
    invitations.send_again(invitation)
    before = len(mail.outbox)
    delivery.deliver_due()
    assert len(mail.outbox) == before + 1
    assert Effect.objects.dead().count() == 1


def test_revoked_or_after_seven_days_it_is_dead(ava, client):
    path = (invitation := ask(ava)) and link()
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        assert client.get(path).status_code == 404
    assert client.get(path).status_code == 200
    invitations.revoke(invitation, by=ava)
    assert client.get(path).status_code == 404
    with pytest.raises(invitations.NotOpen):
        invitations.send_again(invitation)
    assert ask(ava).pk != invitation.pk


def test_who_has_an_account_joins_with_their_password_and_the_inviter_learns_nothing(ava):
    ben = User.objects.create_user("ben@firm.example", PASSWORD, name="Ben")
    caller = Caller(ava)
    answers = [caller.post("invitations", {"email": each, "role": "rep"}) for each in (ben.email, "no@firm.example")]
    shown = [set(answer.json()) for answer in answers]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert shown[0] == shown[1]
    delivery.deliver_due()
    body = next(each.body for each in mail.outbox if each.to == [ben.email])
    path = re.search(r"(/join/\S+)", body).group(1)
    client = Client()
    assert join(client, path).status_code == 403
    client.force_login(ava)
    assert join(client, path).status_code == 403
    client.force_login(ben)
    assert client.post(path).url == "/"
    assert [(each.team, each.role) for each in ben.memberships.all()] == [(make_team(), "rep")]
    assert authenticate(username=ben.email, password=PASSWORD) == ben


def test_who_is_in_the_team_is_not_invited_and_an_open_invitation_is_sent_anew(ava):
    with pytest.raises(ValidationError):
        ask(ava, email=ava.email)
    assert ask(ava).pk == ask(ava, role=Role.MANAGER).pk
    assert Invitation.objects.get().role == Role.MANAGER


@pytest.mark.django_db(transaction=True)
def test_of_many_who_come_with_one_link_one_is_let_in(ava):
    token = invitations.token_of(ask(ava))

    def come(name):
        return invitations.accept_anew(invitations.found(token) or Invitation(), name=name, password=PASSWORD)

    done = at_once(come, ["A", "B", "C", "D"])
    assert sorted(type(each).__name__ for each in done) == ["NotOpen"] * 3 + ["User"]
    assert Membership.objects.filter(user__email="new@firm.example").count() == 1
