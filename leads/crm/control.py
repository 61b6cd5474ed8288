"""What people and rules ask of connections: bring a lead there, try again, read everything anew, pause."""

from collections.abc import Iterable, Mapping
from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, F, OuterRef, ProtectedError, Q
from django.utils import timezone

from leads.crm.mapping import PEOPLE
from leads.crm.registry import CONNECTORS
from leads.crm.setup.remembered import forget
from leads.crm.sync import accounts
from leads.crm.sync.due import mark
from leads.enums import ConnectionState, CrmKind
from leads.models import Connection, Cursor, Lead, Link, PushAsk, SyncProblem, User
from leads.models.synced import ProblemQuerySet
from leads.wake import wake


def push_leads(lead_ids: Iterable[int], *, because: str = "", by: User | None = None,
               connection: Connection | None = None) -> int:  # fmt: skip
    """Have these leads in the CRM, made there where they are not, and brought up to date where they are.

    In that connection, else in every one of their team that is not being set up. Rows only, so it may be part of any
    transaction; a worker brings them there. How many rows. Leads of other teams are left out.
    """
    leads = Lead.objects.filter(pk__in=list(lead_ids)).values_list("pk", "team_id")
    by_team: dict[int, list[int]] = {}
    for lead, team in leads:
        by_team.setdefault(team, []).append(lead)
    found = Connection.objects.exclude(state=ConnectionState.SETUP).filter(team__in=by_team)
    asked = 0
    for each in found.filter(pk=connection.pk) if connection else found:
        wanted = by_team[each.team_id]
        rows = [PushAsk(connection=each, lead_id=lead, because=because[:200], by=by) for lead in wanted]
        PushAsk.objects.bulk_create(rows, ignore_conflicts=True)
        mark(Link.objects.filter(connection=each, kind__in=PEOPLE, lead__in=wanted))
        each.problems.filter(way=SyncProblem.OUT, lead__in=wanted).delete()
        asked += len(rows)
        # After the commit: who asks may hold leads, which a run takes after its connection.
        transaction.on_commit(partial(soon, each))
    return asked


def soon(connection: Connection) -> None:
    """Sync it as soon as a worker is free, unless it is resting after a failure."""
    now = timezone.now()
    resting = Q(failures__gt=0)
    Connection.objects.filter(pk=connection.pk, due_at__gt=now).exclude(resting).update(due_at=now)
    _wake()


def again(problems: ProblemQuerySet) -> int:
    """Try these rows once more at the next run, also those that were left out. How many."""
    now = timezone.now()
    with transaction.atomic():
        people = problems.left_out().filter(kind__in=PEOPLE).values("connection")
        along = SyncProblem.objects.filter(connection__in=people).left_out_with_people()
        along.update(left_out_at=None, retry_at=now)
        out = problems.filter(way=SyncProblem.OUT, connection=OuterRef("connection"), lead=OuterRef("lead"))
        mark(Link.objects.filter(Exists(out)))
        connections = list(Connection.objects.filter(problems__in=problems).distinct())
        count = problems.update(retry_at=now, left_out_at=None, left_out_by=None)
    for connection in connections:
        soon(connection)
    return count


def leave_out(problems: ProblemQuerySet, *, by: User) -> int:
    """These rows from the CRM are no problem any more: not tried by themselves, nor counted, until `again`, or until
    they change there and can be taken. Deals of people who are left out go with them. How many.
    """
    now = timezone.now()
    with transaction.atomic():
        rows = problems.filter(way=SyncProblem.IN).open()
        connections = list(Connection.objects.filter(problems__in=rows).distinct())
        count = rows.update(left_out_at=now, left_out_by=by, retry_at=None)
        waiting = SyncProblem.objects.open().filter(connection__in=connections, way=SyncProblem.IN, kind=CrmKind.DEALS)
        waiting.filter(retry_at__isnull=False).update(retry_at=now)
    for connection in connections:
        soon(connection)
    return count


