"""What sales did with the handoffs of some leads, read from handoffs, feedback, events and deals, and written."""

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import F

from leads.enums import DealState, HandoffState
from leads.models import Feedback, Handoff
from leads.selling.followup import with_first_touch
from reports.models import HandoffFact
from reports.summaries.facts import listed, parameters

COLUMNS = tuple(str(field.column) for field in HandoffFact._meta.concrete_fields if not field.generated)

# What sales said of a handoff that is rejected now.
_SAID = f"""
SELECT DISTINCT ON (f.handoff_id) f.handoff_id, f.reason_id, f.misled_by
  FROM leads_feedback f JOIN leads_handoff h ON h.id = f.handoff_id
 WHERE h.lead_id = ANY(%(leads)s) AND h.state = '{HandoffState.REJECTED}' AND f.verdict = '{Feedback.REJECTED}'
 ORDER BY f.handoff_id, f.created_at DESC, f.id DESC
"""
_WORDS = f"""
INSERT INTO reports_word (text)
SELECT text FROM (SELECT '' UNION SELECT source FROM leads_lead WHERE id = ANY(%(leads)s)
                  UNION SELECT unnest(ARRAY[reason_id, misled_by]) FROM ({_SAID}) said) AS w(text)
 WHERE text IS NOT NULL AND NOT EXISTS (SELECT FROM reports_word r WHERE r.text = w.text)
    ON CONFLICT DO NOTHING
"""
_FACTS = f"""
SELECT h.id AS handoff_id, h.lead_id, h.team_id, source.id AS source_id,
       (h.opened_at AT TIME ZONE %(zone)s)::date AS day, coalesce(h.version, 0) AS version, h.label, h.total,
       (SELECT string_agg(CASE WHEN point = 0 THEN '0' ELSE '1' END, '' ORDER BY place)::varbit
          FROM unnest(h.points) WITH ORDINALITY AS p(point, place)) AS given,
       h.state, h.decided_by_id AS rep, h.due_at, answer.hours,
       answer.hours IS NOT NULL AND h.decided_at <= h.due_at AS in_time,
       date_part('epoch', touch.at - h.opened_at) / 86400 AS touched,
       EXISTS (SELECT FROM leads_deal WHERE lead_id = h.lead_id AND state = '{DealState.WON}') AS winner,
       reason.id AS reason_id, misled_by.id AS misled_by_id
  FROM leads_handoff h
  JOIN leads_lead l ON l.id = h.lead_id
  LEFT JOIN ({_SAID}) said ON said.handoff_id = h.id
  LEFT JOIN ({{touches}}) touch ON touch.id = h.id
  JOIN reports_word source ON source.text = l.source
  JOIN reports_word reason ON reason.text = coalesce(said.reason_id, '')
  JOIN reports_word misled_by ON misled_by.text = coalesce(said.misled_by, '')
 CROSS JOIN LATERAL (SELECT CASE WHEN h.state <> '{HandoffState.EXPIRED}' THEN h.hours_taken END AS hours) answer
 WHERE h.lead_id = ANY(%(leads)s)
   AND NOT EXISTS (SELECT FROM scoring_controlcase WHERE handoff_id = h.id AND excluded)
"""


_COUNT = f"""
WITH now AS MATERIALIZED ({_FACTS}),
gone AS (
    DELETE FROM reports_handofffact WHERE lead_id = ANY(%(leads)s) AND handoff_id NOT IN (SELECT handoff_id FROM now)
)
INSERT INTO reports_handofffact AS f ({listed(COLUMNS)}) SELECT {listed(COLUMNS)} FROM now
    ON CONFLICT (handoff_id) DO UPDATE SET ({listed(COLUMNS)}) = ({listed(COLUMNS, "EXCLUDED.")})
 WHERE ({listed(COLUMNS, "f.")}) IS DISTINCT FROM ({listed(COLUMNS, "EXCLUDED.")})
"""


def count_handoffs(leads: Iterable[int]) -> None:
    """What sales did with the handoffs of these leads, as it is now. Those that are gone are taken out."""
    leads = sorted(leads)
    touches, given = _touches(leads)
    with connection.cursor() as cursor:
        values = parameters() | {"leads": leads}
        cursor.execute(_WORDS, values)
        cursor.execute(_COUNT.format(touches=touches), values | given)


def _touches(leads: list[int]) -> tuple[str, dict[str, Any]]:
    """When somebody first reached out after each accepted handoff, as SQL with named values."""
    rows = with_first_touch(Handoff.objects.filter(lead__in=leads, state=HandoffState.ACCEPTED))
    sql, given = rows.order_by().values("id", at=F("first_touch_at")).query.sql_with_params()
    names = {f"touch_{place}": value for place, value in enumerate(given)}
    return sql % tuple(f"%({name})s" for name in names), names
