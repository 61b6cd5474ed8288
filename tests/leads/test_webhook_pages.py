"""Endpoints and their delivery log, the outbox, and their twins in the API."""

import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from leads.enums import Role
from leads.models import Effect, Endpoint
from leads.outgoing import delivery
from leads.outgoing.outbox import enqueue
from leads.outgoing.sealing import read
from tests.leads.api import Caller
from tests.sales import make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia():
    return make_user("Mia", make_team(), Role.MARKETING)


@pytest.fixture
def browser(mia):
    return signed_in(mia)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def add(browser, other, **said):
    form = {"name": "Bridge", "team": make_team().pk, "kind": "webhook", "address": other.url} | said
    return browser.post("/webhooks/", form)


def test_from_nothing_to_a_delivered_test(browser, other):
    assert b"Nobody is told yet" in browser.get("/webhooks/").content
    page = add(browser, other)
    endpoint = Endpoint.objects.get()
    secret = re.search(r'<code id="secret">(whsec_[^<]+)', page.content.decode())[1]
    assert read(endpoint, "secret") == secret
    assert secret not in browser.get(f"/webhooks/{endpoint.pk}/").content.decode()
    assert browser.post(f"/webhooks/{endpoint.pk}/tests/").status_code == 302
    delivery.deliver_due()
    page = browser.get(f"/webhooks/{endpoint.pk}/").content.decode()
    assert ("endpoint.test" in page, "<b>204</b>" in page, "Delivered" in page) == (True, True, True)


def test_an_address_of_the_inside_is_refused_with_words(browser, other):
    page = add(browser, other, address="https://169.254.169.254/")
    assert (page.status_code, Endpoint.objects.count()) == (422, 0)
    assert "169.254.169.254 is not a public address" in page.content.decode()


def test_the_address_of_slack_is_nowhere(browser, other):
    page = add(browser, other, kind="slack", name="#hot")
    endpoint = Endpoint.objects.get()
    assert (endpoint.url, read(endpoint, "secret")) == ("", other.url)
    assert other.url not in page.content.decode()
    browser.post(f"/webhooks/{endpoint.pk}/secrets/", {"address": other.url + "2"})
    assert read(Endpoint.objects.get(), "secret") == other.url + "2"
    assert browser.post(f"/webhooks/{endpoint.pk}/secrets/", {"address": "http://10.0.0.1/"}).status_code == 422


def test_a_lost_key_is_said_and_no_error(browser, other, settings, tmp_path):
    add(browser, other)
    endpoint = Endpoint.objects.get()
    settings.ENCRYPTION_KEYS_FILE = tmp_path / "other_keys"
    assert b"Enter the secret again" in browser.get("/webhooks/").content
    assert b"cannot be read with the present keys" in browser.get(f"/webhooks/{endpoint.pk}/").content
    browser.post(f"/webhooks/{endpoint.pk}/secrets/")
    assert b"Enter the secret again" not in browser.get("/webhooks/").content


