"""Facts of some leads written, with what that changes in the tallies; and the tallies of a month added up anew.

Only what differs is written, and nothing is taken away before what replaces it is there.
"""

from collections.abc import Collection
from datetime import date

from django.db import connection

from reports.models import Tally
from reports.models.summary import By
from reports.summaries.facts import COLUMNS, COUNTS, FACTS, KEYS, listed, parameters, tallies
from reports.summaries.handoffs import count_handoffs

OF = [of for by in By for way in by.ways for of in (by.days(sourced=way), by.months(sourced=way))]


_REST = [column for column in COLUMNS if column not in COUNTS]

# Facts as they were are taken out of the tallies, facts as they are put in.
_BOTH_WAYS = f"""
SELECT {listed(_REST)}, {listed(COUNTS)} FROM now UNION ALL SELECT {listed(_REST)}, {listed(COUNTS, "-")} FROM before
"""
_COUNT = f"""
WITH now AS MATERIALIZED ({FACTS} AND l.id = ANY(%(leads)s)),
before AS MATERIALIZED (SELECT {listed(COLUMNS)} FROM reports_fact WHERE lead_id = ANY(%(leads)s)),
gone AS (DELETE FROM reports_fact WHERE lead_id IN (SELECT lead_id FROM before EXCEPT SELECT lead_id FROM now)),
kept AS (
    INSERT INTO reports_fact AS f ({listed(COLUMNS)}) SELECT {listed(COLUMNS)} FROM now
        ON CONFLICT (lead_id) DO UPDATE SET ({listed(COLUMNS)}) = ({listed(COLUMNS, "EXCLUDED.")})
     WHERE ({listed(COLUMNS, "f.")}) IS DISTINCT FROM ({listed(COLUMNS, "EXCLUDED.")})
)
INSERT INTO reports_tally AS t ({listed(KEYS)}, {listed(COUNTS)})
SELECT {listed(KEYS)}, {listed(COUNTS)} FROM ({tallies(_BOTH_WAYS)}) gap
 WHERE {" OR ".join(f"{count} <> 0" for count in COUNTS)} ORDER BY {listed(KEYS)}
    ON CONFLICT ({listed(KEYS)}) DO UPDATE
   SET {", ".join(f"{count} = t.{count} + EXCLUDED.{count}" for count in COUNTS)}
RETURNING day
"""


def count(leads: Collection[int]) -> None:
    """What came of these leads and of their handoffs, as it is now. Whoever is gone or was merged is taken out."""
    if not leads:
        return
    count_handoffs(leads)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, parameters() | {"leads": sorted(leads)})
        days = {day for (day,) in cursor.fetchall()}
    Tally.objects.filter(of__in=OF, day__in=days, leads=0).delete()


_MONTH = "day >= %(month)s AND day < %(month)s + interval '1 month'"
_ADD_UP = f"""
WITH fresh AS MATERIALIZED ({tallies(f"SELECT * FROM reports_fact WHERE {_MONTH}")}),
gone AS (
    DELETE FROM reports_tally t WHERE of = ANY(%(of)s) AND {_MONTH}
       AND NOT EXISTS (SELECT FROM fresh f WHERE ({listed(KEYS, "f.")}) = ({listed(KEYS, "t.")}))
)
INSERT INTO reports_tally AS t ({listed(KEYS)}, {listed(COUNTS)})
SELECT {listed(KEYS)}, {listed(COUNTS)} FROM fresh ORDER BY {listed(KEYS)}
    ON CONFLICT ({listed(KEYS)}) DO UPDATE SET ({listed(COUNTS)}) = ({listed(COUNTS, "EXCLUDED.")})
 WHERE ({listed(COUNTS, "t.")}) IS DISTINCT FROM ({listed(COUNTS, "EXCLUDED.")})
"""


def add_up(month: date) -> None:
    """The tallies of the days of a month and of the month, from the facts that are there."""
    with connection.cursor() as cursor:
        cursor.execute(_ADD_UP, {"month": month, "of": OF})
