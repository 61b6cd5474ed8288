"""Signing in: how often it may be tried, where one is signed in, and a forgotten password."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from leads.models import Effect, SignIn, SignInBudget, User
from leads.outgoing import delivery
from leads.people import throttle
from tests.sales import make_team, make_user
from tests.threads import at_once

pytestmark = pytest.mark.django_db
PASSWORD = "a long good phrase"


@pytest.fixture
def ben():
    return make_user("Ben", make_team(), password=PASSWORD)


def attempt(user, password, client=None, sender="10.0.0.1"):
    data = {"username": user.email, "password": password}
    return (client or Client()).post("/login/", data, REMOTE_ADDR=sender)


def test_five_wrong_tries_then_wait_a_minute_wherever_else_they_come_from_is_open(ben):
    for _ in range(5):
        assert "do not belong together" in attempt(ben, "wrong").content.decode()
    refused = attempt(ben, PASSWORD)
    assert "Too many tries with this address. Wait 1 minute, then try again." in refused.content.decode()
    assert attempt(ben, PASSWORD, sender="10.0.0.2").status_code == 302
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert attempt(ben, PASSWORD).status_code == 302


def test_a_right_password_costs_nothing(ben):
    for _ in range(8):
        assert attempt(ben, PASSWORD).status_code == 302
    assert sum(SignInBudget.objects.values_list("level", flat=True)) < 0.01


def test_an_address_that_is_guessed_from_everywhere_is_slowed(ben):
    for number in range(throttle.ADDRESS.most):
        assert throttle.take(ben.email, f"10.0.1.{number}") == 0
    assert throttle.take(ben.email.upper(), "10.0.2.1") > 300
    assert throttle.take("else@firm.example", "10.0.2.1") == 0


@pytest.mark.django_db(transaction=True)
def test_of_many_tries_at_once_so_many_get_through():
    done = at_once(lambda _: throttle.take("a@firm.example", "10.0.0.1"), list(range(12)))
    assert sorted(wait > 0 for wait in done) == [False] * 5 + [True] * 7


def test_what_no_longer_counts_is_forgotten():
    throttle.take("a@firm.example", "10.0.0.1")
    assert throttle.forget_old() == 0
    with time_machine.travel(timezone.now() + timedelta(hours=6)):
        assert throttle.forget_old() == 2


def test_one_sees_where_one_is_signed_in_and_ends_it(ben):
    here, there, third = Client(), Client(headers={"user-agent": "Mozilla/5.0 (X11; Linux) Firefox/130.0"}), Client()
    for client in (here, there, third):
        attempt(ben, PASSWORD, client)
    assert "Firefox on Linux" in here.get("/profile/").content.decode()
    row = SignIn.objects.get(browser="Firefox on Linux")
    theirs = Client()
    theirs.force_login(make_user("Cat", make_team()))
    assert theirs.post(f"/profile/sessions/{row.pk}/ending/").status_code == 404
    assert here.post(f"/profile/sessions/{row.pk}/ending/").status_code == 302
    assert [client.get("/").status_code for client in (here, there, third)] == [200, 302, 200]
    here.post("/profile/sessions/ending/")
    assert [client.get("/").status_code for client in (here, third)] == [200, 302]


def test_a_changed_password_ends_other_sessions_and_keeps_this_one(ben):
    here, there = Client(), Client()
    attempt(ben, PASSWORD, here), attempt(ben, PASSWORD, there)
    new = "another long phrase"
    here.post("/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    assert [client.get("/").status_code for client in (here, there)] == [200, 302]
    assert here.get("/profile/").content.decode().count("this one") == 1


def test_a_forgotten_password_is_set_anew_by_mail(ben, settings):
    settings.PUBLIC_URL = "https://leads.example.com"
    there = Client()
    attempt(ben, PASSWORD, there)
    known, unknown = (Client().post("/password/reset/", {"email": each}, headers={"host": "localhost"})
                      for each in (ben.email.upper(), "nobody@firm.example"))  # fmt: skip
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url) == (302, "/password/reset/done/")
    assert Effect.objects.count() == 1
    delivery.deliver_due()
    link = re.search(r"https://leads\.example\.com(/password/reset/\S+)", mail.outbox[0].body).group(1)
    assert link.split("/")[-2] not in str(list(Effect.objects.values()))
    client = Client()
    form = client.get(link).url
    new = {"new_password1": "another long phrase", "new_password2": "another long phrase"}
    assert client.post(form, new).url == "/password/reset/complete/"
    assert User.objects.get(pk=ben.pk).check_password("another long phrase")
    assert there.get("/").status_code == 302


def test_nobody_is_flooded_and_who_may_not_sign_in_gets_nothing(ben):
    for _ in range(3):
        Client().post("/password/reset/", {"email": ben.email})
    User.objects.filter(pk=ben.pk).update(is_active=False)
    delivery.deliver_due()
    assert (Effect.objects.count(), len(mail.outbox)) == (1, 0)
