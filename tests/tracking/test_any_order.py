"""Messages in any order, in any batches and with repeats end in the same leads, fields and events."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from leads.models import Event, Lead
from tests.tracking.sending import Sender, make_source

pytestmark = pytest.mark.django_db

PEOPLE, ORDERS = 4, 8
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
CITIES = ("Gent", "Lier", "Köln")


def story() -> list[dict]:
    """What a few people do: they look around, become known, come back under their user id."""
    said = []
    for n in range(PEOPLE):
        anonymous, user = {"anonymousId": f"a{n}"}, {"userId": f"u{n}"}
        said += [{"type": "page", "properties": {"url": f"/{step}"}, **anonymous} for step in range(3)]
        said.append(
            {"type": "identify", "traits": {"email": f"p{n}@c{n}.example", "city": CITIES[0]}, **anonymous, **user}
        )
        said += [{"type": "track", "event": "Signed Up", **user}, {"type": "page", **anonymous, **user}]
        said += [{"type": "identify", "traits": {"city": CITIES[(n + 1) % 3]}, **user}]
    for place, message in enumerate(said):
        at = (START + timedelta(minutes=place)).isoformat()
        message |= {"messageId": f"m{place}", "timestamp": at}
    return said


def deliver(number: int, messages: list[dict], chance: random.Random) -> Sender:
    sender = Sender(make_source(team=f"Team {number}".replace(" ", "-")))
    left = list(messages)
    while left:
        size = chance.randint(1, 6)
        sender.batch(*left[:size])
        left = left[size:]
    return sender


def outcome(sender: Sender) -> list[tuple]:
    return sorted(
        (lead.email, lead.city, sorted(lead.identities.values_list("kind", "value")),
         sorted(Event.objects.filter(lead=lead).values_list("kind__slug", "message_id", "occurred_at")))
        for lead in Lead.objects.filter(team=sender.source.team)
    )  # fmt: skip


def test_any_order_ends_the_same():
    chance, messages = random.Random(11), story()
    wanted = outcome(deliver(0, messages, chance))
    assert (len(wanted), sum(len(events) for *_, events in wanted)) == (PEOPLE, PEOPLE * 5)
    for number in range(1, ORDERS):
        shuffled = messages + chance.sample(messages, len(messages) // 3)
        chance.shuffle(shuffled)
        assert outcome(deliver(number, shuffled, chance)) == wanted


def test_a_lost_message_is_noticed():
    """Negative control: without one message the outcome is another."""
    chance, messages = random.Random(11), story()
    whole = outcome(deliver(0, messages, chance))
    for number, lost in enumerate((0, 3, 6), 1):
        assert outcome(deliver(number, messages[:lost] + messages[lost + 1 :], chance)) != whole
