"""A lead that goes to another team leaves the CRM of the first: its record there stays, and is told nothing more."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from leads.crm.mapping import PEOPLE
from leads.crm.sync.run import Run
from leads.enums import SyncWhat
from leads.models import Link, PushAsk, PushDue, SyncEntry, SyncProblem
from leads.retry import retried


@retried
@transaction.atomic
def follow_teams(run: Run) -> None:
    """Note who left the team of the connection, and who is back. What they have there is found by those who left it."""
    run.hold()
    moved = Link.objects.filter(due__connection=run.connection, kind__in=PEOPLE).select_related("lead__team")
    home = run.connection.team_id
    _tell(run, moved.exclude(lead__team=home).filter(left_at=None), SyncWhat.LEFT)
    _tell(run, moved.filter(lead__team=home).exclude(left_at=None), SyncWhat.BACK)
    # Of those that were told to have left: who leaves just now keeps the mark, and is told of by the next run.
    told = PushDue.objects.filter(connection=run.connection, link__left_at__isnull=False)
    told.exclude(link__lead__team=home).delete()
    PushAsk.objects.filter(connection=run.connection).exclude(lead__team=home).delete()


def _tell(run: Run, links: QuerySet[Link], what: SyncWhat) -> None:
    links_now, now, left = list(links), timezone.now(), what == SyncWhat.LEFT
    Link.objects.filter(pk__in=[link.pk for link in links_now]).update(left_at=now if left else None)
    SyncEntry.objects.bulk_create(_entry(run, link, what, now) for link in links_now)
    if left:
        leads = [link.lead_id for link in links_now]
        SyncProblem.objects.filter(connection=run.connection, way=SyncProblem.OUT, lead__in=leads).delete()


def _entry(run: Run, link: Link, what: SyncWhat, at: object) -> SyncEntry:
    team = link.lead.team if link.lead else None
    words = f"It is in {team} now. The record stays as it is and is told nothing more." if what == SyncWhat.LEFT else ""
    return run.entry(what, link.kind, link.external_id, lead=link.lead, words=words, at=at)
