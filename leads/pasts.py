"""Many leads, each as it was at a moment of its own, in one statement.

What as_of_sql (leads/history.py) says for one moment, for as many moments as there are leads. A company is what it was
at the moment of the lead, so each lead has a company row of its own, with the lead's id.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from leads.history import UNDONE
from leads.models import Company, Lead
from leads.models.event import day_number


def _columns(model: Any, alias: str, **instead: str) -> str:
    names = [field.column for field in model._meta.concrete_fields]
    return ", ".join(f"{instead[name]} AS {name}" if name in instead else f"{alias}.{name}" for name in names)


# {undone}: the columns and custom fields that changed since, with what they were.
_UNDO = """
SELECT row_id, jsonb_object_agg(field, old) FILTER (WHERE NOT starts_with(field, 'fields.')) AS columns,
       jsonb_object_agg(substr(field, 8), old) FILTER (WHERE starts_with(field, 'fields.')) AS custom
  FROM (SELECT DISTINCT ON (m.lead_id, c.field) m.lead_id AS row_id, c.field, c.old
          FROM {moments} m JOIN leads_change c ON c.{key} = m.{key}
         WHERE GREATEST(c.held_at, c.{known}) > m.moment ORDER BY m.lead_id, c.field, c.held_at, c.id) AS undo
 GROUP BY row_id
"""

_SQL = f"""
moments AS MATERIALIZED (
    SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::int[]) AS given(lead_id, moment, today)
),
past_lead AS MATERIALIZED (
    SELECT r.*, m.moment, m.today
      FROM moments m JOIN leads_lead t ON t.id = m.lead_id AND t.created_at <= m.moment
      LEFT JOIN ({{lead_undo}}) u ON u.row_id = t.id
     CROSS JOIN LATERAL jsonb_populate_record(t, {{undone}}) AS r
),
at_company AS MATERIALIZED (SELECT id AS lead_id, company_id, moment FROM past_lead WHERE company_id IS NOT NULL),
leads_company AS MATERIALIZED (
    SELECT {_columns(Company, "r", id="m.lead_id")}
      FROM at_company m JOIN leads_company t ON t.id = m.company_id
      LEFT JOIN ({{company_undo}}) u ON u.row_id = m.lead_id
     CROSS JOIN LATERAL jsonb_populate_record(t, {{undone}}) AS r
),
leads_lead AS MATERIALIZED (
    SELECT {_columns(Lead, "r", company_id="CASE WHEN r.company_id IS NOT NULL THEN r.id END")}, r.today
      FROM past_lead r
),
leads_event AS (
    SELECT e.id, e.lead_id, e.kind_id, e.source_id, e.occurred_at, e.day, e.received_at, e.message_id, e.properties,
           {{held}} AS quarantined, m.today
      FROM moments m JOIN leads_event e ON e.lead_id = m.lead_id AND e.occurred_at <= m.moment
     WHERE {{arrived}}
)"""

# What we know by now to be a robot's is left out of every past moment; as it was known, only from when we found out.
_HELD_THEN = """
COALESCE((SELECT bool_or(q.at <= m.moment AND (q.released_at IS NULL OR q.released_at > m.moment))
            FROM leads_quarantine q WHERE q.event_id = e.id), e.quarantined)"""


def as_of_each_sql(moments: Sequence[tuple[int, datetime]], *, as_known: bool = False) -> tuple[str, list[Any]]:
    """CTEs under which leads, their companies and events are what they were at (lead id, moment).

    Leads and events have a column more, `today`: the day number of their moment. With `as_known` also only what we had
    learned by then. Put them behind WITH, before the SQL that is to read the past.
    """
    known = "learned_at" if as_known else "held_at"
    sql = _SQL.format(
        undone=UNDONE,
        lead_undo=_UNDO.format(moments="moments", key="lead_id", known=known),
        company_undo=_UNDO.format(moments="at_company", key="company_id", known=known),
        held=_HELD_THEN if as_known else "e.quarantined",
        arrived="e.received_at <= m.moment" if as_known else "true",
    )
    at = [moment for _, moment in moments]
    return sql, [[lead for lead, _ in moments], at, [day_number(moment) for moment in at]]
