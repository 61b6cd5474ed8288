"""What an import makes and changes, noted where it happens, so that all of it can be undone."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connection, models

from leads.models import Change, Import, ImportTrace

_made: ContextVar[dict[str, set[int]] | None] = ContextVar("made", default=None)


@contextmanager
def traced(job: Import) -> Iterator[None]:
    """Keep which rows are made inside and which fields changed, as traces of the import. Inside one transaction."""
    made: dict[str, set[int]] = {}
    token, before = _made.set(made), _last_change()
    try:
        yield
    finally:
        _made.reset(token)
    made[ImportTrace.CHANGE] = set(
        Change.objects.filter(pk__gt=before, learned_at=_now()).order_by().values_list("pk", flat=True)
    )
    ImportTrace.objects.bulk_create(
        ImportTrace(job=job, what=what, rows=sorted(rows)) for what, rows in sorted(made.items()) if rows
    )


def note(rows: Iterable[models.Model]) -> None:
    """These rows were just made. Nothing to do unless an import is traced."""
    if (made := _made.get()) is not None:
        for row in rows:
            made.setdefault(row._meta.model_name or "", set()).add(row.pk)


def note_events(pks: Iterable[int]) -> None:
    if (made := _made.get()) is not None:
        made.setdefault(ImportTrace.EVENT, set()).update(pks)


def _last_change() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value - (NOT is_called)::int FROM leads_change_id_seq")
        return int(cursor.fetchone()[0])


def _now() -> Any:
    """The moment the transaction began, which its changes carry."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return cursor.fetchone()[0]
