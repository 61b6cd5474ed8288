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
from scoring.engine.evaluate import COLUMNS, FIRST, LAST, LEADS, Compiled
from scoring.engine.expressions import AS_OF
from scoring.engine.overriding import shown
from scoring.engine.prepared import Prepared

REVS = Parameter("revs", "bigint[]", ArrayField(BigIntegerField()))
NOW = Parameter("now", "timestamptz", DateTimeField())
# Up to so many leads a plan made once serves. For more, sorting and hashing stays in memory, and what lies here and
# there costs what it costs in memory or on flash, not on a turning disk: events are looked up in their index.
FEW = 50
ROOM = "SET LOCAL work_mem = '64MB'; SET LOCAL random_page_cost = 1.1; SET LOCAL cpu_index_tuple_cost = 0.002"

# What makes two standings differ. as_of and due_at do not: the same standing counted later is no change.
_NUMBERS = ("version", "fit", "engagement", "total", "grade", "label", "points", "automatic_label")

# {scored}: in brackets, rows of COLUMNS, the revision `rev` of the facts that were read, and the moment `as_of` they
# were read for.
# {shown}: those with the label a person set.
# {cause}: why a changed standing changed, from the standing `o` as it was.
# {old_ones}, {same_ones}: which standings are meant, said once more, so that no plan reads all of them.
# The guard makes the revision monotone: a result from older facts never lands on one from newer.
_RECORD = """
WITH scored AS {scored},
compared AS (
    SELECT n.*, o.seq, o.total AS total_before, o.grade AS grade_before, o.label AS label_before,
           CASE WHEN {by_hand} THEN 'override' ELSE {cause} END AS cause,
           ({old}) IS DISTINCT FROM ({new}) AS changed
      FROM ({shown}) n JOIN leads_standing o USING (lead_id) WHERE {old_ones}
), written AS (
    UPDATE leads_standing s
       SET version = n.version, fit = n.fit, engagement = n.engagement, total = n.total, grade = n.grade,
           label = n.label, automatic_label = n.automatic_label, points = n.points, due_at = n.due_at,
           as_of = n.as_of, seq = n.seq + n.changed::int,
           scored_rev = n.rev, changed_at = CASE WHEN n.changed THEN %s::timestamptz ELSE s.changed_at END
      FROM compared n
     WHERE s.lead_id = n.lead_id AND s.scored_rev <= n.rev AND s.seq = n.seq AND {same_ones} {only}
    RETURNING n.*, s.seq AS seq_after
), entered AS (
    INSERT INTO scoring_entry (lead_id, seq, cause, version_id, as_of, recorded_at, total_before, grade_before,
                               label_before, fit, engagement, total, grade, label, automatic_label, points)
    SELECT lead_id, seq_after, cause, version, as_of, %s::timestamptz, total_before, grade_before, label_before, fit,
           engagement, total, grade, label, automatic_label, points
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
# A person set the label, set another one, or what they set has ended.
_BY_HAND = (
    "o.version IS NOT NULL AND n.version IS NOT NULL AND (o.automatic_label IS NULL) <> (n.automatic_label IS NULL)"
    " OR o.automatic_label IS NOT NULL AND n.automatic_label IS NOT NULL AND o.label <> n.label"
)
_CAUSE = (
    "CASE WHEN o.scored_rev < o.facts_rev THEN o.due_cause WHEN o.due_at <= n.as_of THEN 'decay' ELSE 'correction' END"
)
_SOME = ("{} = ANY(%s::bigint[])", (LEADS,))
_RANGE = ("{} BETWEEN %s AND %s", (FIRST, LAST))
_DIFFERENT = "AND (n.changed OR s.scored_rev < n.rev OR s.due_at IS DISTINCT FROM n.due_at)"


def record(claimed: Sequence[tuple[int, int]], compiled: Compiled, as_of: datetime, now: datetime) -> int:
    """Score the claimed leads, (lead id, revision of its facts) each, and write what came out. Returns the moves.

    The caller holds the rows. Every one is written, since every one stops being due.
    """
    values = {
        "leads": [lead for lead, _ in claimed], "revs": [rev for _, rev in claimed], "as_of": as_of, "now": now,
        "today": day_number(as_of),
    }  # fmt: skip
    if len(claimed) <= FEW:
        return _prepared(compiled).fetchone(**values)[1]
    sql, params = _record(compiled, *_SOME)
    with connection.cursor() as cursor:
        cursor.execute(ROOM)
        cursor.execute(sql, bind(params, **values))
        return cursor.fetchone()[1]


def recount(leads: Sequence[tuple[int, int]], compiled: Compiled, as_of: datetime, now: datetime) -> int:
    """Score all leads between two ids again, due or not, and write only what differs. Returns how many changed.

    Nothing is held: where a worker writes the same lead meanwhile, the worker's result stays.
    """
    ids, revs = [lead for lead, _ in leads], [rev for _, rev in leads]
    sql, params = _record(compiled, *_RANGE, only=f"{_DIFFERENT} AND (s.as_of IS NULL OR s.as_of <= n.as_of)")
    known = {"leads": ids, "first": ids[0], "last": ids[-1], "revs": revs}
    with connection.cursor() as cursor:
        cursor.execute(ROOM)
        cursor.execute(sql, bind(params, **known, as_of=as_of, now=now, today=day_number(as_of)))
        return cursor.fetchone()[0]


@lru_cache(maxsize=32)
def _prepared(compiled: Compiled) -> Prepared:
    return Prepared(*_record(compiled, *_SOME))


@lru_cache(maxsize=32)
def _record(compiled: Compiled, which: str, by: tuple[Any, ...], only: str = "") -> tuple[str, tuple[Any, ...]]:
    as_of, moment = ("%s", (AS_OF,)) if compiled.scores else ("NULL", ())
    scored = (
        f"MATERIALIZED (SELECT r.*, c.rev, {as_of}::timestamptz AS as_of"
        f" FROM ({compiled.sql}) AS r({', '.join(COLUMNS)})"
        " JOIN unnest(%s::bigint[], %s::bigint[]) AS c(lead_id, rev) USING (lead_id))"
    )
    sql = _recorded(scored, _CAUSE, only, which)
    params = (*moment, *compiled.params, LEADS, REVS, *by, NOW, *by, NOW, NOW)
    return sql, params


def _recorded(scored: str, cause: str, only: str, which: str) -> str:
    old_ones, same_ones = (which.format(f"{alias}.lead_id") for alias in "os")
    return _RECORD.format(
        scored=scored, shown=shown("scored", "rev"), by_hand=_BY_HAND, cause=cause, old=_OLD, new=_NEW, only=only,
        old_ones=old_ones, same_ones=same_ones,
    )  # fmt: skip


def switch(publication: int, now: datetime) -> int:
    """Every standing takes the score of the publication, in one statement. Returns how many changed.

    A lead whose facts moved on meanwhile stays due. Leads the new versions score as before are only written where
    their revision or next moment differs.
    """
    kept = f"SELECT {', '.join(COLUMNS)}, rev, as_of FROM scoring_publicationscore WHERE publication_id = %s"
    sql = _recorded(f"({kept})", "'rules'", _DIFFERENT, "true")
    with connection.cursor() as cursor:
        cursor.execute(ROOM)
        cursor.execute(sql, [publication, now, now, now])
        return cursor.fetchone()[0]
