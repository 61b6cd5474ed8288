"""Fields have a history: who set them, from where, and what they were."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, transaction


@contextmanager
def attributed(*, by: Any = None, origin: str = "", held_at: datetime | None = None) -> Iterator[None]:
    """Field changes inside are put down to `by` and `origin`, as holding since `held_at` (default: now).

    Opens a transaction; the settings the triggers read end with it.
    """
    with transaction.atomic():
        _tell(str(by.pk) if by else "", origin, held_at.isoformat() if held_at else "")
        yield
        _tell("", "", "")


def _tell(by: str, origin: str, held_at: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('leadscore.by', %s, true), set_config('leadscore.origin', %s, true),"
            " set_config('leadscore.held_at', %s, true)",
            [by, origin, held_at],
        )


# `t` with what `u` says has changed since: text columns, and custom fields, of which an old null means there was none.
UNDONE = """COALESCE(u.columns, '{}') || CASE WHEN u.custom IS NULL THEN '{}' ELSE
           jsonb_build_object('fields', jsonb_strip_nulls(t.fields || u.custom)) END"""

# Leads and companies as they were: present rows with every later change undone. A CTE of a table's own name stands in
# its place for the query behind it, so whoever reads leads as of a moment runs the very SQL that reads them today.
_AS_OF = """
{table} AS (
    SELECT r.*
      FROM {table} t
      LEFT JOIN (
        SELECT row_id, jsonb_object_agg(field, old) FILTER (WHERE NOT starts_with(field, 'fields.')) AS columns,
               jsonb_object_agg(substr(field, 8), old) FILTER (WHERE starts_with(field, 'fields.')) AS custom
          FROM (SELECT DISTINCT ON ({key}, field) {key} AS row_id, field, old FROM leads_change
                 WHERE {key} IS NOT NULL AND GREATEST(held_at, {known}) > %s ORDER BY {key}, field, held_at, id) AS undo
         GROUP BY row_id
      ) u ON u.row_id = t.id
     CROSS JOIN LATERAL jsonb_populate_record(t, {undone}) AS r
     WHERE {rows}
)"""

# What we know by now to be a robot's is left out of every past moment; as it was known, only from when we found out.
_EVENTS = "leads_event AS (SELECT * FROM leads_event WHERE lead_id = ANY(%s) AND occurred_at <= %s)"
_EVENTS_AS_KNOWN = """
leads_event AS (
    SELECT e.id, e.lead_id, e.kind_id, e.source_id, e.occurred_at, e.day, e.received_at, e.message_id, e.properties,
           COALESCE(q.then_held, e.quarantined) AS quarantined
      FROM leads_event e
      LEFT JOIN (SELECT event_id, bool_or(at <= %s AND (released_at IS NULL OR released_at > %s)) AS then_held
                   FROM leads_quarantine GROUP BY event_id) q ON q.event_id = e.id
     WHERE e.lead_id = ANY(%s) AND GREATEST(e.occurred_at, e.received_at) <= %s
       -- what came with a merged lead was known of this one since the merge
       AND (e.came_by IS NULL OR EXISTS (
           SELECT 1 FROM leads_merge m WHERE m.survivor_id = e.lead_id AND e.came_by = ANY(m.brought)
              AND m.undone_at IS NULL AND m.at <= %s))
)"""


def as_of_sql(lead_ids: Sequence[int], moment: datetime, *, as_known: bool = False) -> tuple[str, list[Any]]:
    """CTEs under which leads, their companies and events are what they were at the moment.

    With `as_known` also only what we had learned by then: later corrections and late arrivals are left out.
    Put them behind WITH, before the SQL that is to read the past. Leads created later are not there.
    """
    known = "learned_at" if as_known else "held_at"
    ids = list(lead_ids)
    there = "t.id = ANY(%s) AND t.created_at <= %s"
    lead = _AS_OF.format(table="leads_lead", key="lead_id", known=known, undone=UNDONE, rows=there)
    company = _AS_OF.format(table="leads_company", key="company_id", known=known, undone=UNDONE, rows="true")
    event = _EVENTS_AS_KNOWN if as_known else _EVENTS
    marks, ours = ([moment] * 2, [moment]) if as_known else ([], [])
    return f"{lead}, {company}, {event}", [moment, ids, moment, moment, *marks, ids, moment, *ours]
