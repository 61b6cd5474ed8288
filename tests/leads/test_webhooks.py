"""Signed webhooks and Slack: what is sent, what each answer means, and what people see of it."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from leads.enums import Role
from leads.models import Attempt, Effect, Endpoint, Lane, Notice
from leads.outgoing import delivery, endpoints, sealing
from leads.outgoing.client import Answer
from leads.outgoing.endpoints import enable, retry_after, send_test
from leads.outgoing.slack import LONGEST, escape, message
from leads.outgoing.webhooks import PLAN, new_secret
from tests.sales import make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint(other):
    return make_endpoint("Ours", other.url)


def make_endpoint(name, url, **extra):
    row = Endpoint.objects.create(team=make_team(), name=name, url=url, **extra)
    row.told = new_secret(row)
    return row


def tell(key="c1"):
    """Tell every open endpoint of the team."""
    said = {"type": "lead.entered", "data": {"lead": 7, "name": "Zoë"}, "text": "Hot: Zoë", "url": "/leads/7/"}
    for each in Endpoint.objects.open().filter(team=make_team()):
        endpoints.tell(each, **said, key=key)


def test_a_message_is_signed_as_the_library_checks(endpoint, other):
    tell()
    assert delivery.deliver_due() == 1
    ((headers, body),) = other.seen
    said = Webhook(endpoint.told).verify(body, headers)
    assert (said["type"], said["data"]) == ("lead.entered", {"lead": 7, "name": "Zoë"})
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.told).verify(body + b" ", headers)
    assert headers["content-type"] == "application/json"


def test_the_id_stays_over_attempts_and_the_timestamp_does_not(endpoint, other):
    other.script = [500, 204]
    tell()
    delivery.deliver_due()
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        delivery.deliver_due()
        (first, _), (second, body) = other.seen
        assert first["webhook-id"] == second["webhook-id"]
        assert first["webhook-timestamp"] < second["webhook-timestamp"]
        Webhook(endpoint.told).verify(body, second)


def test_a_first_secret_signs_alone(endpoint, other):
    tell()
    delivery.deliver_due()
    assert (Endpoint.objects.get().before_until, other.seen[0][0]["webhook-signature"].count("v1,")) == (None, 1)


def test_two_secrets_sign_while_one_is_changed(endpoint, other):
    old, new = endpoint.told, new_secret(Endpoint.objects.get())
    tell()
    delivery.deliver_due()
    headers, body = other.seen[0]
    assert Webhook(old).verify(body, headers) == Webhook(new).verify(body, headers)
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        tell("c2")
        delivery.deliver_due()
        headers, body = other.seen[1]
        Webhook(new).verify(body, headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(old).verify(body, headers)


def test_an_endpoint_hears_once_of_what_it_wants_and_of_a_test_in_any_case(endpoint, other):
    leaving = make_endpoint("Leaving", other.url, types=["lead.left"])
    tell()
    tell()
    assert Effect.objects.get().payload["endpoint"] == endpoint.pk
    send_test(leaving, by=make_user("Mia", make_team(), Role.MARKETING))
    assert Effect.objects.latest("pk").payload["endpoint"] == leaving.pk


@pytest.mark.parametrize("status", [301, 400, 401, 404, 429, 500, 503])
def test_anything_but_2xx_is_tried_again(endpoint, other, status):
    other.script = [status]
    tell()
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        delivery.deliver_due()
    effect, attempt = Effect.objects.get(), Attempt.objects.get()
    assert (effect.state, attempt.status, attempt.ok, attempt.text) == (
        Effect.WAITING,
        status,
        False,
        f"{status}: thanks",
    )
    assert 4 < (effect.due_at - now).total_seconds() < 6


def test_the_plan_takes_three_days_and_then_it_is_given_up(endpoint, other):
    other.script = [500]
    tell()
    begun = now = timezone.now()
    while Effect.objects.get().state == Effect.WAITING:
        with time_machine.travel(now, tick=False):
            delivery.deliver_due()
        now = max(Effect.objects.get().due_at, now + timedelta(minutes=6))
    effect = Effect.objects.get()
    assert (effect.state, effect.attempts, set(other.ids)) == (Effect.DEAD, len(PLAN) + 1, {other.ids[0]})
    assert timedelta(hours=65) < effect.ended_at - begun < timedelta(hours=85)


def test_what_is_given_up_is_told_once_a_day_to_those_who_look_after_it(endpoint, other):
    mia = make_user("Mia", make_team(), Role.MARKETING)
    make_user("Rep", make_team()), make_user("Far", make_team("APAC"), Role.ADMIN)
    other.script = [500]
    for key in ("c1", "c2"):
        tell(key)
    Effect.objects.filter(kind="webhook").update(attempts=len(PLAN))
    delivery.deliver_due()
    Lane.objects.update(free_at=timezone.now())
    delivery.deliver_due()
    assert Effect.objects.filter(kind="webhook", state=Effect.DEAD).count() == 2
    said = "Ours did not take a message, given up after 10 attempts: 500: thanks"
    assert list(Notice.objects.values_list("user", "text", "url")) == [(mia.pk, said, f"/webhooks/{endpoint.pk}/")]
    assert [effect.payload["to"] for effect in Effect.objects.filter(kind="mail")] == [mia.pk]


def test_410_closes_the_endpoint_and_says_so(endpoint, other):
    mia = make_user("Mia", make_team(), Role.MARKETING)
    make_user("Rep", make_team()), make_user("Far", make_team("APAC"), Role.ADMIN)
    other.script = [410]
    tell(), tell("c2")
    delivery.deliver_due()
    assert set(Effect.objects.exclude(kind="mail").values_list("state", flat=True)) == {Effect.DEAD}
    assert len(other.seen) == 1
    assert Notice.objects.get().user == mia
    assert Notice.objects.get().text.startswith("Ours was closed.")
    enable(Endpoint.objects.get())
    tell("c3")
    assert Effect.objects.waiting().filter(kind="webhook").count() == 1


def test_a_busy_receiver_says_when(endpoint, other):
    other.script, other.headers = [503], {"Retry-After": "120"}
    tell(), tell("c2")
    delivery.deliver_due()
    assert len(other.seen) == 1  # the second waits with it
    assert (Effect.objects.order_by("-due_at")[0].due_at - timezone.now()).total_seconds() > 115


@pytest.mark.parametrize(("given", "seconds"), [("7", 7), ("99999999", 3600), ("", None), ("soon", None), ("-1", None)])
def test_retry_after(given, seconds):
    assert retry_after(Answer(503, b"", headers={"Retry-After": given})) == seconds


def test_one_dead_endpoint_holds_up_no_other(endpoint, other, settings):
    make_endpoint("Dead", "http://127.0.0.1:9/")
    settings.OUTBOUND_ALLOWLIST += ["127.0.0.1:9"]
    for number in range(20):
        tell(f"c{number}")
    delivery.deliver_due(5)
    assert len(other.seen) == 20
    assert Attempt.objects.filter(ok=False).count() <= 3


def test_what_an_outage_kept_back_goes_when_it_is_over(endpoint, other):
    other.script = [500, 500, 500, 204]
    for number in range(6):
        tell(f"c{number}")
    now = timezone.now()
    for minutes in (0, 6, 12, 18):
        with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
            delivery.deliver_due()
    assert Effect.objects.waiting().count() == 0
    assert len(set(other.ids)) == 6


def test_a_lost_key_asks_for_a_new_secret(endpoint, other, settings, tmp_path):
    settings.ENCRYPTION_KEYS_FILE = tmp_path / "other_keys"
    tell()
    delivery.deliver_due()
    assert "make a new one" in Effect.objects.get().error
    new_secret(Endpoint.objects.get())
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        delivery.deliver_due()
    assert len(other.seen) == 1


@pytest.fixture
def channel(other):
    row = Endpoint.objects.create(team=make_team(), name="#hot", kind=Endpoint.SLACK)
    sealing.put(row, "secret", other.url)
    return row


def test_slack_gets_blocks_and_a_link(channel, other, settings):
    settings.PUBLIC_URL = "https://leads.example.com/"
    other.script = [200]
    tell()
    delivery.deliver_due()
    said = json.loads(other.seen[0][1])
    assert said["text"] == "Hot: Zoë"
    (block,) = said["blocks"]
    assert block["text"]["text"] == "*Hot: Zoë*\n<https://leads.example.com/leads/7/|Open it in leadscore>"
    assert other.url not in json.dumps(list(Effect.objects.values_list("payload", flat=True)))


def test_hostile_text_stays_text():
    assert escape("<!channel> & *b* _i_ `c` <http://x|y>\n> q") == (
        "&lt;!channel&gt; &amp; \u200b*b\u200b* \u200b_i\u200b_ \u200b`c\u200b` &lt;http://x|y&gt; &gt; q"
    )


def test_a_long_message_keeps_its_head_and_its_link():
    text = message({"text": "x" * 5000, "url": "/leads/7/"})["blocks"][0]["text"]["text"]
    assert len(text) <= LONGEST + len("**")
    assert text.endswith("|Open it in leadscore>")


@pytest.mark.parametrize(("status", "closed"), [(404, True), (403, True), (410, True), (400, False)])
def test_a_channel_that_is_gone_is_closed(channel, other, status, closed):
    other.script = [status]
    tell()
    delivery.deliver_due()
    assert Effect.objects.get().state == Effect.DEAD
    assert bool(Endpoint.objects.get().disabled_at) is closed


def test_a_test_message_goes_out_at_once(endpoint, other):
    send_test(endpoint, by=make_user("Mia", make_team(), Role.MARKETING))
    delivery.deliver_due()
    assert json.loads(other.seen[0][1])["type"] == "endpoint.test"
