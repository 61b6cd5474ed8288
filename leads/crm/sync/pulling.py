"""From the CRM: window after window, page after page, each page and how far we are in one transaction.

A window begins `overlap` before the last one ended, for rows may become visible later than their time stamp says; and
what was changed within it is read by id. So nothing is left out, and what is read twice is known and costs nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from leads.crm.mapping import PEOPLE
from leads.crm.sync.activities import take_activities
from leads.crm.sync.belongings import take_companies, take_deals, take_owners
from leads.crm.sync.people import is_news, take_people
from leads.crm.sync.run import Run
from leads.crm.words import Page, Row, Window
from leads.enums import CrmKind
from leads.models import Cursor, Link, Nudge, SyncProblem
from leads.retry import retried

TAKE: dict[str, Callable[[Run, str, Sequence[Row]], None]] = {
    CrmKind.OWNERS: take_owners, CrmKind.COMPANIES: take_companies, CrmKind.CONTACTS: take_people,
    CrmKind.LEADS: take_people, CrmKind.DEALS: take_deals, CrmKind.ACTIVITIES: take_activities,
}  # fmt: skip
REFERRED = (CrmKind.COMPANIES, *PEOPLE)
TOGETHER = 100  # records asked for by id at once


def pull(run: Run, kind: str) -> bool:
    """Read what changed there. False: the time was up; the next run goes on where this one ended."""
    cursor, _ = Cursor.objects.get_or_create(connection=run.connection, kind=kind)
    if cursor.until is None:
        cursor.until, cursor.after, cursor.read = timezone.now() - run.connector.lag, "", 0
        cursor.total = None
    while True:
        page = run.connector.pull(kind, _window(run, cursor), cursor.after, run.maps.asked(kind))
        page = replace(page, rows=_as_they_are(run, kind, page.rows))
        _bring(run, kind, page.rows)
        for name, value in _store_page(run, cursor, page).items():
            setattr(cursor, name, value)
        run.tell()
        if not page.next:
            return True
        if run.is_over:
            return False


def _as_they_are(run: Run, kind: str, rows: Sequence[Row]) -> Sequence[Row]:
    """Without those that the window shows as they were before we last read or wrote them: they come once more."""
    if not run.connector.shows_late:
        return rows
    known = {link.external_id: link.modified_at for link in _links(run, kind, [row.id for row in rows])}
    return [row for row in rows if (at := known.get(row.id)) is None or row.modified_at >= at]


def take(run: Run, kind: str, rows: Sequence[Row]) -> None:
    """Store rows that were asked for by id, and first what they belong to."""
    _bring(run, kind, rows)
    _store(run, kind, rows)


def read_again(run: Run) -> None:
    """What webhooks told of, and rows that could not be taken and are due once more."""
    now = timezone.now()
    waiting = list(Nudge.objects.filter(connection=run.connection, done_at=None).order_by("pk")[:1000])
    tried = run.connection.problems.filter(way=SyncProblem.IN, retry_at__lte=now)
    due = list(tried.values_list("pk", flat=True))
    refs = {(nudge.kind, nudge.external_id) for nudge in waiting} | {*tried.values_list("kind", "external_id")}
    for kind in run.connector.kinds:
        ids = sorted(id for of, id in refs if of == kind)
        for start in range(0, len(ids), TOGETHER):
            some = ids[start : start + TOGETHER]
            rows = run.connector.read(kind, some, run.maps.asked(kind))
            take(run, kind, rows)
            _gone(run, kind, set(some) - {row.id for row in rows})
    run.connection.problems.filter(pk__in=due, at__lt=now).delete()  # what is not wrong any more is over
    Nudge.objects.filter(pk__in=[nudge.pk for nudge in waiting]).update(done_at=now)


def _gone(run: Run, kind: str, ids: Iterable[str]) -> None:
    rows = [Row(kind, id, timezone.now(), archived=True) for id in ids]
    if rows:
        _store(run, kind, rows)
        run.works(SyncProblem.IN, kind, [row.id for row in rows])


def _window(run: Run, cursor: Cursor) -> Window:
    """By their clock; the cursor keeps ours, so that a clock that is set leaves no gap."""
    until = cursor.until or timezone.now()
    return Window(
        run.there_at_least(cursor.at) - run.connector.overlap if cursor.at else None, run.there_at_most(until)
    )


def _bring(run: Run, kind: str, rows: Sequence[Row]) -> None:
    """Companies and people that new rows belong to and that we have not seen: they are read first."""
    known = {link.external_id: link for link in _links(run, kind, [row.id for row in rows])}
    news = [row for row in rows if is_news(run, kind, row, known.get(row.id))]
    for of in REFERRED:
        wanted = {id for row in news for id in row.links.get(of, ())} if of in run.connector.kinds else set()
        if of == kind or not wanted:
            continue
        wanted -= {link.external_id for link in _links(run, of, wanted)}
        missing = sorted(wanted)
        for start in range(0, len(missing), TOGETHER):
            some = run.connector.read(of, missing[start : start + TOGETHER], run.maps.asked(of))
            take(run, of, some)


def _links(run: Run, kind: str, ids: Iterable[str]) -> Iterable[Link]:
    return Link.objects.filter(connection=run.connection, kind=kind, external_id__in=list(ids))


@retried
@transaction.atomic
def _store(run: Run, kind: str, rows: Sequence[Row]) -> None:
    run.hold()
    TAKE[kind](run, kind, rows)


@retried
@transaction.atomic
def _store_page(run: Run, cursor: Cursor, page: Page) -> dict[str, Any]:
    run.hold()
    TAKE[cursor.kind](run, cursor.kind, page.rows)
    read = cursor.read + len(page.rows)
    if page.next:
        after = {"after": page.next, "until": cursor.until, "read": read, "total": cursor.total or page.total}
    else:
        after = {"after": "", "until": None, "read": read, "total": None, "at": cursor.until}
    Cursor.objects.filter(pk=cursor.pk).update(**after)
    return after
