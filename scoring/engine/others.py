"""Where several models are live: the scores of those that do not decide a lead's standing, kept beside it.

The first model whose audience a lead belongs to decides its standing. Every later one whose audience it belongs to
keeps a row of scoring.Score, written in the transaction that writes the standing. With one model there is nothing to
do, and nothing is asked.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from scoring.engine.beside import others_for
from scoring.engine.evaluate import COLUMNS, SCORE, Compiled, numbers_of

_COLUMNS = ", ".join(COLUMNS)

# {counted}: rows of COLUMNS and the model, of each model beside the deciding one; version NULL: the lead is not meant.
_PUT = f"""
INSERT INTO scoring_score (lead_id, model_id, as_of, version_id, {", ".join(SCORE[1:])})
SELECT c.lead_id, c.model_id, c.as_of, c.version, {numbers_of("c")}
  FROM counted c LEFT JOIN scoring_score s USING (lead_id, model_id)
 WHERE c.version IS NOT NULL
   AND (s.version_id, {numbers_of("s")}) IS DISTINCT FROM (c.version, {numbers_of("c")})
 ORDER BY c.lead_id
ON CONFLICT (lead_id, model_id) DO UPDATE SET (as_of, version_id, {", ".join(SCORE[1:])})
   = (EXCLUDED.as_of, EXCLUDED.version_id, {numbers_of("EXCLUDED")})
"""

_GONE = """
DELETE FROM scoring_score s WHERE {whose} NOT EXISTS
    (SELECT FROM counted c WHERE c.lead_id = s.lead_id AND c.model_id = s.model_id)
"""

# A standing is due when the first of the models would count anew.
_RECORD = f"""
WITH counted AS MATERIALIZED (
    SELECT r.*, v.model_id, %s::timestamptz AS as_of
      FROM ({{sql}}) AS r({_COLUMNS}) LEFT JOIN scoring_version v ON v.id = r.version
), put AS ({_PUT}), gone AS ({_GONE.format(whose="s.lead_id = ANY(%s) AND")})
UPDATE leads_standing t SET due_at = d.due_at
  FROM (SELECT lead_id, min(due_at) AS due_at FROM counted GROUP BY lead_id) d
 WHERE t.lead_id = d.lead_id AND d.due_at < COALESCE(t.due_at, 'infinity')
"""

_KEEP = f"""
WITH counted AS MATERIALIZED (SELECT r.* FROM ({{sql}}) AS r({_COLUMNS})), kept AS (
    INSERT INTO scoring_publicationother (publication_id, as_of, lead_id, {", ".join(SCORE)})
    SELECT %s, %s, lead_id, {", ".join(SCORE)} FROM counted WHERE version IS NOT NULL
)
UPDATE scoring_publicationscore t SET due_at = d.due_at
  FROM (SELECT lead_id, min(due_at) AS due_at FROM counted GROUP BY lead_id) d
 WHERE t.publication_id = %s AND t.lead_id = d.lead_id AND d.due_at < COALESCE(t.due_at, 'infinity')
"""

_SWITCH = f"""
WITH counted AS MATERIALIZED (
    SELECT o.*, v.model_id FROM scoring_publicationother o JOIN scoring_version v ON v.id = o.version
     WHERE publication_id = %s
), put AS ({_PUT})
{_GONE.format(whose="")}
"""


def record_others(versions: tuple[int, ...], lead_ids: Sequence[int], as_of: datetime) -> None:
    """Count these leads by every model beside the deciding one. Call it with their standings written, and held."""
    if compiled := others_for(versions):
        ids = list(lead_ids)
        _run(_RECORD.format(sql=compiled.sql), [as_of, *compiled.bound(ids, as_of), ids])


def keep_others(
    publication: int, versions: tuple[int, ...], lead_ids: Sequence[int], as_of: datetime, *, dense: bool
) -> None:
    """The same in the wings: beside the scores of the publication, for its switch."""
    if compiled := others_for(versions, dense=dense):
        ids = list(lead_ids)
        _run("DELETE FROM scoring_publicationother WHERE publication_id = %s AND lead_id = ANY(%s)", [publication, ids])
        _run(_KEEP.format(sql=compiled.sql), [*compiled.bound(ids, as_of), publication, as_of, publication])


def switch_others(publication: int) -> None:
    """What was kept for the publication becomes what is shown, and nothing else is."""
    _run(_SWITCH, [publication])
    forget_others(publication)


def forget_others(publication: int) -> None:
    _run("DELETE FROM scoring_publicationother WHERE publication_id = %s", [publication])


def differing_others(compiled: Compiled, lead_ids: Sequence[int], as_of: datetime) -> list[int]:
    """The leads that are not due and whose scores beside the standing are not what their facts give."""
    sql = f"""
    WITH counted AS MATERIALIZED (
        SELECT r.*, v.model_id FROM ({compiled.sql}) AS r({_COLUMNS}) JOIN scoring_version v ON v.id = r.version
    )
    SELECT DISTINCT t.lead_id FROM (
        SELECT lead_id FROM counted c FULL JOIN (SELECT * FROM scoring_score WHERE lead_id = ANY(%s)) s
            USING (lead_id, model_id)
         WHERE (c.version, {numbers_of("c")}) IS DISTINCT FROM (s.version_id, {numbers_of("s")})
    ) wrong JOIN leads_standing t USING (lead_id)
     WHERE t.scored_rev >= t.facts_rev AND (t.due_at IS NULL OR t.due_at > %s)
    """
    ids = list(lead_ids)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*compiled.bound(ids, as_of), ids, as_of])
        return [row[0] for row in cursor.fetchall()]


def _run(sql: str, params: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
