"""Files that came in are kept for 30 days, and what an undo goes by with them; the counts and problems of it stay."""

from datetime import timedelta

from django.utils import timezone

from leads.enums import ImportState
from leads.ingest.job import forget_file
from leads.models import Import, ImportTrace

KEPT = timedelta(days=30)
AT_ONCE = 200
AT_WORK = (ImportState.QUEUED, ImportState.RUNNING, ImportState.UNDOING)


def forget_files() -> int:
    """Delete old files, the cells of rows that had problems, and the way back. How many files.

    One that was looked through and never started goes altogether.
    """
    old = Import.objects.filter(created_at__lt=timezone.now() - KEPT).exclude(file="").exclude(state__in=AT_WORK)
    jobs = list(old.order_by("pk")[:AT_ONCE])
    for job in jobs:
        forget_file(job)
        if job.state in (ImportState.READING, ImportState.UPLOADED):
            job.delete()
            continue
        ImportTrace.objects.filter(job=job).delete()
        job.problems.update(value="", row=[])
        Import.objects.filter(pk=job.pk).update(file="", facts={}, trial={})
    return len(jobs)
