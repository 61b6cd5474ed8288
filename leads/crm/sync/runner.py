"""Syncing a connection: claim it, read what changed there, bring there what changed here, say when it is due next.

    run_due()      the timetable: every connection that is due, each by itself
    sync_now(c)    this one, now

A run holds a lease, and every page checks in its transaction that it still does. Whoever dies leaves cursors and links
as the last page left them, and the next run goes on from there. A connection that fails rests, longer each time and
never as long as another, while the others go on.
"""

import logging
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from leads.crm import mapping
from leads.crm.base import Connector
from leads.crm.registry import NoConnector, connector_of
from leads.crm.sync import accounts, pulling, pushing, sweeping
from leads.crm.sync.run import LEASE, LostError, Run, calls_of, hushed
from leads.crm.words import Busy, CrmError, Denied
from leads.enums import ConnectionState, Role
from leads.models import Connection, Cursor, Nudge, SyncEntry, SyncRun, User
from leads.outgoing.notices import notify
from leads.outgoing.sealing import Unreadable

logger = logging.getLogger(__name__)

SLICE = 45.0  # seconds a task may take before it lets others on
FIRST_PAUSE, LONGEST_PAUSE = 20.0, 1800.0  # seconds of rest after failures in a row, before the jitter
PERSON_PAUSE = 900.0  # a key that is no good is tried again, but seldom: somebody may have put it right over there
KEPT = timedelta(days=180)
NUDGES_KEPT = timedelta(days=2)  # longer than any CRM sends one again
TELL_AFTER = 3  # failures in a row, before people are told


def run_due(seconds: float = SLICE) -> int:
    """Sync the connections that are due, for at most so long. How many runs."""
    until, made = time.monotonic() + seconds, 0
    while time.monotonic() < until and (claimed := claim()):
        work(*claimed, until=until)
        made += 1
    return made


def sync_now(connection: Connection) -> SyncRun | None:
    """Sync this one, as long as it takes, on or not; None while another worker has it or it is paused."""
    claimed = claim(connection.pk)
    return work(*claimed) if claimed else None


def sweep_now(connection: Connection) -> SyncRun | None:
    """Compare all ids with the CRM, now; None while another worker has it or it is paused."""
    claimed = claim(connection.pk)
    if claimed is None:
        return None
    return work(*claimed, steps=_sweep)


def _sweep(run: Run) -> bool:
    """All of it, whatever was swept before."""
    run.connection.swept_at = timezone.now()
    return sweeping.sweep(run)


def is_due() -> bool:
    return Connection.objects.due(timezone.now()).exists()


@transaction.atomic
def claim(pk: int | None = None) -> tuple[Connection, SyncRun] | None:
    """A connection that is due (or that one), ours until the lease runs out, and the row of our run."""
    now = timezone.now()
    if pk is None:
        rows = Connection.objects.due(now)
    else:
        rows = Connection.objects.filter(pk=pk).exclude(state=ConnectionState.PAUSED)
        rows = rows.exclude(lease_until__gt=now)
    found = rows.order_by("due_at").select_for_update(skip_locked=True, of=("self",)).first()
    if found is None:
        return None
    found.runs, found.lease_until = found.runs + 1, now + LEASE
    found.save(update_fields=["runs", "lease_until"])
    return found, SyncRun.objects.create(connection=found, number=found.runs, began_at=now)


def work(connection: Connection, row: SyncRun, until: float | None = None,
         steps: Callable[[Run], bool] | None = None) -> SyncRun:  # fmt: skip
    """One run, and what came of it. `steps`: what it does; otherwise everything."""
    connector: Connector | None = None
    try:
        connector = connector_of(connection)
        run = Run(connection, connector, row, until)
        _succeeded(run, (steps or _work)(run))
    except LostError:
        SyncRun.objects.filter(pk=row.pk).update(ended_at=timezone.now(), error=_why_lost(connection))
    except (CrmError, Unreadable, NoConnector) as error:
        _failed(connection, row, error, connector)
    except Exception as error:  # one connection that nobody can sync holds up no other
        logger.exception("connection %s could not be synced", connection.pk)
        _failed(connection, row, CrmError(f"{type(error).__name__}: an error of ours; the log has it."), connector)
    row.refresh_from_db()
    return row


