"""Facts and tallies brought up to date by what changed, and all of them made anew: the numbers are the same.

One counter at a time: the row of Counting is held. Changes are read and deleted before the facts are read, each in a
statement of its own, so a change that commits meanwhile is either in the facts or still in the list, or both.
"""

from datetime import datetime
from time import monotonic

from django.db import connection, transaction
from django.utils import timezone

from leads.models import Lead
from leads.retry import retried
from reports.models import Change, Counting, Fact, Tally
from reports.summaries.facts import COLUMNS, COUNTS, FACTS, KEYS, parameters

PAGE = 5_000
FEW = 500  # what a page that is opened counts by itself
SECONDS = 60.0
ONE = 1  # the key of the row


def as_of() -> datetime | None:
    """Everything committed before this moment is in the summaries. None: they were never complete."""
    return Counting.objects.filter(pk=ONE).values_list("as_of", flat=True).first()


def catch_up() -> None:
    """Where little has changed it is counted right now, so that a small company always reads the present figures."""
    if Change.objects.all()[: FEW + 1].count() <= FEW:
        count_due(seconds=0)


def count_due(seconds: float = SECONDS) -> bool:
    """Count what changed, page by page, as long as this takes. False: there is more, or somebody else is at it."""
    until = monotonic() + seconds
    while True:
        done = _count_page()
        if done is not False or monotonic() >= until:
            return bool(done)


@retried
@transaction.atomic
def _count_page() -> bool | None:
    """True: nothing is left. False: there is more. None: somebody else is at it."""
    if not _hold():
        return None
    now = timezone.now()
    leads = _changed() | set(Fact.objects.filter(settles_at__lte=now).values_list("pk", flat=True)[:PAGE])
    if leads:
        _count(sorted(leads))
    if len(leads) >= PAGE or Change.objects.exists():
        return False
    Counting.objects.filter(pk=ONE).update(as_of=now)
    return True


@retried
@transaction.atomic
def make_anew() -> bool:
    """Forget all and count all leads again. False: somebody else is counting."""
    if not _hold():
        return False
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE reports_fact, reports_tally")
        cursor.execute("DELETE FROM reports_change")
        cursor.execute(
            f"INSERT INTO reports_fact ({_list(COLUMNS)}) SELECT {_list(COLUMNS)} FROM ({FACTS}) f", parameters()
        )
        cursor.execute(f"INSERT INTO reports_tally ({_list(KEYS + COUNTS)}) SELECT {_list(KEYS)}, {_sums()}"
                       f" FROM reports_fact GROUP BY {_list(KEYS)}")  # fmt: skip
        cursor.execute("ANALYZE reports_fact")
        cursor.execute("ANALYZE reports_tally")
    Counting.objects.filter(pk=ONE).update(as_of=now)
    return True


def _hold() -> bool:
    """Keep the others away until the transaction ends. A new zone makes every day another one: all leads are due."""
    zone = timezone.get_default_timezone_name()
    Counting.objects.bulk_create([Counting(pk=ONE, zone=zone)], ignore_conflicts=True)
    held = Counting.objects.select_for_update(skip_locked=True).filter(pk=ONE).first()
    if held and held.zone != zone:
        Counting.objects.filter(pk=ONE).update(zone=zone, as_of=None)
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO reports_change (lead_id) SELECT id FROM {Lead._meta.db_table}")
    return held is not None


def _changed() -> set[int]:
    with connection.cursor() as cursor:
        page = "SELECT id FROM reports_change ORDER BY id LIMIT %s"
        cursor.execute(f"DELETE FROM reports_change WHERE id IN ({page}) RETURNING lead_id", [PAGE])
        return {lead for (lead,) in cursor.fetchall()}


def _list(columns: tuple[str, ...], prefix: str = "") -> str:
    return ", ".join(f"{prefix}{column}" for column in columns)


def _sums(sign: str = "") -> str:
    return ", ".join(f"sum({sign}{column})" for column in COUNTS)


# Facts as they were are taken out of the tallies, facts as they are put in: only what differs is written.
_COUNT = f"""
WITH now AS MATERIALIZED ({FACTS} AND l.id = ANY(%(leads)s)),
before AS MATERIALIZED (SELECT {_list(COLUMNS)} FROM reports_fact WHERE lead_id = ANY(%(leads)s)),
gone AS (DELETE FROM reports_fact WHERE lead_id IN (SELECT lead_id FROM before EXCEPT SELECT lead_id FROM now)),
kept AS (
    INSERT INTO reports_fact AS f ({_list(COLUMNS)}) SELECT {_list(COLUMNS)} FROM now
        ON CONFLICT (lead_id) DO UPDATE SET ({_list(COLUMNS)}) = ({_list(COLUMNS, "EXCLUDED.")})
     WHERE ({_list(COLUMNS, "f.")}) IS DISTINCT FROM ({_list(COLUMNS, "EXCLUDED.")})
), gap AS (
    SELECT {_list(KEYS)}, {", ".join(f"sum({count}) AS {count}" for count in COUNTS)}
      FROM (SELECT {_list(KEYS)}, {_list(COUNTS)} FROM now
            UNION ALL SELECT {_list(KEYS)}, {_list(COUNTS, "-")} FROM before) both_ways
     GROUP BY {_list(KEYS)} HAVING {" OR ".join(f"sum({count}) <> 0" for count in COUNTS)}
)
INSERT INTO reports_tally AS t ({_list(KEYS)}, {_list(COUNTS)}) SELECT {_list(KEYS)}, {_list(COUNTS)} FROM gap
    ON CONFLICT ({_list(KEYS)}) DO UPDATE SET {", ".join(f"{count} = t.{count} + EXCLUDED.{count}" for count in COUNTS)}
RETURNING day
"""


def _count(leads: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, parameters() | {"leads": leads})
        days = sorted({day for (day,) in cursor.fetchall()})
    Tally.objects.filter(day__in=days, leads=0).delete()
