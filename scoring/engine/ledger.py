"""The only writer of standings. What it writes it also enters into the history, and what follows into Move, at once."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import BigIntegerField, DateTimeField

from leads.conditions.sql import Parameter, bind
from leads.models.event import day_number
from scoring.engine.evaluate import COLUMNS, LEADS, Compiled
from scoring.engine.expressions import AS_OF
from scoring.engine.prepared import Prepared

REVS = Parameter("revs", "bigint[]", ArrayField(BigIntegerField()))
NOW = Parameter("now", "timestamptz", DateTimeField())
FEW = 50

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
           scored_rev = n.rev, changed_at = CASE WHEN n.changed THEN %s::timestamptz ELSE s.changed_at END
      FROM compared n
     WHERE s.lead_id = n.lead_id AND s.scored_rev <= n.rev {only}
    RETURNING n.*, s.seq AS seq_after
), entered AS (
    INSERT INTO scoring_entry (lead_id, seq, cause, version_id, as_of, recorded_at, total_before, grade_before,
                               label_before, fit, engagement, total, grade, label, points)
    SELECT lead_id, seq_after, cause, version, as_of, %s::timestamptz, total_before, grade_before, label_before, fit,
           engagement, total, grade, label, points
      FROM written WHERE changed
), moved AS (
    INSERT INTO scoring_move (lead_id, version_id, cause, label_before, label, at)
    SELECT lead_id, version, cause, label_before, label, %s::timestamptz
      FROM written WHERE changed AND label IS DISTINCT FROM label_before
    RETURNING 1
)
SELECT (SELECT count(*) FROM written WHERE changed), (SELECT count(*) FROM moved)
"""

_OLD, _NEW = (", ".join(f"{alias}.{column}" for column in _NUMBERS) for alias in "on")
_TIME_OR_FACTS = "CASE WHEN o.scored_rev < o.facts_rev THEN o.due_cause ELSE 'decay' END"


def record(claimed: Sequence[tuple[int, int]], compiled: Compiled, as_of: datetime, now: datetime) -> int:
    """Score the claimed leads, (lead id, revision of its facts) each, and write what came out. Returns the moves.

    The caller holds the rows. Every one is written, since every one stops being due.
    """
    values = {
        "leads": [lead for lead, _ in claimed], "revs": [rev for _, rev in claimed], "as_of": as_of, "now": now,
        "today": day_number(as_of),
    }  # fmt: skip
    sql, params, prepared = _record(compiled)
    if len(claimed) <= FEW:
        return prepared.fetchone(**values)[1]
    with connection.cursor() as cursor:
        cursor.execute(sql, bind(params, **values))
        return cursor.fetchone()[1]


@lru_cache(maxsize=32)
def _record(compiled: Compiled) -> tuple[str, tuple[Any, ...], Prepared]:
    scored = (
        f"SELECT r.*, c.rev, %s::timestamptz AS as_of FROM ({compiled.sql}) AS r({', '.join(COLUMNS)})"
        " JOIN unnest(%s::bigint[], %s::bigint[]) AS c(lead_id, rev) USING (lead_id)"
    )
    sql = _RECORD.format(scored=scored, cause=_TIME_OR_FACTS, old=_OLD, new=_NEW, only="")
    params = (AS_OF, *compiled.params, LEADS, REVS, NOW, NOW, NOW)
    return sql, params, Prepared(sql, params)


def switch(publication: int, now: datetime) -> int:
    """Every standing takes the score of the publication, in one statement. Returns how many changed.

    A lead whose facts moved on meanwhile stays due. Leads the new versions score as before are only written where
    their revision or next moment differs.
    """
    scored = f"SELECT {', '.join(COLUMNS)}, rev, as_of FROM scoring_publicationscore WHERE publication_id = %s"
    only = "AND (n.changed OR s.scored_rev < n.rev OR s.due_at IS DISTINCT FROM n.due_at)"
    sql = _RECORD.format(scored=scored, cause="'rules'", old=_OLD, new=_NEW, only=only)
    with connection.cursor() as cursor:
        cursor.execute(sql, [publication, now, now, now])
        return cursor.fetchone()[0]