def test_replay_of_one_and_of_a_time_keeps_the_id(browser, other):
    add(browser, other)
    endpoint = Endpoint.objects.get()
    browser.post(f"/webhooks/{endpoint.pk}/tests/"), browser.post(f"/webhooks/{endpoint.pk}/tests/")
    delivery.deliver_due()
    first = Effect.objects.order_by("pk")[0]
    browser.post(f"/webhooks/{endpoint.pk}/deliveries/{first.pk}/replay/")
    delivery.deliver_due()
    assert (len(other.seen), len(set(other.ids))) == (3, 2)
    hour_ago = (timezone.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    browser.post(f"/webhooks/{endpoint.pk}/replays/", {"since": hour_ago})
    assert delivery.deliver_due() == 0  # nothing was given up
    browser.post(f"/webhooks/{endpoint.pk}/replays/", {"since": hour_ago, "all": "on"})
    delivery.deliver_due()
    assert (len(other.seen), len(set(other.ids))) == (5, 2)
    assert browser.post(f"/webhooks/{endpoint.pk}/replays/", {}).status_code == 422


def test_a_delivery_of_another_endpoint_is_not_replayed(browser, other):
    add(browser, other), add(browser, other, name="Second")
    first, second = Endpoint.objects.order_by("pk")
    browser.post(f"/webhooks/{first.pk}/tests/")
    delivery.deliver_due()
    address = f"/webhooks/{second.pk}/deliveries/{Effect.objects.get().pk}/replay/"
    assert browser.post(address).status_code == 404


def test_closed_and_opened_again(browser, other):
    add(browser, other)
    address = f"/webhooks/{Endpoint.objects.get().pk}/"
    browser.post(f"{address}closing/")
    assert b"By Mia." in browser.get(address).content
    browser.post(f"{address}opening/")
    assert Endpoint.objects.open().count() == 1


@pytest.mark.parametrize("role", [Role.REP, Role.MANAGER])
def test_who_may_not_does_not(role, other, browser):
    add(browser, other)
    pk, client = Endpoint.objects.get().pk, signed_in(make_user("Rae", make_team(), role))
    for address in ("/webhooks/", f"/webhooks/{pk}/", "/outbox/"):
        assert client.get(address).status_code == 403
    assert client.post(f"/webhooks/{pk}/tests/").status_code == 403
    assert browser.get("/outbox/").status_code == 403


def test_lists_cost_the_same(browser, other, django_assert_max_num_queries):
    add(browser, other)
    pk = Endpoint.objects.get().pk
    browser.post(f"/webhooks/{pk}/tests/")
    delivery.deliver_due()

    def cost():
        with django_assert_max_num_queries(50) as captured:
            browser.get("/webhooks/"), browser.get(f"/webhooks/{pk}/")
        return len(captured)

    one = cost()
    add(browser, other, name="B"), add(browser, other, name="C")
    browser.post(f"/webhooks/{pk}/tests/"), browser.post(f"/webhooks/{pk}/tests/")
    delivery.deliver_due()
    assert cost() == one


@pytest.fixture
def admin():
    return signed_in(make_user("Ada", make_team(), Role.ADMIN))


def test_what_was_given_up_is_seen_and_tried_again(admin, monkeypatch):
    assert b"Nothing was given up" in admin.get("/outbox/").content
    for number in range(3):
        enqueue("mail", {"to": 99, "template": "notice", "context": {"text": "hush"}}, key=str(number))
    Effect.objects.filter(key="2").update(team=make_team("APAC"))
    delivery.deliver_due()
    page = admin.get("/outbox/").content.decode()
    assert (page.count("may not sign in any more"), "hush" in page) == (2, False)
    admin.post(f"/outbox/{Effect.objects.get(key='0').pk}/retry/")
    assert Effect.objects.waiting().count() == 1
    admin.post("/outbox/retries/")
    assert Effect.objects.waiting().count() == 2
    assert admin.post(f"/outbox/{Effect.objects.get(key='2').pk}/retry/").status_code == 404


def test_the_api_does_what_the_pages_do(mia, other):
    caller = Caller(mia)
    made = caller.post("webhooks", {"name": "Bridge", "url": other.url, "types": ["lead.entered"]})
    assert made.status_code == 201
    webhook = made.json()
    assert webhook["secret"].endswith(webhook["hint"][4:])
    address = f"webhooks/{webhook['id']}"
    assert caller.get(address).json()["secret"] is None
    assert caller.post(f"{address}/tests", {}).status_code == 202
    delivery.deliver_due()
    (sent,) = caller.get(f"{address}/deliveries").json()["results"]
    assert (sent["state"], sent["webhook_id"], sent["attempts"][0]["status"]) == ("done", other.ids[0], 204)
    assert caller.post(f"{address}/replays", {"delivery": sent["id"]}).json() == {"count": 1}
    assert caller.post(f"{address}/replays", {}).status_code == 400
    assert caller.post(f"{address}/secrets", {}).json()["secret"] != webhook["secret"]
    assert caller.patch(address, {"name": "New", "types": []}).json()["name"] == "New"
    assert caller.post(f"{address}/closing", {}).json()["disabled_at"]
    assert caller.post(f"{address}/opening", {}).json()["disabled_at"] is None
    assert caller.get("webhooks").json()["results"][0]["id"] == webhook["id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "B", "url": "https://127.0.0.1/"}, "url"),
        ({"name": "B", "url": "http://hooks.example.com/"}, "url"),
        ({"name": "Taken", "url": "https://hooks.example.com/"}, "name"),
        ({"name": "B", "url": "https://hooks.example.com/", "types": ["x"]}, "types"),
        ({"name": "B", "url": "https://hooks.example.com/", "secret": "x"}, "secret"),
        ({"name": "B", "url": "https://hooks.example.com/", "team": "apac"}, "team"),
    ],
)
def test_the_api_says_what_is_wrong(mia, body, field):
    make_team("APAC"), Endpoint.objects.create(team=make_team(), name="Taken")
    answer = Caller(mia).post("webhooks", body)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])


def test_no_secret_is_in_what_is_kept(browser, other, capsys):
    page = add(browser, other)
    secret = re.search(r'<code id="secret">whsec_([^<]+)', page.content.decode())[1]
    add(browser, other, kind="slack", name="#hot")
    for endpoint in Endpoint.objects.all():
        browser.post(f"/webhooks/{endpoint.pk}/tests/")
    delivery.deliver_due()
    call_command("dumpdata", "leads", "--natural-foreign")
    kept = capsys.readouterr().out
    assert '"leads.effect"' in kept
    assert secret not in kept
    assert [row["payload"] for row in Effect.objects.values("payload") if other.url in str(row)] == []
