"""What must happen outside is a row first, written with its cause in one transaction (decision 7).

`enqueue` is all that others need. What takes the rows out again, and when, is leads/outgoing/delivery.py.

| kind | payload |
|---|---|
| mail | `to` (user id or address), `template` (templates/emails/), `context`, `pictures`; leads/outgoing/mailing.py |
| webhook | `endpoint` (id), `type` ("lead.entered"), `timestamp` (ISO), `data`; leads/outgoing/webhooks.py |
| slack | `endpoint` (id), `text`, `url` (a path of ours); leads/outgoing/slack.py |

No secret belongs into a payload: it names the endpoint or the person, and the secret is read when it is sent. A mail
with a link that lets somebody in names in `secret` whose; leads/outgoing/mailing.py makes the link as it is sent.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from leads.models import Effect, Lane, Team
from leads.wake import wake

KINDS = ("mail", "webhook", "slack")


def enqueue(kind: str, payload: dict[str, Any], *, key: str, team: Team | None = None,
            due_at: datetime | None = None) -> None:  # fmt: skip
    """Have it happen once, after the present transaction commits and not before `due_at`.

    The same kind and key is the same effect: however often it is asked for, by whoever is retried, it is written once.
    The payload is JSON. Raises ValueError for a kind that nobody delivers.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is not delivered. What is: {', '.join(KINDS)}.")
    effect = Effect(kind=kind, key=key, team=team, payload=payload, lane=lane_of(kind, payload))
    effect.due_at = due_at or effect.created_at
    with transaction.atomic():
        Lane.objects.bulk_create([Lane(name=effect.lane)], ignore_conflicts=True)
        Effect.objects.bulk_create([effect], ignore_conflicts=True)
    if effect.due_at <= timezone.now():
        _wake()


def lane_of(kind: str, payload: dict[str, Any]) -> str:
    """What it fails together with: its endpoint, else everything of its kind."""
    return f"{kind}:{payload['endpoint']}" if "endpoint" in payload else kind


def _wake() -> None:
    from leads.tasks import deliver  # here, for the task in turn needs what enqueues

    wake(deliver)
