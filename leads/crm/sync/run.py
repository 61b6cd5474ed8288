"""One run of a connection: what its steps share, and how they know that it is still theirs."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.utils import timezone

from leads.crm.base import Connector
from leads.crm.mapping import PEOPLE, Maps
from leads.crm.words import Row
from leads.enums import ConnectionState
from leads.models import Connection, SyncEntry, SyncProblem, SyncRun

LEASE = timedelta(minutes=5)  # more than any page takes
UNCERTAIN = 5.0  # seconds: an answer is dated to the second, and was under way for a while
JUMP = 60.0  # seconds by which clocks do not drift between two runs
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=6)


class LostError(Exception):
    """Another worker has the connection, or somebody paused it: nothing more is written."""


@dataclass
class Run:
    """`counts`: {kind or "push": Counter}. `until`: on the monotonic clock; None: as long as it takes."""

    connection: Connection
    connector: Connector
    row: SyncRun
    until: float | None = None
    counts: dict[str, Counter[str]] = field(default_factory=dict)

    @cached_property
    def maps(self) -> Maps:
        return Maps(self.connection)

    @property
    def is_over(self) -> bool:
        return self.until is not None and time.monotonic() > self.until

    # Their clock is not ours: their times are compared with their own, or put into ours first.

    @property
    def ahead(self) -> timedelta:
        """How far their clock is ahead of ours; what is too little to be told from none counts as none."""
        measured = self.connector.clock_ahead
        seconds = self.connection.clock_ahead or 0.0 if measured is None else measured
        return timedelta(seconds=seconds) if abs(seconds) > UNCERTAIN else timedelta(0)

    @property
    def clock_jumped(self) -> bool:
        """One of the clocks was set since the last run: what is older than that cannot be put into ours."""
        before, now = self.connection.clock_ahead, self.connector.clock_ahead
        return before is not None and now is not None and abs(now - before) > JUMP

    def here(self, at: datetime) -> datetime:
        """A moment of their clock by ours."""
        return at - self.ahead

    def there(self, at: datetime) -> datetime:
        """A moment of our clock by theirs."""
        return at + self.ahead

    def there_at_most(self, at: datetime) -> datetime:
        """The same, rather a little later: a window that ends too late reads a row twice, too early reads it late."""
        return self.there(at) + (timedelta(seconds=UNCERTAIN) if self.ahead else timedelta(0))

    def there_at_least(self, at: datetime) -> datetime:
        """The same, or what it would have been before the clock was set, if that is earlier."""
        before = timedelta(seconds=self.connection.clock_ahead or 0.0)
        return at + min(self.ahead, before) if self.clock_jumped else self.there(at)

    def moment_of(self, row: Row) -> datetime | None:
        """When the record was changed, by our clock; None where that cannot be said."""
        return None if self.clock_jumped else self.here(row.modified_at)

    def hold(self) -> None:
        """Raise LostError unless the connection is still ours, and keep it so for another lease.

        In the transaction of a page its row stays locked until the page is stored, so of two workers with one
        connection exactly one stores it.
        """
        ours = Connection.objects.filter(pk=self.connection.pk, runs=self.row.number)
        on = ours.exclude(state=ConnectionState.PAUSED)
        if not on.update(lease_until=timezone.now() + LEASE):
            raise LostError

    def count(self, kind: str, **counts: int) -> None:
        self.counts.setdefault(kind, Counter()).update({name: number for name, number in counts.items() if number})

    def tell(self) -> None:
        """Show how far the run is."""
        counts = {kind: dict(counter) for kind, counter in self.counts.items()}
        SyncRun.objects.filter(pk=self.row.pk).update(counts=counts, calls=calls_of(self.connector))

    def entry(self, what: str, kind: str, external_id: str, **more: Any) -> SyncEntry:
        return SyncEntry(connection=self.connection, what=what, kind=kind, external_id=external_id, **more)

    # Rows that did not go through

    def fails(self, way: str, kind: str, external_id: str, message: str, *, lead: int | None = None,
              again: bool = False, left_out: bool = False) -> None:  # fmt: skip
        """Note what is wrong with a row. `again`: it is tried once more by itself, after a time that doubles, but not
        what was left out, or is by this (`left_out`). In a transaction.
        """
        now = timezone.now()
        key = {"connection": self.connection, "way": way, "kind": kind, "external_id": external_id, "lead_id": lead}
        known = SyncProblem.objects.filter(**key).select_for_update(of=("self",)).first()
        found = known or SyncProblem(**key, attempts=0)
        found.left_out_at = found.left_out_at or (now if left_out else None)
        found.attempts, found.at, found.message = found.attempts + 1, now, hushed(self.connector, message)
        found.retry_at = now + retry_after(found.attempts) if again and not found.left_out_at else None
        found.save()

    def works(self, way: str, kind: str, external_ids: Sequence[str]) -> None:
        """These rows went through, or are gone: what was wrong with them is over, and nothing waits for them."""
        over, _ = self.connection.problems.filter(way=way, kind=kind, external_id__in=external_ids).delete()
        if way == SyncProblem.IN:
            self.connection.held_events.filter(kind=kind, external_id__in=external_ids).delete()
        if over and kind in PEOPLE:
            along = SyncProblem.objects.filter(connection=self.connection).left_out_with_people()
            along.update(left_out_at=None, retry_at=timezone.now())


def retry_after(attempts: int) -> timedelta:
    return min(FIRST_RETRY * 2 ** min(attempts - 1, 12), LONGEST_RETRY)


def calls_of(connector: Connector) -> int:
    """Requests it made, where it speaks by leads/crm/http.py as `http`."""
    return int(getattr(getattr(connector, "http", None), "calls", 0))


def hushed(connector: Connector | None, words: str) -> str:
    """What went wrong, to be kept: at most 500 letters, and none of what we signed in with."""
    http = getattr(connector, "http", None)
    return (http.hushed(words) if http else words).replace("\0", "")[:500]
