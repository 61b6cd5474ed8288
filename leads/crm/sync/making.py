"""Leads that are not in the CRM yet and belong there."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from leads.crm.mapping import PEOPLE
from leads.crm.sync.outbound import Outbound
from leads.crm.sync.pulling import take
from leads.crm.sync.run import Run
from leads.crm.values import ours_now, plain
from leads.crm.words import PushResult, PushRow
from leads.enums import Creates, SyncWhat
from leads.models import Change, Connection, Handoff, Lead, LeadIdentity, Link, PushAsk, SyncEntry, SyncProblem
from leads.retry import retried


def missing(connection: Connection) -> QuerySet[Lead]:
    """Leads that belong into the CRM by the rule of the connection, or were sent there, and are not."""
    links = Link.objects.filter(connection=connection, kind__in=PEOPLE, lead=OuterRef("pk"))
    asked = Exists(PushAsk.objects.filter(connection=connection, lead=OuterRef("pk")))
    wanted: Any = Q(asked) & ~Q(Exists(links.filter(gone_at=None)))
    leads = Lead.objects.filter(team=connection.team_id)
    if connection.creates != Creates.ALL:  # begins at the few, not at every lead of the team
        few: Any = PushAsk.objects.filter(connection=connection).values("lead")
        if connection.creates == Creates.HANDED_OFF:
            few = few.union(Handoff.objects.filter(lead__team=connection.team_id).values("lead"))
        leads = leads.filter(pk__in=few)
    if connection.creates != Creates.ASKED:
        handed_off = Exists(Handoff.objects.filter(lead=OuterRef("pk")))
        belongs = handed_off if connection.creates == Creates.HANDED_OFF else Q(pk__isnull=False)
        wanted = wanted | (Q(belongs) & ~Exists(links))  # deleted there is not made again by itself
    return leads.filter(wanted)


def make_new(run: Run) -> None:
    """Make those leads there that belong there; who is there already under the same address is linked instead."""
    kind = run.connector.made_as
    after = 0
    while not run.is_over:
        leads = missing(run.connection).filter(~Exists(_waiting(run)), pk__gt=after).exclude(email="").order_by("pk")
        leads = leads.select_related("standing", "company", "owner")
        page = list(leads[: run.connector.most_pushed])
        if not page:
            break
        after = page[-1].pk
        _make(run, kind, page)
    _answer_asks(run)


def _waiting(run: Run) -> QuerySet[SyncProblem]:
    """What keeps a lead from being tried: it failed a moment ago, or was refused and has not changed since."""
    since = Change.objects.filter(lead=OuterRef("lead"), learned_at__gt=OuterRef("at"))
    later, refused = Q(retry_at__gt=timezone.now()), Q(retry_at=None) & ~Exists(since)
    out = SyncProblem.objects.filter(connection=run.connection, way=SyncProblem.OUT, lead=OuterRef("pk"))
    return out.filter(later | refused)


def _make(run: Run, kind: str, leads: Sequence[Lead]) -> None:
    rows = run.connector.match(kind, [lead.email for lead in leads], run.maps.asked(kind))
    if rows:
        take(run, kind, rows)
    there = set(
        Link.objects.filter(connection=run.connection, kind=kind, gone_at=None, lead__in=leads)
        .values_list("lead_id", flat=True)
    )  # fmt: skip
    new = [lead for lead in leads if lead.pk not in there]
    if new:
        outbound = Outbound.of(run.maps, new)
        values = {lead.pk: outbound.everything(kind, lead) for lead in new}
        asked = [PushRow(lead.pk, "", values[lead.pk], lead.email, str(lead.pk)) for lead in new]
        run.hold()
        results = {result.key: result for result in run.connector.push(kind, asked)}
        _made(run, kind, new, values, results)
    run.tell()


@retried
@transaction.atomic
def _made(run: Run, kind: str, leads: Sequence[Lead], values: Mapping[int, dict[str, Any]],
          results: Mapping[int, PushResult]) -> None:  # fmt: skip
    run.hold()
    now, links, entries = timezone.now(), list[Link](), list[SyncEntry]()
    both = [each.ours for each in run.maps.of(kind) if each.comes]
    there = Link.objects.filter(connection=run.connection, kind=kind, external_id__in=[r.id for r in results.values()])
    known = {link.external_id: link for link in there}
    for lead in leads:
        result = results.get(lead.pk) or PushResult(lead.pk, ok=False, error="It said nothing of this row.", again=True)
        if result.ok and (link := known.get(result.id)) and link.lead_id not in (None, lead.pk) and not link.gone_at:
            error = f"Its record there ({result.id}) is another lead here. Merge the two leads if they are one."
            result = PushResult(lead.pk, result.id, ok=False, error=error)
        if not result.ok:
            run.fails(SyncProblem.OUT, kind, "", result.error, lead=lead.pk, again=result.again)
            run.count("push", failed=1)
            continue
        link = known.get(result.id) or Link(connection=run.connection, kind=kind, external_id=result.id)
        link.lead, link.gone_at, link.pushed_at = lead, None, now
        link.modified_at = result.modified_at or link.modified_at
        link.theirs = {name: plain(value) for name, value in values[lead.pk].items()}
        link.ours = ours_now(lead, both)
        links.append(link)
        entries.append(run.entry(SyncWhat.MADE_THERE, kind, result.id, lead=lead))
        run.count("push", created=1)
    _keep(run, kind, links, entries)


def _keep(run: Run, kind: str, links: Sequence[Link], entries: Sequence[SyncEntry]) -> None:
    Link.objects.bulk_create([link for link in links if link.pk is None])
    names = ["lead", "gone_at", "pushed_at", "modified_at", "theirs", "ours"]
    Link.objects.bulk_update([link for link in links if link.pk], names)
    LeadIdentity.objects.bulk_create(
        [
            LeadIdentity(source=run.connection.source, lead=link.lead, kind=LeadIdentity.EXTERNAL,
                         value=f"{kind}:{link.external_id}")
            for link in links
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    SyncEntry.objects.bulk_create(entries)
    leads = [link.lead_id for link in links]
    run.connection.problems.filter(way=SyncProblem.OUT, lead__in=leads).delete()


def _answer_asks(run: Run) -> None:
    """Leads that were sent there and are there are done."""
    there = Link.objects.filter(connection=run.connection, kind__in=PEOPLE, gone_at=None, lead=OuterRef("lead"))
    PushAsk.objects.filter(Exists(there), connection=run.connection).delete()
