"""Notices: once per person and key, counted on every page, read by their own person only."""

import pytest
from django.core import mail
from django.test import Client

from leads.models import Notice
from leads.outgoing import delivery
from leads.outgoing.notices import notify
from tests.leads.api import Caller
from tests.sales import make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana():
    return make_user("Ana", make_team())


@pytest.fixture
def browser(ana):
    client = Client()
    client.force_login(ana)
    return client


def tell(*users, key="k1", **extra):
    notify(users, kind="mention", text="Ben mentioned you", url="/leads/", key=key, **extra)


def test_once_per_person_and_key(ana):
    ben, gone = make_user("Ben", make_team()), make_user("Cy", make_team(), is_active=False)
    tell(ana, ben, ana, gone), tell(ana)
    assert sorted(Notice.objects.values_list("user", flat=True)) == sorted([ana.pk, ben.pk])


def test_by_mail_too_and_once(ana):
    tell(ana, mail=True), tell(ana, mail=True)
    delivery.deliver_due()
    assert [message.to for message in mail.outbox] == [[ana.email]]


def test_a_notice_leads_nowhere_else(ana):
    with pytest.raises(ValueError, match="page of ours"):
        notify([ana], kind="x", text="x", url="//evil.example/", key="x")


def test_every_page_counts_the_unread(ana, browser):
    assert browser.get("/companies/").context["unread"] == 0
    for number in range(101):
        tell(ana, key=str(number))
    assert browser.get("/companies/").context["unread"] == 100
    assert b"99+" in browser.get("/companies/").content


def test_the_list_costs_the_same(ana, browser, django_assert_num_queries):
    tell(ana)
    browser.get("/notices/")
    with django_assert_num_queries(6):
        browser.get("/notices/")
    tell(ana, key="k2"), tell(ana, key="k3")
    with django_assert_num_queries(6):
        browser.get("/notices/")


def test_opening_reads_and_goes_there(ana, browser):
    tell(ana)
    answer = browser.post(f"/notices/{Notice.objects.get().pk}/reading/", {"open": "1"})
    assert (answer.status_code, answer["Location"]) == (302, "/leads/")
    assert browser.get("/companies/").context["unread"] == 0


def test_all_that_were_shown_are_read_and_no_later_one(ana, browser):
    tell(ana)
    last = browser.get("/notices/").context["last"]
    tell(ana, key="later")
    browser.post("/notices/reading/", {"last": last})
    assert Notice.objects.unread().get().key == "later"
    assert b"Nothing unread" not in browser.get("/notices/?unread=1").content


def test_empty_places_say_so(browser):
    assert b"No notices yet" in browser.get("/notices/").content
    assert b"Nothing unread" in browser.get("/notices/?unread=1").content


def test_others_are_not_there(ana, browser):
    ben = make_user("Ben", make_team())
    tell(ben)
    assert browser.post(f"/notices/{Notice.objects.get().pk}/reading/").status_code == 404
    assert Notice.objects.unread().count() == 1


def test_the_api(ana):
    tell(ana), tell(ana, key="k2"), tell(make_user("Ben", make_team()))
    caller = Caller(ana)
    results = caller.get("notices").json()["results"]
    assert [each["text"] for each in results] == ["Ben mentioned you"] * 2
    assert caller.post(f"notices/{results[0]['id']}/reading", {}).json()["read_at"]
    assert len(caller.get("notices", unread="true").json()["results"]) == 1
