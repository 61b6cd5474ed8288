"""Facts and tallies brought up to date by what changed. What all of it anew takes is in anew.py.

One counter at a time: the row of Counting is held. Changes are read and deleted before the facts are read, each in a
statement of its own, so a change that commits meanwhile is either in the facts or still in the list, or both.
"""

from collections.abc import Callable
from datetime import datetime
from time import monotonic, sleep

from django.db import connection, transaction
from django.utils import timezone

from leads.retry import retried
from reports.models import Change, Counting, Fact
from reports.summaries import anew
from reports.summaries.writing import count

PAGE = 5_000
FEW = 500  # what a page that is opened counts by itself
SECONDS = 60.0
WAITED = 5.0  # by a person, at most
ONE = 1  # the key of the row
WAIT, PATIENCE = 0.1, 600  # seconds, and how often: for somebody else who counts


def as_of() -> datetime | None:
    """Everything committed before this moment is in the summaries. None: they were never complete."""
    return Counting.objects.filter(pk=ONE).values_list("as_of", flat=True).first()


def catch_up() -> None:
    """Where little has changed it is counted right now, so that a small company always reads the present figures."""
    if Change.objects.all()[: FEW + 1].count() <= FEW:
        _count_page(anew_too=False)


def count_due(seconds: float = SECONDS) -> bool:
    """Count what changed, page by page, as long as this takes, and go on with what is counted anew.

    False: there is more, or somebody else is at it.
    """
    until = monotonic() + seconds
    while True:
        done = _count_page()
        if done is not False or monotonic() >= until:
            return bool(done)


def count_now() -> bool:
    """The same for somebody who waits: five seconds at most. False: the rest is counted in the background."""
    return count_due(seconds=WAITED)


def make_anew(say: Callable[[float], None] = lambda part: None) -> bool:
    """Count everything again, to the end. False: somebody else was at it all the time.

    As the summaries stand: who reads them meanwhile reads them whole. It is done page by page and goes on after
    whatever ends it, here or in the background. `say` hears which part is done.
    """
    start_anew()
    waited = 0
    while (done := _count_page()) is not True and waited < PATIENCE:
        waited = waited + 1 if done is None else 0
        sleep(WAIT if done is None else 0)
        say(progress() or 1.0)
    return done is True


@retried
@transaction.atomic
def start_anew() -> None:
    """Where it is under way already it goes on."""
    if (held := _hold(skip=False)) and not anew.underway(held):
        anew.start(held)
        held.save()


def progress() -> float | None:
    """Which part is done of what is counted anew. None: nothing is."""
    held = Counting.objects.filter(pk=ONE).first()
    return anew.progress(held) if held and anew.underway(held) else None


@retried
@transaction.atomic
def _count_page(*, anew_too: bool = True) -> bool | None:
    """True: nothing is left. False: there is more. None: somebody else is at it."""
    held = _hold()
    if held is None:
        return None
    now = timezone.now()
    leads = _changed() | set(Fact.objects.filter(settles_at__lte=now).values_list("pk", flat=True)[:PAGE])
    if leads:
        count(leads)
    if len(leads) >= PAGE or Change.objects.exists():
        return False
    if anew_too:
        anew.step(held, PAGE)
    if held.as_of or not anew.underway(held):
        held.as_of = now
    held.save()
    return not (anew_too and anew.underway(held))


def _hold(*, skip: bool = True) -> Counting | None:
    """Keep the others away until the transaction ends; `skip`: None where somebody else does.

    A new zone makes every day another one: nothing is complete until all is counted anew.
    """
    zone = timezone.get_default_timezone_name()
    Counting.objects.bulk_create([Counting(pk=ONE, zone=zone)], ignore_conflicts=True)
    held = Counting.objects.select_for_update(skip_locked=skip).filter(pk=ONE).first()
    if held and held.zone != zone:
        held.zone, held.as_of = zone, None
        anew.start(held)
        held.save()
    return held


def _changed() -> set[int]:
    with connection.cursor() as cursor:
        page = "SELECT id FROM reports_change ORDER BY id LIMIT %s"
        cursor.execute(f"DELETE FROM reports_change WHERE id IN ({page}) RETURNING lead_id", [PAGE])
        return {lead for (lead,) in cursor.fetchall()}
