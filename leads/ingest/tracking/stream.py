"""The event debugger's stream: kept for days, cut where it is long, never read by anything but people."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection
from django.utils import timezone

from leads.ingest.tracking.sql import join_known_visits, join_mail, keep_calls
from leads.models import Call, Source, VisitorEvent

if TYPE_CHECKING:
    from leads.ingest.tracking.receive import Receipt

SHOWN_OF_A_BATCH = 10
LONGEST = 4_000
CALLS_KEPT = timedelta(days=14)
MOST_CALLS = 20_000
VISITS_KEPT = timedelta(days=400)
PAGE = 5_000


def keep(source: Source, receipts: Sequence["Receipt"], received_at: datetime) -> None:
    """Every rejected message and those with a note; of the others the first few."""
    shown, rows = 0, []
    for receipt in receipts:
        if receipt.result != Call.REJECTED and not (receipt.result != Call.DUPLICATE and receipt.reason):
            shown += 1
            if shown > SHOWN_OF_A_BATCH:
                continue
        message = receipt.message
        rows.append(
            {
                "type": message.type[:10] if message.type else "?", "name": (message.name or message.email)[:150],
                "result": receipt.result, "reason": receipt.reason[:500], "lead_id": receipt.lead,
                "occurred_at": message.occurred_at.isoformat(),
                "payload": message.text[:LONGEST].replace("\0", "\\0"),
            }
        )  # fmt: skip
    keep_calls(source.pk, received_at, rows)


def prune() -> None:
    """Forget old messages of the stream and visitors who never said who they are; find those who did elsewhere."""
    join_known_visits()
    join_mail()
    now = timezone.now()
    while _delete(VisitorEvent, now - VISITS_KEPT) or _delete(Call, now - CALLS_KEPT):
        pass
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM leads_call c USING leads_source s WHERE c.source_id = s.id AND c.id <"
            " (SELECT id FROM leads_call WHERE source_id = s.id ORDER BY id DESC OFFSET %s LIMIT 1)",
            [MOST_CALLS - 1],
        )


def _delete(model: type[Call] | type[VisitorEvent], before: datetime) -> int:
    old = model._default_manager.filter(received_at__lt=before).values("pk")[:PAGE]
    return model._default_manager.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]