def _why_lost(connection: Connection) -> str:
    """Why a run ended before its end: what somebody asked for meanwhile."""
    state = Connection.objects.filter(pk=connection.pk).values_list("state", flat=True).first()
    why: dict[str | None, str] = {
        ConnectionState.PAUSED: "It was paused meanwhile.",
        ConnectionState.SETUP: "It was disconnected meanwhile.",
    }
    return why.get(state, "Another run takes over: all is to be read anew, or the mapping or the key changed.")


def _work(run: Run) -> bool:
    """Whether everything was looked at; False where the time was up before."""
    accounts.look(run.connection, run.connector)
    if not run.connection.stage_maps.exists():
        mapping.read_stages(run.connection, run.connector)
    if not run.connection.field_maps.exists():
        mapping.begin(run.connection)
    if not run.connection.fields_made:
        mapping.ensure_fields(run.connection, run.connector)
    pulling.read_again(run)
    finished = all(pulling.pull(run, kind) for kind in run.connector.kinds)
    if not finished and not run.connection.synced_at:
        return False  # the first load goes first: until it is done we do not know who is there already
    finished = pushing.push(run) and finished
    if finished and sweeping.is_due(run.connection):
        finished = sweeping.sweep(run)
    return finished


def _succeeded(run: Run, finished: bool) -> None:
    now = timezone.now()
    done: dict[str, Any] = {
        "lease_until": None,
        "failures": 0,
        "error": "",
        "failing_since": None,
        "needs_person": False,
    }
    done["due_at"] = now + timedelta(seconds=run.connection.every) if finished else now
    if finished:
        done["synced_at"] = _read_until(run)
    if run.connector.clock_ahead is not None:
        done["clock_ahead"] = run.connector.clock_ahead
    _ours(run.connection, run.row).update(**done)
    run.tell()
    SyncRun.objects.filter(pk=run.row.pk).update(ok=True, ended_at=now)


def _read_until(run: Run) -> datetime | None:
    """The oldest of the cursors: up to then nothing of theirs is missing."""
    cursors = Cursor.objects.filter(connection=run.connection, kind__in=run.connector.kinds)
    return min((at for at in cursors.values_list("at", flat=True) if at), default=None)


def _failed(connection: Connection, row: SyncRun, error: Exception, connector: Connector | None) -> None:
    now, words = timezone.now(), hushed(connector, str(error))
    denied = isinstance(error, Denied | Unreadable | NoConnector)
    pause = PERSON_PAUSE if denied else backoff(connection.failures)
    pause = max(pause, error.pause or 0.0) if isinstance(error, Busy) else pause
    _ours(connection, row).update(
        lease_until=None, failures=F("failures") + 1, error=words, needs_person=denied,
        failing_since=connection.failing_since or now, due_at=now + timedelta(seconds=pause * _jitter()),
    )  # fmt: skip
    calls = calls_of(connector) if connector else 0
    SyncRun.objects.filter(pk=row.pk).update(ok=False, ended_at=now, error=words, calls=calls)
    if denied or connection.failures + 1 == TELL_AFTER:
        _tell(connection, words, connection.failing_since or now)


def backoff(failures: int) -> float:
    """Seconds of rest after so many failures in a row before this one: doubling, up to half an hour."""
    return min(FIRST_PAUSE * 2 ** min(failures, 20), LONGEST_PAUSE)


def _jitter() -> float:
    """Anywhere in the upper half, so that connections that fell together do not come back together."""
    return random.uniform(1.0, 1.5)  # noqa: S311 it only spreads them


def _tell(connection: Connection, words: str, since: datetime) -> None:
    """One notice for each time it begins to fail."""
    who = User.objects.filter(memberships__team=connection.team_id, memberships__role__in=[Role.ADMIN, Role.MARKETING])
    notify(
        who, kind="connection", text=f"{connection.name} is not being synced. {words}"[:300], mail=True,
        url=f"/connections/{connection.pk}/", key=f"connection:{connection.pk}:{since:%Y%m%d%H%M%S}",
    )  # fmt: skip


def prune(kept: timedelta = KEPT) -> None:
    """Forget runs and entries of long ago, but not what went wrong nor who lost a conflict."""
    before = timezone.now() - kept
    SyncRun.objects.filter(ended_at__lt=before).delete()
    SyncEntry.objects.filter(at__lt=before).delete()
    Nudge.objects.filter(done_at__lt=timezone.now() - NUDGES_KEPT).delete()


def _ours(connection: Connection, row: SyncRun) -> Any:
    return Connection.objects.filter(pk=connection.pk, runs=row.number)
