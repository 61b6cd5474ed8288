"""To the CRM: only what changed, in as few requests as it allows, each row with its own outcome.

Nothing is noted before a request. An answer that is lost leaves the row as due as it was: writing the same values once
more changes nothing there, and a record is made by its e-mail address, so twice makes one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from leads.crm.mapping import PEOPLE
from leads.crm.sync.due import due, looked_at
from leads.crm.sync.making import make_new
from leads.crm.sync.outbound import Outbound
from leads.crm.sync.run import Run
from leads.crm.sync.teams import follow_teams
from leads.crm.values import ours_now, plain
from leads.crm.words import PushResult, PushRow
from leads.enums import SyncWhat
from leads.models import Link, SyncEntry, SyncProblem
from leads.retry import retried

PAGE = 1000  # links looked at in one query
Changed = tuple[Link, dict[str, Any]]  # and {their field: what it is to hold}
WORDS_OF_GONE = "It was deleted in the CRM."


def push(run: Run) -> bool:
    """Bring there what changed here. False: the time was up; the rest is as due as before."""
    follow_teams(run)
    make_new(run)
    return all(_push_kind(run, kind) for kind in run.connector.kinds if kind in PEOPLE)


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
    looked_at(links)


def _send(run: Run, kind: str, rows: Sequence[Changed]) -> None:
    asked = [
        PushRow(link.pk, link.external_id, values, link.lead.email if link.lead else "", str(link.lead_id))
        for link, values in rows
    ]
    run.hold()  # whoever paused it meanwhile wants nothing written any more
    results = {result.key: result for result in run.connector.push(kind, asked)}
    _read_back(run, kind, _settle(run, kind, rows, results))
    run.tell()


@retried
@transaction.atomic
def _settle(run: Run, kind: str, rows: Sequence[Changed], results: Mapping[int, PushResult]) -> list[Link]:
    """Note what became of each row. Those that went through."""
    run.hold()
    done, entries, now = [], list[SyncEntry](), timezone.now()
    for link, values in rows:
        result = results.get(link.pk) or PushResult(link.pk, ok=False, error="It said nothing of this row.", again=True)
        if not result.ok:
            _failed(run, kind, link, result)
            continue
        entries.append(_entry(run, kind, link, values))
        _written(run, kind, link, values)
        link.pushed_at, link.modified_at = now, result.modified_at or link.modified_at
        done.append(link)
    Link.objects.bulk_update(done, ["theirs", "ours", "forms", "pushed_at", "modified_at"])
    looked_at(done)
    SyncEntry.objects.bulk_create(entries)
    _solved(run, kind, done)
    run.count("push", updated=len(done))
    return done


def _solved(run: Run, kind: str, links: Sequence[Link]) -> None:
    """Of a lead with several records there only those that went through, and that it was not there."""
    ids = ["", *(link.external_id for link in links)]
    problems = run.connection.problems.filter(way=SyncProblem.OUT, kind=kind, external_id__in=ids)
    problems.filter(lead__in=[link.lead_id for link in links]).delete()


def _entry(run: Run, kind: str, link: Link, values: dict[str, Any]) -> SyncEntry:
    said = {name: [link.theirs.get(name, ""), plain(value)] for name, value in values.items()}
    return run.entry(SyncWhat.PUSHED, kind, link.external_id, lead=link.lead, said=said)


def _written(run: Run, kind: str, link: Link, values: dict[str, Any]) -> None:
    """They hold this now: when it comes back, it is no news."""
    link.theirs = link.theirs | {name: plain(value) for name, value in values.items()}
    link.forms = link.forms | {name: "" for name in values if name in link.forms}
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
        looked_at([link])


def _read_back(run: Run, kind: str, links: Sequence[Link]) -> None:
    """What a CRM made of our words, where it once was something else: what comes back at once is its form of them."""
    doubted = {link.external_id: link for link in links if "" in link.forms.values()}
    if not doubted:
        return
    rows = run.connector.read(kind, list(doubted), run.maps.asked(kind))
    for row in rows:
        link = doubted[row.id]
        for name in [name for name, word in link.forms.items() if not word]:
            word, form = link.theirs.get(name, ""), plain(row.values.get(name))
            link.theirs, link.forms = link.theirs | {name: form}, link.forms | {name: word}
    _keep_forms(run, [doubted[row.id] for row in rows])


@retried
@transaction.atomic
def _keep_forms(run: Run, links: Sequence[Link]) -> None:
    run.hold()
    Link.objects.bulk_update(links, ["theirs", "forms"])
