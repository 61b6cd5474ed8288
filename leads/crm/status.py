"""How a connection is: what a status page says of it, in one place."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from leads.crm.mapping import PEOPLE
from leads.crm.sync.pushing import due, missing
from leads.enums import ConnectionState
from leads.models import Connection, SyncProblem, SyncRun

DAY = timedelta(days=1)
QUIET = ("read", "unchanged", "failed")


@dataclass(frozen=True)
class Status:
    """`words`: the one line that says how it is. `rows_in` and `rows_out`: changed in the last day on either side.

    `waiting`: leads that are to be written there, `to_read`: rows still to be read in the load under way, if known.
    """

    words: str
    tone: str
    last_run: SyncRun | None
    lag: timedelta | None
    rows_in: int
    rows_out: int
    waiting: int
    read: int
    to_read: int | None
    problems_in: int
    problems_out: int
    next_at: datetime | None


def status_of(connection: Connection) -> Status:
    """A handful of queries."""
    since = timezone.now() - DAY
    counts = connection.history.filter(began_at__gte=since).values_list("counts", flat=True)
    changed = {True: 0, False: 0}
    for run in counts:
        for kind, numbers in run.items():
            changed[kind == "push"] += sum(number for name, number in numbers.items() if name not in QUIET)
    waiting = missing(connection).exclude(email="").count()
    if connection.synced_at:  # while it is loaded the page asks often, and nothing of those who are there waits
        waiting += sum(due(connection, kind).count() for kind in PEOPLE)
    loading = connection.cursors.filter(until__isnull=False)
    totals = list(loading.filter(total__isnull=False).values_list(F("total") - F("read"), flat=True))
    words, tone = _words(connection, waiting)
    problems = connection.problems
    return Status(
        words, tone, connection.history.first(), connection.lag, changed[False], changed[True], waiting,
        sum(loading.values_list("read", flat=True)), sum(totals) if totals else None,
        problems.filter(way=SyncProblem.IN).count(), problems.filter(way=SyncProblem.OUT).count(),
        connection.due_at if connection.is_on else None,
    )  # fmt: skip


def _words(connection: Connection, waiting: int) -> tuple[str, str]:
    """ "HubSpot paused since 10:02, 431 waiting", and its colour."""
    count = f", {waiting:,} waiting" if waiting else ""
    if connection.state == ConnectionState.SETUP:
        return "Being set up", "wait"
    if connection.state == ConnectionState.PAUSED:
        return f"Paused since {_clock(connection.paused_at)}{count}", "wait"
    if connection.needs_person:
        return f"It needs you since {_clock(connection.failing_since)}{count}: {connection.error}", "bad"
    if connection.failures:
        return f"Cannot be reached since {_clock(connection.failing_since)}{count}: {connection.error}", "bad"
    if connection.synced_at is None:
        return "First load", "progress"
    return f"In step since {_clock(connection.synced_at)}{count}", "good"


def _clock(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%-d %b, %H:%M}" if at else "the beginning"
