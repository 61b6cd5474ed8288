"""To the CRM: only what changed, in as few requests as it allows, each row with its own outcome.

Nothing is noted before a request. An answer that is lost leaves the row as due as it was: writing the same values once
more changes nothing there, and a record is made by its e-mail address, so twice makes one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from leads.crm.base import PushResult, PushRow
from leads.crm.mapping import PEOPLE
from leads.crm.sync.outbound import Outbound, mark, with_all
from leads.crm.sync.pulling import take
from leads.crm.sync.run import Run
from leads.crm.values import ours_now, plain
from leads.enums import Creates, SyncWhat
from leads.models import Connection, Handoff, Lead, LeadIdentity, Link, PushAsk, SyncEntry, SyncProblem
from leads.retry import retried

PAGE = 1000  # links looked at in one query
Changed = tuple[Link, dict[str, Any]]  # and {their field: what it is to hold}
WORDS_OF_GONE = "It was deleted in the CRM."


def push(run: Run) -> bool:
    """Bring there what changed here. False: the time was up; the rest is as due as before."""
    make_new(run)
    return all(_push_kind(run, kind) for kind in run.connector.kinds if kind in PEOPLE)


def due(connection: Connection, kind: str) -> QuerySet[Link]:
    """Links whose lead is not what it was when it was last looked at, by id; not those that wait for another try."""
    waits = SyncProblem.objects.filter(
        connection=connection, way=SyncProblem.OUT, lead=OuterRef("lead"), kind=kind, retry_at__gt=timezone.now()
    )
    links = Link.objects.filter(connection=connection, kind=kind, gone_at=None, lead__merged_into=None)
    return with_all(links.filter(~Exists(waits), lead__isnull=False)).exclude(mark=F("now")).order_by("pk")


def _push_kind(run: Run, kind: str) -> bool:
    rows = list[Changed]()
    for page in _pages(run, kind):
        changed, same = _compared(run, kind, page)
        _looked_at(run, same)
        rows += changed
        while len(rows) >= run.connector.most_pushed:
            batch, rows = rows[: run.connector.most_pushed], rows[run.connector.most_pushed :]
            _send(run, kind, batch)
            if run.is_over:
                return False
    if rows:
        _send(run, kind, rows)
    return True


def _pages(run: Run, kind: str) -> Iterator[list[Link]]:
    after = 0
    while page := list(due(run.connection, kind).filter(pk__gt=after)[:PAGE]):
        yield page
        after = page[-1].pk


def _compared(run: Run, kind: str, links: Sequence[Link]) -> tuple[list[Changed], list[Link]]:
    outbound = Outbound.of(run.maps, [link.lead for link in links if link.lead])
    changed, same = [], []
    for link in links:
        values = outbound.changes(kind, link, link.lead) if link.lead else {}
        if values:
            changed.append((link, values))
        else:
            same.append(link)
    # Alike values side by side: some CRMs write many rows that are to hold the same in one request.
    return sorted(changed, key=lambda each: sorted((name, plain(text)) for name, text in each[1].items())), same


@retried
@transaction.atomic
def _looked_at(run: Run, links: Sequence[Link]) -> None:
    run.hold()
    for link in links:
        link.mark = link.now  # type: ignore[attr-defined]
    Link.objects.bulk_update(links, ["mark"], batch_size=500)


def _send(run: Run, kind: str, rows: Sequence[Changed]) -> None:
    asked = [
        PushRow(link.pk, link.external_id, values, link.lead.email if link.lead else "", str(link.lead_id))
        for link, values in rows
    ]
    run.hold()  # whoever paused it meanwhile wants nothing written any more
    results = {result.key: result for result in run.connector.push(kind, asked)}
    _settle(run, kind, rows, results)
    run.tell()


@retried
@transaction.atomic
def _settle(run: Run, kind: str, rows: Sequence[Changed], results: Mapping[int, PushResult]) -> None:
    run.hold()
    done, entries, now = [], list[SyncEntry](), timezone.now()
    for link, values in rows:
        result = results.get(link.pk) or PushResult(link.pk, ok=False, error="It said nothing of this row.", again=True)
        if not result.ok:
            _failed(run, kind, link, result)
            continue
        entries.append(_entry(run, kind, link, values))
        _written(run, kind, link, values)
        link.mark, link.pushed_at = link.now, now  # type: ignore[attr-defined]
        done.append(link)
    Link.objects.bulk_update(done, ["theirs", "ours", "mark", "pushed_at"])
    SyncEntry.objects.bulk_create(entries)
    run.connection.problems.filter(way=SyncProblem.OUT, kind=kind, lead__in=[link.lead_id for link in done]).delete()
    run.count("push", updated=len(done))


def _entry(run: Run, kind: str, link: Link, values: dict[str, Any]) -> SyncEntry:
    said = {name: [link.theirs.get(name, ""), plain(value)] for name, value in values.items()}
    return run.entry(SyncWhat.PUSHED, kind, link.external_id, lead=link.lead, said=said)


def _written(run: Run, kind: str, link: Link, values: dict[str, Any]) -> None:
    """They hold this now: when it comes back, it is no news."""
    link.theirs = link.theirs | {name: plain(value) for name, value in values.items()}
    if link.lead:
        sent = [each.ours for each in run.maps.going(kind) if each.comes and each.theirs in values]
        link.ours = link.ours | ours_now(link.lead, sent)


def _failed(run: Run, kind: str, link: Link, result: PushResult) -> None:
    if result.gone:
        Link.objects.filter(pk=link.pk).update(gone_at=timezone.now())
        run.entry(SyncWhat.GONE, kind, link.external_id, lead=link.lead, words=WORDS_OF_GONE).save()
        run.count("push", gone=1)
        return
    run.fails(SyncProblem.OUT, kind, link.external_id, result.error, lead=link.lead_id, again=result.again)
    run.count("push", failed=1)
    if not result.again:  # until something of the lead changes, or somebody asks for it
        Link.objects.filter(pk=link.pk).update(mark=link.now)  # type: ignore[attr-defined]


# Leads that are not there yet


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
    waits = SyncProblem.objects.filter(Q(retry_at=None) | Q(retry_at__gt=timezone.now()), connection=run.connection,
                                       way=SyncProblem.OUT, lead=OuterRef("pk"))  # fmt: skip
    after = 0
    while not run.is_over:
        leads = missing(run.connection).filter(~Exists(waits), pk__gt=after).exclude(email="").order_by("pk")
        leads = leads.select_related("standing", "company").annotate(now=mark("standing__"))
        page = list(leads[: run.connector.most_pushed])
        if not page:
            break
        after = page[-1].pk
        _make(run, kind, page)
    _answer_asks(run)


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
        link.theirs = {name: plain(value) for name, value in values[lead.pk].items()}
        link.ours, link.mark = ours_now(lead, both), lead.now  # type: ignore[attr-defined]
        links.append(link)
        entries.append(run.entry(SyncWhat.MADE_THERE, kind, result.id, lead=lead))
        run.count("push", created=1)
    _keep(run, kind, links, entries)


def _keep(run: Run, kind: str, links: Sequence[Link], entries: Sequence[SyncEntry]) -> None:
    Link.objects.bulk_create([link for link in links if link.pk is None])
    names = ["lead", "gone_at", "pushed_at", "theirs", "ours", "mark"]
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
