"""An import is taken back: what it made and nobody touched since goes, what it changed gets its value of before.

Page by page, the last first, each in one transaction; a killed worker loses nothing, another one goes on.
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, IntegerField, Value, When
from django.utils import timezone

from leads.enums import ImportState
from leads.history import attributed
from leads.ingest.precedence import withdraw
from leads.ingest.sql import lock_making
from leads.ingest.undoing import events, identities, put_back, remove
from leads.models import Company, Deal, Import, ImportKept, ImportTrace, Lead
from leads.retry import retried
from leads.signals import leads_due

LEASE = timedelta(seconds=90)
ENDED = (ImportState.DONE, ImportState.STOPPED, ImportState.FAILED)
# Facts first, then what they were about: so a person is asked about last, when only what others know is left of them.
STEPS: dict[str, Callable[[Import, list[int]], tuple[int, list[ImportKept]]]] = {
    ImportTrace.EVENT: events,
    ImportTrace.DEAL: lambda job, rows: remove(job, Deal, rows),
    ImportTrace.CHANGE: put_back,
    ImportTrace.IDENTITY: identities,
    ImportTrace.LEAD: lambda job, rows: remove(job, Lead, rows),
    ImportTrace.COMPANY: lambda job, rows: remove(job, Company, rows),
}


def can_undo(job: Import) -> bool:
    """It has ended, and what it did is still known."""
    return job.state in ENDED and job.traces.exists()


def ask(job: Import, *, by: Any) -> bool:
    """Put the undo into the queue. False: it cannot be undone, or is already."""
    if not can_undo(job):
        return False
    asked = Import.objects.filter(pk=job.pk, state__in=ENDED)
    return bool(asked.update(state=ImportState.UNDOING, undone_by=by, undo_asked_at=timezone.now(), lease_until=None))


def work(job: Import, *, until: float | None = None) -> None:
    """Take back page after page until nothing is left or the time is up."""
    steps = Case(*(When(what=what, then=Value(n)) for n, what in enumerate(STEPS)), output_field=IntegerField())
    left = job.traces.filter(undone=False).order_by(steps, "-pk")
    while trace := left.first():
        if not _take_back(job, trace):
            return
        if until is not None and time.monotonic() > until:
            Import.objects.filter(pk=job.pk, state=ImportState.UNDOING).update(lease_until=None)
            return
    Import.objects.filter(pk=job.pk, state=ImportState.UNDOING).update(
        state=ImportState.UNDONE, undone_at=timezone.now(), lease_until=None
    )


@retried
@transaction.atomic
def _take_back(job: Import, trace: ImportTrace) -> bool:
    """False: another worker has it."""
    ours = Import.objects.select_for_update(of=("self",)).filter(pk=job.pk, state=ImportState.UNDOING).first()
    if ours is None or not ImportTrace.objects.filter(pk=trace.pk, undone=False).update(undone=True):
        return False
    lock_making(job.team_id)
    with attributed(by=job.undone_by, origin=f"{job.source.name}, undone"[:100]):
        done, kept = STEPS[trace.what](job, trace.rows)
    withdraw(job.source, job.started_at or job.created_at, job.finished_at or timezone.now())
    ImportKept.objects.bulk_create(kept, batch_size=1000)
    counts = Counter(ours.undo_counts)
    counts[trace.what] += done
    Import.objects.filter(pk=job.pk).update(undo_counts=counts, lease_until=timezone.now() + LEASE)
    leads_due.send(sender=work)
    return True
