"""The first admin: by a link that works once, or by hand."""

import io

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.urls import reverse

from leads.enums import Role
from leads.models import Team, User
from leads.people import setup
from tests.threads import at_once

PERSON = {"name": "Ada", "email": "Ada@firm.example", "password": "a long good phrase", "team": "Europe"}


def path() -> str:
    return reverse("setup", args=[setup.link_token()])


@pytest.mark.django_db
def test_the_first_person_is_admin_of_the_first_team_and_signed_in(client):
    answer = client.post(path(), PERSON)
    user = User.objects.get()
    assert (answer.status_code, answer.url) == (302, reverse("home"))
    assert (user.email, user.is_superuser, user.check_password(PERSON["password"])) == ("ada@firm.example", True, True)
    assert [(each.team.slug, each.role) for each in user.memberships.all()] == [("europe", Role.ADMIN)]
    assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.django_db
def test_the_link_is_dead_once_somebody_can_sign_in(client):
    link = path()
    User.objects.create_user("someone@firm.example", "x")
    assert [client.get(link).status_code, client.post(link, PERSON).status_code] == [404, 404]


@pytest.mark.django_db
def test_the_link_is_dead_after_a_day(client):
    with time_machine.travel("2026-01-01 12:00 +0000"):
        link = path()
    with time_machine.travel("2026-01-02 11:59 +0000"):
        assert client.get(link).status_code == 200
    with time_machine.travel("2026-01-02 12:01 +0000"):
        assert client.get(link).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("field, value", [("password", "short"), ("email", "nobody"), ("team", "?!"), ("name", "")])
def test_a_form_that_needs_another_look(client, field, value):
    answer = client.post(path(), PERSON | {field: value})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_make_one_admin():
    def make(email):
        return setup.make_first_admin(email=email, name="A", password="a long good phrase", team=email, slug=email[0])

    done = at_once(make, ["a@firm.example", "b@firm.example", "c@firm.example"])
    assert sorted(type(each).__name__ for each in done) == ["AlreadySetUp", "AlreadySetUp", "User"]
    assert (User.objects.count(), Team.objects.count()) == (1, 1)


def setup_admin(monkeypatch, email, password):
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
    call_command("setup_admin", "--email", email, "--password-stdin")


@pytest.mark.django_db
def test_setup_admin_makes_one_and_is_the_way_back_in(monkeypatch, capsys):
    setup_admin(monkeypatch, "Ada@firm.example", "a long good phrase")
    User.objects.update(is_active=False)
    setup_admin(monkeypatch, "ada@firm.example", "another good phrase")
    user = User.objects.get()
    assert (user.is_active, user.is_superuser, user.check_password("another good phrase")) == (True, True, True)
    assert capsys.readouterr().out.splitlines() == [
        "ada@firm.example is the new admin.",
        "ada@firm.example is an admin with a new password.",
    ]


@pytest.mark.django_db
def test_setup_admin_refuses_a_weak_password(monkeypatch):
    with pytest.raises(CommandError, match="too short"):
        setup_admin(monkeypatch, "ada@firm.example", "short")
