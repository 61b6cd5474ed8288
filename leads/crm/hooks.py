"""What a CRM tells us by itself: checked, kept, answered; the record is read at the next run."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from leads.crm.control import soon
from leads.crm.registry import connector_of
from leads.crm.words import Hook, HookEvent, NotSigned
from leads.models import Connection, Nudge
from leads.outgoing.mailing import base_url


def receive(connection: Connection, *, request: HttpRequest) -> int:
    """Take a webhook. How many changes it told of that we had not heard of. Raises NotSigned."""
    return keep(connection, _signed(connection, request))


def _signed(connection: Connection, request: HttpRequest) -> list[HookEvent]:
    """Its events. The sender signed the address it knows: the public one, behind a proxy not that of the request."""
    connector = connector_of(connection)
    now = timezone.now() + timedelta(seconds=connection.clock_ahead or 0.0)  # by the clock of who sent it
    small = {name.lower(): value for name, value in request.headers.items()}
    path = request.get_full_path()
    urls = dict.fromkeys((f"{base_url()}{path}", request.build_absolute_uri(path)))
    for left, url in enumerate(urls, 1 - len(urls)):
        try:
            return connector.verify(Hook(str(request.method), url, small, request.body, now))
        except NotSigned:
            if not left:
                raise
    return []


@transaction.atomic
def keep(connection: Connection, events: Sequence[HookEvent]) -> int:
    """Note what changed there, each event once, and have it read soon."""
    keys = {event.key[:120] for event in events}
    before = Nudge.objects.filter(connection=connection, key__in=keys).count()
    rows = [Nudge(connection=connection, key=e.key[:120], kind=e.kind, external_id=e.id[:150]) for e in events]
    Nudge.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        soon(connection)
    return max(len(keys) - before, 0)