def resync(connection: Connection) -> None:
    """Read everything there once more, and compare every lead. What is the same on both sides stays untouched."""
    with transaction.atomic():
        interrupt(connection)
        Cursor.objects.filter(connection=connection).update(at=None, until=None, after="")
        mark(Link.objects.filter(connection=connection, kind__in=PEOPLE))
        Connection.objects.filter(pk=connection.pk).update(swept_at=None)
    soon(connection)


def say_stages(connection: Connection, said: Mapping[int, str]) -> int:
    """What a person says of stages: {id: open, won or lost}. How many that changed; then every deal is judged anew."""
    changed = 0
    for stage in connection.stage_maps.filter(pk__in=said):
        if said[stage.pk] != stage.state:
            changed += connection.stage_maps.filter(pk=stage.pk).update(state=said[stage.pk], by_hand=True)
    if changed:
        stages_changed(connection)
    return changed


def stages_changed(connection: Connection) -> None:
    """The mapping of stages says something else: every deal is read once more and judged by it."""
    with transaction.atomic():
        interrupt(connection)
        Cursor.objects.filter(connection=connection, kind=CrmKind.DEALS).update(at=None, until=None, after="")
        Link.objects.filter(connection=connection, kind=CrmKind.DEALS).update(theirs={})
    soon(connection)


def interrupt(connection: Connection) -> None:
    """A run that is under way writes nothing more, on either side: what it goes by holds no longer. First of all that
    is changed in a transaction, as a run takes its connection before its cursors and links.
    """
    Connection.objects.filter(pk=connection.pk).update(runs=F("runs") + 1, lease_until=None)


@transaction.atomic
def pause(connection: Connection, *, by: User | None) -> None:
    """Nothing is read or written any more until `resume`; a run that is under way ends with its page."""
    interrupt(connection)
    Connection.objects.filter(pk=connection.pk).update(
        state=ConnectionState.PAUSED, paused_at=timezone.now(), paused_by=by
    )


class NotReadyError(ValueError):
    """It cannot be turned on. The words say what to do first."""


def wanting(connection: Connection) -> str:
    """What has to be done before it can be turned on or go on; "" where nothing is left."""
    kind = CONNECTORS.get(connection.crm)
    asks = kind is not None and any(each.secret for each in kind.settings)
    if asks and not connection.secrets.exists():
        return "There is no key. Enter it, then test the connection."
    if not connection.is_on and not connection.account_seen:
        return "The key was not tested yet, or did not pass. Test the connection first."
    return accounts.words(connection) if accounts.differs(connection) else ""


@transaction.atomic
def resume(connection: Connection) -> None:
    """Go on where it was, at once: also after failures, for somebody has just looked at it. Begins a new connection.
    Raises NotReadyError.
    """
    now = Connection.objects.select_for_update(of=("self",)).get(pk=connection.pk)  # a key entered just now is seen
    if words := wanting(now):
        raise NotReadyError(words)
    Connection.objects.filter(pk=connection.pk).update(
        state=ConnectionState.ON, paused_at=None, paused_by=None, due_at=timezone.now(), failures=0
    )
    _wake()


@transaction.atomic
def disconnect(connection: Connection, *, by: User | None) -> None:
    """Forget the keys and stop. Links, mapping and history stay: with new keys it goes on where it was."""
    pause(connection, by=by)
    forget(connection)
    connection.secrets.all().delete()
    Connection.objects.filter(pk=connection.pk).update(
        state=ConnectionState.SETUP, error="", failures=0, account_seen=""
    )


@transaction.atomic
def remove(connection: Connection) -> None:
    """Delete one that nothing came by or went by, with its keys and its mapping. Raises ValidationError."""
    Connection.objects.select_for_update(of=("self",)).get(pk=connection.pk)  # a page of a run that comes by then waits
    if connection.links.exists() or connection.synced_at or connection.is_on:
        raise ValidationError("Records are linked by it: disconnect it instead. What was synced stays.")
    forget(connection)
    connection.delete()
    try:
        with transaction.atomic():
            connection.source.delete()
    except ProtectedError:  # something else came by it
        pass


def _wake() -> None:
    from leads.tasks import run_syncs  # here, for the task in turn needs what asks

    wake(run_syncs)
