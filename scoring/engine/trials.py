"""Both scores of every lead in an experiment: one side decides the standing, what the others say is kept beside it.

Written in the transaction that writes the standing, like the scores of other models (scoring/engine/others.py). Who
came into an experiment, and on which side, is written once and stays. With nothing on trial nothing is asked.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from scoring.engine.beside import trials_for
from scoring.engine.evaluate import COLUMNS, SCORE, Compiled, numbers_of

_NUMBERS = ", ".join(SCORE[1:])
_COLUMNS = ", ".join(COLUMNS)

# A standing is due when the first of the sides would count anew.
_RECORD = f"""
WITH counted AS MATERIALIZED (SELECT r.* FROM ({{sql}}) AS r({_COLUMNS})), put AS (
    INSERT INTO scoring_trialscore (lead_id, version_id, as_of, {_NUMBERS})
    SELECT c.lead_id, c.version, %s::timestamptz, {numbers_of("c")}
      FROM counted c LEFT JOIN scoring_trialscore s ON s.lead_id = c.lead_id AND s.version_id = c.version
     WHERE ({numbers_of("s")}) IS DISTINCT FROM ({numbers_of("c")})
     ORDER BY c.lead_id, c.version
    ON CONFLICT (lead_id, version_id) DO UPDATE SET (as_of, {_NUMBERS})
       = (EXCLUDED.as_of, {numbers_of("EXCLUDED")})
), gone AS (
    DELETE FROM scoring_trialscore s WHERE s.lead_id = ANY(%s) AND NOT EXISTS
        (SELECT FROM counted c WHERE c.lead_id = s.lead_id AND c.version = s.version_id)
)
UPDATE leads_standing t SET due_at = d.due_at
  FROM (SELECT lead_id, min(due_at) AS due_at FROM counted GROUP BY lead_id) d
 WHERE t.lead_id = d.lead_id AND d.due_at < COALESCE(t.due_at, 'infinity')
"""

_ENROL = """
INSERT INTO scoring_participant (experiment_id, arm_id, lead_id, team_id, entered_at)
SELECT e.id, a.id, s.lead_id, s.team_id, %s
  FROM leads_standing s JOIN scoring_arm a ON a.version_id = s.version
  JOIN scoring_experiment e ON e.id = a.experiment_id AND e.ended_at IS NULL AND s.lead_id > e.after
 WHERE s.lead_id = ANY(%s) ORDER BY s.lead_id
ON CONFLICT DO NOTHING
"""

_DIFFERENT = f"""
WITH counted AS MATERIALIZED (SELECT r.* FROM ({{sql}}) AS r({_COLUMNS}))
SELECT DISTINCT t.lead_id FROM (
    SELECT COALESCE(c.lead_id, s.lead_id) AS lead_id
      FROM counted c FULL JOIN (SELECT * FROM scoring_trialscore WHERE lead_id = ANY(%s)) s
        ON s.lead_id = c.lead_id AND s.version_id = c.version
     WHERE (c.version, {numbers_of("c")}) IS DISTINCT FROM (s.version_id, {numbers_of("s")})
) wrong JOIN leads_standing t USING (lead_id)
 WHERE t.scored_rev >= t.facts_rev AND (t.due_at IS NULL OR t.due_at > %s)
"""

_LEFT = """
SELECT s.lead_id FROM scoring_trialscore s LEFT JOIN scoring_version v ON v.id = s.version_id
 WHERE NOT coalesce(v.id = ANY(%s), false)
"""


def record_trials(versions: tuple[int, ...], lead_ids: Sequence[int], as_of: datetime) -> None:
    """Count these leads by the other sides, and enrol them. Call it with their standings written, and held."""
    if compiled := trials_for(versions):
        ids = list(lead_ids)
        with connection.cursor() as cursor:
            cursor.execute(_RECORD.format(sql=compiled.sql), [*compiled.bound(ids, as_of), as_of, ids])
        enrol(ids, as_of)


def enrol(lead_ids: Sequence[int], as_of: datetime) -> None:
    """Those who came into an experiment, on the side whose version has scored them. Once in each."""
    with connection.cursor() as cursor:
        cursor.execute(_ENROL, [as_of, list(lead_ids)])


def differing_trials(compiled: Compiled, lead_ids: Sequence[int], as_of: datetime) -> list[int]:
    """The leads that are not due and whose scores by the other sides are not what their facts give."""
    ids = list(lead_ids)
    return _leads(_DIFFERENT.format(sql=compiled.sql), [*compiled.bound(ids, as_of), ids, as_of])


def left_over(versions: tuple[int, ...]) -> list[int]:
    """The leads with a score by a version that scores no longer."""
    return _leads(_LEFT, [list(versions)])


def _leads(sql: str, params: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [row[0] for row in cursor.fetchall()]
