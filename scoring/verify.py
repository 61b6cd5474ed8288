"""Does every score still equal what its facts give? Counted again for every lead, in one consistent picture."""

from dataclasses import dataclass, field

from django.db import connection, transaction

from scoring.engine.beside import others_for, trials_for
from scoring.engine.evaluate import COLUMNS, compiled_for, database_clock
from scoring.engine.others import differing_others
from scoring.engine.overriding import shown
from scoring.engine.trials import differing_trials, left_over
from scoring.models import Version

PAGE = 20_000

# A lead that is not due must stand exactly where the present facts put it: this also proves `due_at`.
_DIFFERENT = """
WITH scored AS (SELECT c.*, %s::timestamptz AS as_of FROM ({scored}) AS c({columns}))
SELECT s.lead_id FROM ({shown}) AS r JOIN leads_standing s USING (lead_id)
 WHERE s.scored_rev >= s.facts_rev AND (s.due_at IS NULL OR s.due_at > r.as_of)
   AND ((s.version, s.fit, s.engagement, s.total, s.grade, s.label, s.automatic_label, s.points)
        IS DISTINCT FROM (r.version, r.fit, r.engagement, r.total, r.grade, r.label, r.automatic_label, r.points)
        OR s.total IS DISTINCT FROM (SELECT sum(p) FROM unnest(s.points) AS p))
"""

_DUE = "SELECT count(*) FROM leads_standing WHERE scored_rev < facts_rev OR due_at <= %s"

# seq runs 1..n, each `before` is the previous after, and the last after is the standing.
_BROKEN = """
SELECT DISTINCT lead_id FROM (
    SELECT lead_id, seq, total_before, grade_before, label_before, row_number() OVER w AS n,
           lag(total) OVER w AS total, coalesce(lag(grade) OVER w, '') AS grade,
           coalesce(lag(label) OVER w, '') AS label
      FROM scoring_entry WINDOW w AS (PARTITION BY lead_id ORDER BY seq)
) e WHERE seq <> n OR (total_before, grade_before, label_before) IS DISTINCT FROM (total, grade, label)
UNION
SELECT s.lead_id FROM leads_standing s
  LEFT JOIN LATERAL (SELECT * FROM scoring_entry e WHERE e.lead_id = s.lead_id ORDER BY seq DESC LIMIT 1) e ON true
 WHERE s.seq <> coalesce(e.seq, 0)
    OR (s.seq > 0 AND (s.total, s.grade, s.label, s.automatic_label, s.version, s.points)
                      IS DISTINCT FROM (e.total, e.grade, e.label, e.automatic_label, e.version_id, e.points))
"""


@dataclass
class Verification:
    """`checked` leads were counted again; `due` ones wait for the worker and are not compared."""

    checked: int = 0
    due: int = 0
    different: list[int] = field(default_factory=list)
    broken_history: list[int] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.different and not self.broken_history


def verify_scores() -> Verification:
    """Count every lead again and compare, page by page, in one snapshot of the database."""
    result = Verification()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        now = database_clock()
        versions = tuple(Version.objects.deciding().values_list("pk", flat=True))
        compiled, others, trials = compiled_for(versions), others_for(versions), trials_for(versions)
        different = _DIFFERENT.format(scored=compiled.sql, columns=", ".join(COLUMNS), shown=shown("scored"))
        cursor.execute("SELECT lead_id FROM leads_standing ORDER BY lead_id")
        ids = [row[0] for row in cursor.fetchall()]
        for start in range(0, len(ids), PAGE):
            cursor.execute(different, [now, *compiled.bound(ids[start : start + PAGE], now)])
            result.different += [row[0] for row in cursor.fetchall()]
            if others:
                result.different += differing_others(others, ids[start : start + PAGE], now)
            if trials:
                result.different += differing_trials(trials, ids[start : start + PAGE], now)
        result.different += left_over(versions)
        cursor.execute(_DUE, [now])
        result.due = cursor.fetchone()[0]
        cursor.execute(_BROKEN)
        result.broken_history = [row[0] for row in cursor.fetchall()]
        result.checked = len(ids) - result.due
    return result
