"""Endpoints: who hears of what, and what becomes of one that does not want to."""

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from django.utils import timezone

from leads.enums import Role
from leads.models import Effect, Endpoint, Notice, User
from leads.models.outbox import EffectQuerySet
from leads.outgoing.client import Answer
from leads.outgoing.notices import notify
from leads.outgoing.outbox import enqueue
from leads.outgoing.outcomes import Failed

# What an endpoint may want to hear of, or not. Whatever else it is told, such as a test, comes in any case.
TYPES = {
    "lead.entered": "A lead enters a condition of an alert rule",
    "lead.left": "A lead leaves a condition of an alert rule",
}
TEST = "endpoint.test"
LONGEST_PAUSE = 3600.0


def tell(
    endpoint: Endpoint, *, type: str, data: dict[str, Any], text: str, url: str, key: str, at: datetime | None = None
) -> None:
    """Send it to this endpoint once per key, in the way it understands; nothing where it wants to hear of other types.

    `data` is for programs; `text` and `url` (a path of ours) are for people. `at`: when it happened, where that was
    before now. Part of the caller's transaction.
    """
    if type in TYPES and endpoint.types and type not in endpoint.types:
        return
    payload: dict[str, Any] = {"endpoint": endpoint.pk}
    if endpoint.kind == Endpoint.SLACK:
        payload |= {"text": text, "url": url}
    else:
        moment = (at or timezone.now()).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        payload |= {"type": type, "timestamp": moment, "data": data}
    enqueue(endpoint.kind, payload, key=f"{key}:{endpoint.pk}", team=endpoint.team)


def send_test(endpoint: Endpoint, *, by: User) -> str:
    """Send a test message. The key of its effect."""
    key = f"test:{timezone.now():%Y%m%d%H%M%S%f}"
    data = {"endpoint": endpoint.pk, "sent_by": by.name}
    tell(endpoint, type=TEST, data=data, text=f"A test from leadscore, by {by.name}", url="/", key=key)
    return f"{key}:{endpoint.pk}"


def endpoint_of(effect: Effect) -> Endpoint:
    """The endpoint of the payload. Raises Failed where it is gone or closed."""
    endpoint = Endpoint.objects.filter(pk=effect.payload["endpoint"]).select_related("team").first()
    if endpoint is None:
        raise Failed("The endpoint is gone.", permanent=True)
    if endpoint.disabled_at:
        raise Failed(f"The endpoint is closed: {endpoint.disabled_for}", permanent=True)
    return endpoint


def disable(endpoint: Endpoint, reason: str) -> bool:
    """Send it nothing more until somebody opens it again, and tell those who can. False: it was closed already."""
    now = timezone.now()
    closed = Endpoint.objects.open().filter(pk=endpoint.pk).update(disabled_at=now, disabled_for=reason[:200])
    if closed:
        _tell_keepers(endpoint, f"{endpoint.name} was closed. {reason}", key=f"{now:%Y%m%d%H%M%S%f}")
    return bool(closed)


def given_up(effect: Effect, why: str) -> None:
    """A message did not arrive and is tried no more: those who look after the endpoint hear of it, once a day.

    In the transaction that gives it up. Nobody hears of what waited when the endpoint was closed: they know.
    """
    endpoint = Endpoint.objects.open().filter(pk=effect.payload.get("endpoint")).first()
    if endpoint is not None:
        times = f"{effect.attempts} attempts" if effect.attempts > 1 else "one attempt"
        text = f"{endpoint.name} did not take a message, given up after {times}: {why}"
        _tell_keepers(endpoint, text, key=f"given-up:{timezone.localdate()}")


def _tell_keepers(endpoint: Endpoint, text: str, *, key: str) -> None:
    """The marketing and admins of its team."""
    who = User.objects.filter(memberships__team=endpoint.team_id, memberships__role__in=[Role.ADMIN, Role.MARKETING])
    url = f"/webhooks/{endpoint.pk}/"
    notify(who, kind="endpoint", text=text[:300], url=url, key=f"endpoint:{endpoint.pk}:{key}", mail=True)


def close(endpoint: Endpoint, *, by: User) -> None:
    """Send it nothing more until it is opened again."""
    Endpoint.objects.open().filter(pk=endpoint.pk).update(disabled_at=timezone.now(), disabled_for=f"By {by.name}.")


def enable(endpoint: Endpoint) -> None:
    Endpoint.objects.filter(pk=endpoint.pk).update(disabled_at=None, disabled_for="")
    Notice.objects.filter(kind="endpoint", url=f"/webhooks/{endpoint.pk}/").unread().update(read_at=timezone.now())


def deliveries(endpoint: Endpoint) -> EffectQuerySet:
    """What was sent to it or is to be."""
    return Effect.objects.filter(lane=endpoint.lane)


def retry_after(answer: Answer) -> float | None:
    """Seconds the receiver asks us to wait, an hour at most; None where it does not say."""
    given = next((value for name, value in answer.headers.items() if name.lower() == "retry-after"), "").strip()
    if given.isascii() and given.isdecimal():
        return min(float(given[:9]), LONGEST_PAUSE)
    try:
        return min(max((parsedate_to_datetime(given) - timezone.now()).total_seconds(), 0.0), LONGEST_PAUSE)
    except (ValueError, TypeError):
        return None
