"""All leads and all tallies counted again, in pages, beside what changes meanwhile.

First every lead, in the order of their ids, then the tallies of each month from the facts that are there by then. How
far it is stands in the row of Counting, so that it goes on where it was after whatever ended it; until a page of it is
committed its old figures stand.
"""

from datetime import date

from django.db import connection

from reports.days import next_month
from reports.models import Counting
from reports.summaries.writing import add_up, count


def start(held: Counting) -> None:
    held.anew_lead, held.anew_month = 0, None


def underway(held: Counting) -> bool:
    return held.anew_lead is not None or held.anew_month is not None


def step(held: Counting, page: int) -> None:
    """One page of leads, or one month of tallies. `held` knows afterwards how far it is."""
    if held.anew_lead is not None:
        leads = _after(held.anew_lead, page)
        count(leads)
        held.anew_lead = leads[-1] if leads else None
        if not leads:
            held.anew_month = _month_from(date.min)
    elif held.anew_month is not None:
        add_up(held.anew_month)
        held.anew_month = _month_from(next_month(held.anew_month))


def progress(held: Counting) -> float:
    """The part of the leads that is done; the tallies that come after them are quick."""
    if held.anew_lead is None:
        return 1.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM leads_lead")
        ((last,),) = cursor.fetchall()
    return min(1.0, held.anew_lead / last) if last else 1.0


_AFTER = """
SELECT id FROM ((SELECT id FROM leads_lead WHERE id > %(lead)s ORDER BY id LIMIT %(page)s)
                UNION (SELECT lead_id FROM reports_fact WHERE lead_id > %(lead)s ORDER BY lead_id LIMIT %(page)s)) AS l
 ORDER BY id LIMIT %(page)s
"""


def _after(lead: int, page: int) -> list[int]:
    """The next leads, those that are gone but still have a fact among them."""
    with connection.cursor() as cursor:
        cursor.execute(_AFTER, {"lead": lead, "page": page})
        return [number for (number,) in cursor.fetchall()]


def _month_from(day: date) -> date | None:
    """The next month in which there are leads or tallies; None: no more."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(day) FROM (SELECT min(day) AS day FROM reports_fact WHERE day >= %(day)s UNION ALL"
                       " SELECT min(day) FROM reports_tally WHERE day >= %(day)s) AS first", {"day": day})  # fmt: skip
        ((found,),) = cursor.fetchall()
    return found.replace(day=1) if found else None
