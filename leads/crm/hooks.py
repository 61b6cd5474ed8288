"""What a CRM tells us by itself: checked, kept, answered; the record is read at the next run."""

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from leads.crm.asking import soon
from leads.crm.base import Hook, HookEvent
from leads.crm.registry import connector_of
from leads.models import Connection, Nudge


def receive(connection: Connection, *, method: str, url: str, headers: Mapping[str, str], body: bytes) -> int:
    """Take a webhook. How many records it told of that we had not heard of. Raises NotSigned."""
    small = {name.lower(): value for name, value in headers.items()}
    events = connector_of(connection).verify(Hook(method, url, small, body, timezone.now()))
    return keep(connection, events)


@transaction.atomic
def keep(connection: Connection, events: Sequence[HookEvent]) -> int:
    """Note what changed there, each event once, and have it read soon."""
    before = Nudge.objects.filter(connection=connection, key__in=[event.key for event in events]).count()
    rows = [Nudge(connection=connection, key=e.key[:120], kind=e.kind, external_id=e.id[:150]) for e in events]
    Nudge.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        soon(connection)
    return max(len({event.key for event in events}) - before, 0)
