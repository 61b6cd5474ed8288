"""The only task of the wiring itself."""

from datetime import UTC, datetime

from celery import shared_task
from django.utils import timezone

from leads.models.heartbeat import Heartbeat


@shared_task(name="leadscore.heartbeat")
def heartbeat(sent_at: float) -> None:
    """Prove two processes at once: beat sent this message at `sent_at` (epoch seconds), a worker runs it now."""
    Heartbeat.note(beat=datetime.fromtimestamp(sent_at, UTC), worker=timezone.now())
