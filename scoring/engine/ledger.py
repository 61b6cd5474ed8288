"""The only writer of standings. What it writes it also enters into the history, and what follows into Move, at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from scoring.engine.evaluate import COLUMNS, Compiled

# What makes two standings differ. as_of and due_at do not: the same standing counted later is no change.
_NUMBERS = ("version", "fit", "engagement", "total", "grade", "label", "points")

# {scored}: rows of COLUMNS, the revision `rev` of the facts that were read, and the moment `as_of` they were read for.
# {cause}: why a changed standing changed, from the standing `o` as it was.
# The guard makes the revision monotone: a result from older facts never lands on one from newer.
_RECORD = """
WITH scored AS MATERIALIZED ({scored}),
compared AS (
    SELECT n.*, o.seq, o.total AS total_before, o.grade AS grade_before, o.label AS label_before, {cause} AS cause,
           ({old}) IS DISTINCT FROM ({new}) AS changed
      FROM scored n JOIN leads_standing o USING (lead_id)
), written AS (
    UPDATE leads_standing s
       SET version = n.version, fit = n.fit, engagement = n.engagement, total = n.total, grade = n.grade,
           label = n.label, points = n.points, due_at = n.due_at, as_of = n.as_of, seq = n.seq + n.changed::int,
           scored_rev = n.rev, changed_at = CASE WHEN n.changed THEN %s ELSE s.changed_at END
      FROM compared n
     WHERE s.lead_id = n.lead_id AND s.scored_rev <= n.rev {only}
    RETURNING n.*, s.seq AS seq_after
), entered AS (
    INSERT INTO scoring_entry (lead_id, seq, cause, version_id, as_of, recorded_at, total_before, grade_before,
                               label_before, fit, engagement, total, grade, label, points)
    SELECT lead_id, seq_after, cause, version, as_of, %s, total_before, grade_before, label_before, fit, engagement,
           total, grade, label, points
      FROM written WHERE changed
), moved AS (
    INSERT INTO scoring_move (lead_id, version_id, cause, label_before, label, at)
    SELECT lead_id, version, cause, label_before, label, %s
      FROM written WHERE changed AND label IS DISTINCT FROM label_before
)
SELECT count(*), count(*) FILTER (WHERE changed) FROM written
"""

_OLD, _NEW = (", ".join(f"{alias}.{column}" for column in _NUMBERS) for alias in "on")
_TIME_OR_FACTS = "CASE WHEN o.scored_rev < o.facts_rev THEN o.due_cause ELSE 'decay' END"


def record(claimed: Sequence[tuple[int, int]], compiled: Compiled, as_of: datetime, now: datetime) -> int:
    """Score the claimed leads, (lead id, revision of its facts) each, and write what came out. Returns the changed.

    The caller holds the rows. Every one is written, since every one stops being due.
    """
    scored = (
        f"SELECT r.*, c.rev, %s::timestamptz AS as_of FROM ({compiled.sql}) AS r({', '.join(COLUMNS)})"
        " JOIN unnest(%s::bigint[], %s::bigint[]) AS c(lead_id, rev) USING (lead_id)"
    )
    ids, revs = [lead for lead, _ in claimed], [rev for _, rev in claimed]
    params = [as_of, *compiled.bound(ids, as_of), ids, revs]
    return _write(scored, params, _TIME_OR_FACTS, now, only="")[1]


def switch(publication: int, now: datetime) -> int:
    """Every standing takes the score of the publication, in one statement. Returns how many changed.

    A lead whose facts moved on meanwhile stays due. Leads the new versions score as before are only written where
    their revision or next moment differs.
    """
    scored = f"SELECT {', '.join(COLUMNS)}, rev, as_of FROM scoring_publicationscore WHERE publication_id = %s"
    only = "AND (n.changed OR s.scored_rev < n.rev OR s.due_at IS DISTINCT FROM n.due_at)"
    return _write(scored, [publication], "'rules'", now, only)[1]


def _write(scored: str, params: list[Any], cause: str, now: datetime, only: str) -> tuple[int, int]:
    sql = _RECORD.format(scored=scored, cause=cause, old=_OLD, new=_NEW, only=only)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, now, now, now])
        return cursor.fetchone()
