"""How a connection is: what a status page says of it, in one place."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db.models import F
from django.utils import timezone

from leads.crm.mapping import PEOPLE
from leads.crm.sync.accounts import differs
from leads.crm.sync.due import due
from leads.crm.sync.making import missing
from leads.enums import ConnectionState, CrmKind
from leads.models import Connection, SyncProblem, SyncRun

DAY = timedelta(days=1)
TOLD = 180.0  # seconds that clocks may differ without a word
QUIET = ("read", "unchanged", "failed")
# How what a run counts is told.
HERE = {"created": "made here", "updated": "changed here", "failed": "not taken", "unchanged": "the same"}
PARTS = {
    "push": ("To the CRM", {"created": "made", "updated": "changed", "failed": "refused"}),
    "sweep": ("Compared", {"read": "ids"}),
}


@dataclass(frozen=True)
class Status:
    """`words`: the one line that says how it is. `rows_in` and `rows_out`: changed in the last day on either side.

    `clock`: that theirs is off, if it is. `other_account`: the key opens another one than is linked.

    `waiting`: leads that are to be written there, `to_read`: rows still to be read in the load under way, if known.
    """

    title: str
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
    left_out: int
    clock: str
    other_account: bool
    next_at: datetime | None
    running_since: datetime | None

    @property
    def next_words(self) -> str:
        """When it is tried next: "in 40 seconds". "" where it is not on, or at it."""
        if self.running_since or not self.next_at:
            return ""
        seconds = (self.next_at - timezone.now()).total_seconds()
        return "in a moment" if seconds < 5 else f"in {_long(seconds)}"


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
    title, words, tone = _words(connection, waiting)
    clock = clock_words(connection.clock_ahead or 0.0)
    problems = connection.problems.open()
    return Status(
        title, words, tone, connection.history.first(), connection.lag, changed[False], changed[True], waiting,
        sum(loading.values_list("read", flat=True)), sum(totals) if totals else None,
        problems.filter(way=SyncProblem.IN).count(), problems.filter(way=SyncProblem.OUT).count(),
        connection.problems.left_out().count(), clock, differs(connection),
        connection.due_at if connection.is_on else None, _running_since(connection),
    )  # fmt: skip


def is_busy(connection: Connection) -> bool:
    """A run is under way or about to begin: whoever looks on is shown how far it is."""
    now = timezone.now()
    held = bool(connection.lease_until and connection.lease_until > now)
    return connection.is_on and (held or connection.due_at <= now)


def did(run: SyncRun) -> list[tuple[str, str]]:
    """What a run did: ("Contacts", "38 read, 36 made here"), ("To the CRM", "19 made"); first what came."""
    told = []
    for kind in [*CrmKind.values, "push", "sweep"]:
        if numbers := run.counts.get(kind):
            name, words = PARTS.get(kind) or (str(CrmKind(kind).label), HERE)
            told.append((name, ", ".join(f"{number:,} {words.get(what, what)}" for what, number in numbers.items())))
    return told


def _running_since(connection: Connection) -> datetime | None:
    if not (connection.lease_until and connection.lease_until > timezone.now()):
        return None
    return connection.history.filter(ended_at=None).values_list("began_at", flat=True).first()


def _long(seconds: float) -> str:
    """40 seconds, 12 minutes: in whole numbers, rounded up."""
    number, unit = (ceil(seconds), "second") if seconds < 100 else (ceil(seconds / 60), "minute")
    return f"{number} {unit}{'s' * (number != 1)}"


def _words(connection: Connection, waiting: int) -> tuple[str, str, str]:
    """In short, in a sentence, its colour: "Paused since 10:02", "Paused since 10:02, 431 waiting", "wait"."""
    more = f", {waiting:,} waiting" if waiting else ""
    if connection.state == ConnectionState.SETUP:
        since = f"Disconnected since {_clock(connection.paused_at)}" if connection.is_disconnected else "Being set up"
        title, tone, more = since, "wait", ""
    elif connection.state == ConnectionState.PAUSED:
        title, tone = f"Paused since {_clock(connection.paused_at)}", "wait"
    elif connection.failures:
        what, tone = ("It needs you" if connection.needs_person else "Cannot be reached"), "bad"
        title, more = f"{what} since {_clock(connection.failing_since)}", f"{more}: {connection.error}"
    elif connection.synced_at is None:
        title, tone, more = "First load", "progress", ""
    else:
        title, tone = f"In step since {_clock(connection.synced_at)}", "good"
    return title, title + more, tone


def clock_words(ahead: float) -> str:
    """What to say of a clock that is minutes off; "" of one that is not."""
    if abs(ahead) < TOLD:
        return ""
    hours, minutes = divmod(round(abs(ahead) / 60), 60)
    far = f"{hours} h {minutes} min" if hours else f"{minutes} min"
    way = "ahead of" if ahead > 0 else "behind"
    return f"Its clock is {far} {way} ours. Nothing is lost by that: its times are compared by its own clock."


def _clock(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%-d %b, %H:%M}" if at else "the beginning"
