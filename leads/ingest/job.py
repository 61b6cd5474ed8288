"""A file on its way in: taken over, started, worked off page by page, stopped.

Each page is one transaction that stores the rows and counts them, and begins by moving `processed` from what the
worker believes: so a page is never counted twice, whoever died or hurried in between.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from leads.enums import ImportKind, ImportPolicy, ImportState
from leads.ingest import columns as guesses
from leads.ingest import own, undo, workbook
from leads.ingest.fields import with_new_fields
from leads.ingest.files import FileError, sniff
from leads.ingest.paging import Reading, pages, shape_of, take_page
from leads.ingest.survey import facts_of, survey
from leads.ingest.targets import targets_of
from leads.ingest.trace import traced
from leads.models import Field, Import, ImportProblem, Source, Team, User
from leads.retry import retried

SLICE = 45.0
LEASE = timedelta(seconds=90)
TELL_EVERY = 2.0


class LostError(workbook.StoppedError):
    """Another worker has this import, or it was stopped."""


def take_over(
    file: File, *, name: str, team: Team, source: Source, by: Any, kind: str = "", at_once: bool = False
) -> Import:
    """Keep the file and look through it once: what it is and what its columns may become. Raises FileError.

    A large workbook is read by a worker first (state "reading"), unless it is asked for at once.
    """
    job = Import(team=team, source=source, by=by, name=name[:200], kind=kind)
    job.file.save(f"{timezone.now():%H%M%S}{Path(name).suffix.lower()[:5] or '.csv'}", file, save=False)
    path = Path(job.file.path)
    try:
        if not at_once and workbook.is_workbook(path) and not workbook.is_small(path):
            job.state = ImportState.READING
        else:
            _look_through(job, kind)
    except FileError:
        forget_file(job)
        raise
    job.save()
    return job


def forget_file(job: Import) -> None:
    """Delete the file, and what was kept beside it. The row is not saved."""
    workbook.forget(Path(job.file.path))
    job.file.delete(save=False)


def look_again(job: Import, kind: str) -> None:
    """The file is of another kind than we thought: new suggestions."""
    _look_through(job, kind)
    job.trial = {}
    job.save()


def start(job: Import) -> bool:
    """Put a checked import into the queue, with the custom fields it needs. False: it is started already."""
    with transaction.atomic():
        mapping = with_new_fields(job)
        job.mapping = {column: mapping.get(column) for column in job.columns}
        return bool(
            Import.objects.filter(pk=job.pk, state=ImportState.UPLOADED).update(
                state=ImportState.QUEUED, mapping=job.mapping, policy=job.policy
            )
        )


def stop(job: Import) -> bool:
    """No further page is taken; what is stored stays. False: it had ended already."""
    states = [ImportState.READING, ImportState.QUEUED, ImportState.RUNNING]
    waiting = Import.objects.filter(pk=job.pk, state__in=states)
    return bool(waiting.update(state=ImportState.STOPPED, finished_at=timezone.now(), lease_until=None))


def run_due(seconds: float = SLICE) -> int:
    """Work on imports that wait or were left behind, for at most so long. How many were touched."""
    until, touched = time.monotonic() + seconds, 0
    while time.monotonic() < until and (job := claim()):
        WORK.get(job.state, work)(job, until=until)
        touched += 1
    return touched


def is_waiting() -> bool:
    """Whether an import could be taken up now."""
    return _waiting().exists()


def claim(pk: int | None = None) -> Import | None:
    """An import that waits, or whose worker has not been heard of; ours until the lease runs out."""
    now = timezone.now()
    with transaction.atomic():
        rows = _waiting().filter(pk=pk) if pk else _waiting()
        job = rows.order_by("created_at").select_for_update(skip_locked=True, of=("self",)).first()
        if job:
            job.lease_until = now + LEASE
            if job.state not in WORK:
                job.state, job.started_at = ImportState.RUNNING, job.started_at or now
            job.save(update_fields=["state", "started_at", "lease_until"])
        return job


def work(job: Import, *, until: float | None = None, on_page: Callable[[Import], None] | None = None) -> None:
    """Take page after page until the file ends, the time is up, or somebody stops it."""
    try:
        reading = Reading(job, {column: key for column, key in job.mapping.items() if key})
        for rows in pages(reading.rows(job.processed)):
            _take(reading, rows)
            if on_page:
                on_page(job)
            if until is not None and time.monotonic() > until:
                _ours(job).update(lease_until=None)
                return
    except LostError:
        return
    except (FileError, OSError) as wrong:
        _fail(_ours(job), wrong)
        return
    _ours(job).update(state=ImportState.DONE, finished_at=timezone.now(), lease_until=None, rows=job.processed)


def read(job: Import, *, until: float | None = None) -> None:
    """Read a large workbook and look through it; then its columns can be chosen. It cannot be left half-way."""
    ours = Import.objects.filter(pk=job.pk, state=ImportState.READING)
    told = time.monotonic()

    def watch(share: float) -> None:
        nonlocal told
        if time.monotonic() - told > TELL_EVERY:
            told = time.monotonic()
            if not ours.update(read_percent=int(share * 100), lease_until=timezone.now() + LEASE):
                raise LostError

    try:
        workbook.unpack(Path(job.file.path), watch)
        _look_through(job, job.kind)
    except LostError:
        return
    except (FileError, OSError) as wrong:
        _fail(ours, wrong)
        return
    job.state, job.lease_until = ImportState.UPLOADED, None
    with transaction.atomic():
        if ours.select_for_update().exists():
            job.save()


WORK: dict[str, Callable[..., None]] = {ImportState.READING: read, ImportState.UNDOING: undo.work}


def _waiting() -> Any:
    states = [ImportState.READING, ImportState.QUEUED, ImportState.RUNNING, ImportState.UNDOING]
    waiting = Import.objects.filter(state__in=states)
    return waiting.filter(Q(lease_until=None) | Q(lease_until__lt=timezone.now()))


@retried
@transaction.atomic
def _take(reading: Reading, rows: list[Any]) -> None:
    job = reading.job
    ahead = job.processed + len(rows)
    if not _ours(job).update(processed=ahead, lease_until=timezone.now() + LEASE):
        raise LostError
    with traced(job):
        taken = take_page(reading, rows)
    ImportProblem.objects.bulk_create(taken.problems)
    counts = ("created", "updated", "unchanged", "rejected", "in_part")
    Import.objects.filter(pk=job.pk).update(**{name: F(name) + taken.counts[name] for name in counts})
    job.processed = ahead


def _ours(job: Import) -> Any:
    """The import, if it still stands where this worker left it."""
    return Import.objects.filter(pk=job.pk, state=ImportState.RUNNING, processed=job.processed)


def _fail(ours: Any, wrong: FileError | OSError) -> None:
    reason = str(wrong) if isinstance(wrong, FileError) else "The file is gone. Upload it again."
    ours.update(state=ImportState.FAILED, error=reason[:500], finished_at=timezone.now(), lease_until=None)


def _look_through(job: Import, kind: str) -> None:
    path = Path(job.file.path)
    shape = sniff(path)
    job.encoding, job.delimiter, job.header, job.columns = shape.encoding, shape.delimiter, shape.header, shape.columns
    job.rows, columns = survey(path, shape_of(job))
    if not job.rows:
        raise FileError("The file has a header and no rows. Choose a file with at least one row.")
    job.kind = kind or (ImportKind.LEADS if own.is_own(job.columns) else guesses.guess_kind(shape.columns))
    job.policy = ImportPolicy.FILE_WINS if job.kind == ImportKind.DEALS else ImportPolicy.FILL
    people = User.objects.filter(memberships__team=job.team).values_list("email", "name")
    found = guesses.suggest(job.kind, columns, Field.objects.all(), {said.lower() for each in people for said in each})
    job.mapping = {column: suggestion.key or None for column, suggestion in found.items()}
    job.facts = {
        column.name: facts_of(column)
        | {"confidence": found[column.name].confidence, "suggested": found[column.name].key}
        for column in columns
    }
    if own.is_own(job.columns) and job.kind == ImportKind.LEADS:
        _as_exported(job)
    else:
        _as_last_time(job)


def _as_exported(job: Import) -> None:
    """Our own export: every column goes where it came from."""
    job.mapping = {
        c: key or None for c, key in own.mapping(job.columns, targets_of(job.kind, Field.objects.all())).items()
    }
    for column, key in job.mapping.items():
        job.facts[column] |= {"suggested": key, "confidence": guesses.OWN, **own.AS_WRITTEN}


def _as_last_time(job: Import) -> None:
    """The mapping of the team's last import of a file with the same columns."""
    last = Import.objects.filter(team=job.team, kind=job.kind, columns=job.columns).exclude(state=ImportState.UPLOADED)
    for column, key in (last.values_list("mapping", flat=True).first() or {}).items():
        if key != job.mapping[column]:
            job.mapping[column] = key
            job.facts[column] |= {"suggested": key or "", "confidence": guesses.LAST_TIME}
