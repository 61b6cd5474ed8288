"""What a rule tells programs and channels, through to who receives it: a stateful receiver on this machine."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from standardwebhooks import Webhook

from leads.enums import Role
from leads.models import Attempt, Crossing, Effect, Endpoint, Lead, NurtureList, Rule
from leads.outgoing import delivery
from leads.outgoing.endpoint_forms import make_endpoint
from leads.rules import acting
from leads.selling import nurture
from tests.receiver import Receiver, receiver
from tests.rules.watching import make_rule, make_segment
from tests.sales import make_team, make_user
from tests.scoring.workshop import field, go_live, make_lead, make_model, rescore

pytestmark = pytest.mark.django_db
KINDS = ("webhook", "slack")


@pytest.fixture
def there(settings: Any) -> Iterator[dict[str, Receiver]]:
    with receiver() as program, receiver() as channel:
        settings.OUTBOUND_ALLOWLIST = [program.host, channel.host]
        yield {"webhook": program, "slack": channel}


@pytest.fixture
def secrets(there: dict[str, Receiver]) -> dict[str, str]:
    """The signing secret of each endpoint, by kind."""
    mara = make_user("Mara", make_team(), Role.MARKETING)
    return {
        kind: make_endpoint(Endpoint(team=make_team(), name=kind, kind=kind), there[kind].url, by=mara)
        for kind in KINDS
    }


@pytest.fixture
def rule(secrets: dict[str, str]) -> Rule:
    go_live(make_model())
    actions = {kind: Endpoint.objects.get(kind=kind).pk for kind in KINDS}
    return make_rule(make_segment("VPs", field("title", "contains", "VP")), actions=actions)


def arrive(**extra: Any) -> Lead:
    lead = make_lead(make_team(), title="VP", email="ana@firm.example", **extra)
    rescore()
    return lead


def deliver(minutes: int = 0) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
        delivery.deliver_due()


def test_a_crossing_arrives_once_at_both_signed_and_in_words(
    rule: Rule, there: dict[str, Receiver], secrets: dict[str, str]
) -> None:
    lead = arrive()
    make_lead(make_team("APAC"), title="VP")  # of a team whose business it is not
    rescore()
    deliver()
    ((headers, body),) = there["webhook"].seen
    said = Webhook(secrets["webhook"]).verify(body, headers)
    assert (said["type"], said["data"]["lead"]["id"], said["data"]["rule"]) == (
        "lead.entered", lead.pk, {"id": rule.pk, "name": rule.name},
    )  # fmt: skip
    at = Crossing.objects.get(rule=rule, lead=lead).at  # when it happened, not when it was sent
    assert said["timestamp"] == f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
    ((_, text),) = there["slack"].seen
    assert json.loads(text)["text"].startswith(f"{lead}, {lead.company} entered “VPs”")
    acting.act()
    rescore()
    deliver(minutes=60)
    assert [len(there[kind].seen) for kind in KINDS] == [1, 1]


def test_an_endpoint_that_does_not_want_to_hear_of_it_or_is_closed_does_not(
    rule: Rule, there: dict[str, Receiver]
) -> None:
    Endpoint.objects.filter(kind="webhook").update(types=["lead.left"])
    Endpoint.objects.filter(kind="slack").update(disabled_at=timezone.now())
    arrive()
    deliver()
    assert [len(there[kind].seen) for kind in KINDS] == [0, 0]


def test_an_outage_and_a_killed_worker_double_nothing_that_carries_an_id(
    rule: Rule, there: dict[str, Receiver], secrets: dict[str, str]
) -> None:
    there["webhook"].script = [503, 204]
    arrive()
    lost = delivery.claim()  # by a worker that dies before it does anything
    assert lost is not None
    deliver()
    deliver(minutes=2)
    deliver(minutes=20)
    assert Effect.objects.exclude(state=Effect.DONE).count() == 0
    first, second = there["webhook"].seen
    assert first[0]["webhook-id"] == second[0]["webhook-id"]
    assert [Webhook(secrets["webhook"]).verify(body, headers)["type"] for headers, body in (second,)] == [
        "lead.entered"
    ]
    assert len(there["slack"].seen) == 1
    assert set(Attempt.objects.values_list("status", flat=True)) == {503, 204}


def test_who_comes_onto_a_nurture_list_is_told_to_the_marketing_tool(
    there: dict[str, Receiver], secrets: dict[str, str]
) -> None:
    endpoint = Endpoint.objects.get(kind="webhook")
    of = NurtureList.objects.create(team=make_team(), name="Later", endpoint=endpoint)
    lead = make_lead(make_team(), email="ana@firm.example")
    nurture.nurture(of, [lead.pk], reason="no budget")
    nurture.nurture(of, [lead.pk], reason="no budget")
    nurture.leave(of.members, "handed off")
    deliver()
    told = [Webhook(secrets["webhook"]).verify(body, headers) for headers, body in there["webhook"].seen]
    assert [(each["type"], each["data"]["email"], each["data"]["reason"]) for each in told] == [
        ("nurture.entered", "ana@firm.example", "no budget"),
        ("nurture.left", "ana@firm.example", "handed off"),
    ]
