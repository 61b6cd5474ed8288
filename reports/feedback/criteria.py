"""Which criteria stand behind the leads that sales rejects?"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from django.db import connection
from django.db.models import QuerySet

from leads.enums import HandoffState
from leads.statistics import Rate, difference, discoveries, p_value
from reports.feedback.scope import DECIDED
from reports.figures import Figure, Report
from reports.scope import Scope
from scoring.models import ScoringModel

# Of the criteria marked as beyond chance at most this share is chance, on average.
FALSE = 0.10


@dataclass(frozen=True)
class Behind:
    criterion_id: Annotated[int, Figure("Number", "The criterion's number in the administration.")]
    criterion: Annotated[str, Figure("Criterion", "As its last version in the period calls it.")]
    model: Annotated[str, Figure("Model", "The model the criterion is of.")]
    rejected: Annotated[
        Rate,
        Figure(
            "On rejected leads",
            "Rejected handoffs opened in the period whose lead had points from the criterion at that moment, of those "
            "scored by a version with the criterion.",
        ),
    ]
    accepted: Annotated[Rate, Figure("On accepted leads", "The same of accepted handoffs.")]
    gap: Annotated[
        float | None,
        Figure("Difference", "Share on rejected leads minus share on accepted ones. Empty: too few to say."),
    ]
    low: Annotated[float | None, Figure("Difference: low", "Low end of its 95 % interval (Newcombe).")]
    high: Annotated[float | None, Figure("Difference: high", "High end of its 95 % interval (Newcombe).")]
    beyond_chance: Annotated[
        bool,
        Figure(
            "Beyond chance",
            "The difference is believed although all criteria are compared at once: at most 10 % of those believed are "
            "chance (Benjamini–Hochberg).",
        ),
    ]
    before: Annotated[float | None, Figure("Difference before", "The difference in the period before.")]
    misled: Annotated[
        int, Figure("Misled", "Rejections of the period in which sales named the criterion as the reason that misled.")
    ]


class _Counts(NamedTuple):
    """k of n handoffs of one criterion, by (in the period itself, rejected)."""

    criterion: int
    name: str
    model: int
    now: bool
    rejected: bool
    n: int
    k: int
    misled: int


_SQL = """
WITH decided AS NOT MATERIALIZED (  -- to read them twice costs less than to keep all their points
    {decided}
), alike AS MATERIALIZED (
    -- Many leads have the same points: each pattern is laid out once.
    SELECT version, opened_at >= %s AS now, state = %s AS rejected, points, count(*) AS n
      FROM decided WHERE points IS NOT NULL GROUP BY 1, 2, 3, 4
), line AS MATERIALIZED (
    SELECT v.id AS version, v.model_id, place, (rule ->> 'id')::int AS criterion, rule ->> 'name' AS name
      FROM scoring_version v, jsonb_array_elements(v.definition -> 'criteria') WITH ORDINALITY AS r (rule, place)
     WHERE v.id IN (SELECT version FROM alike)
), total AS (
    SELECT version, now, rejected, sum(n) AS n FROM alike GROUP BY 1, 2, 3
), given AS (
    SELECT version, now, rejected, place, sum(n) AS k
      FROM alike, unnest(points) WITH ORDINALITY AS p (given, place) WHERE given <> 0 GROUP BY 1, 2, 3, 4
), named AS (
    SELECT d.version, d.opened_at >= %s AS now, f.misled_by, count(*) AS misled
      FROM decided d JOIN leads_feedback f ON f.handoff_id = d.id
     WHERE f.misled_by <> '' AND f.verdict = %s AND d.state = f.verdict GROUP BY 1, 2, 3
)
SELECT line.criterion, (array_agg(line.name ORDER BY line.version DESC))[1], line.model_id, total.now, total.rejected,
       sum(total.n)::int, coalesce(sum(given.k), 0)::int,
       coalesce(sum(named.misled) FILTER (WHERE total.rejected), 0)::int
  FROM line JOIN total USING (version)
  LEFT JOIN given USING (version, now, rejected, place)
  LEFT JOIN named ON named.version = line.version AND named.now = total.now AND named.misled_by = line.name
 GROUP BY line.criterion, line.model_id, total.now, total.rejected
"""


def criteria_behind(scope: Scope) -> list[Behind]:
    """Most often on rejected leads, against accepted ones, first; those with too few cases last. Two queries."""
    counted = _counted(scope)
    now, before = _by_criterion(counted, now=True), _by_criterion(counted, now=False)
    believed = discoveries([p_value(*rates) for rates in now.values()], FALSE)
    last = {row.criterion: row for row in counted if row.now}
    misled = {row.criterion: row.misled for row in counted if row.now and row.rejected}
    models = dict(ScoringModel.objects.values_list("pk", "name"))
    rows = [
        Behind(
            key, last[key].name, models[last[key].model], *rates, *_gap(*rates), sure,
            _gap(*before[key])[0] if key in before else None, misled.get(key, 0),
        )
        for (key, rates), sure in zip(now.items(), believed, strict=True)
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row.gap is None, -(row.gap or 0), -row.rejected.k, row.criterion))


def _counted(scope: Scope) -> list[_Counts]:
    decided, given = _decided(scope).query.sql_with_params()
    start, rejected = scope.span[0], HandoffState.REJECTED.value
    with connection.cursor() as cursor:
        cursor.execute(_SQL.format(decided=decided), [*given, start, rejected, start, rejected])
        return [_Counts(*row) for row in cursor.fetchall()]


def _decided(scope: Scope) -> QuerySet:
    rows = scope.with_before().filter(state__in=DECIDED)
    return rows.values("id", "version", "state", "opened_at", "points")


def _by_criterion(counted: list[_Counts], *, now: bool) -> dict[int, tuple[Rate, Rate]]:
    """Criterion → its rates on rejected and on accepted leads."""
    found: dict[int, dict[bool, Rate]] = defaultdict(dict)
    for row in counted:
        if row.now == now:
            found[row.criterion][row.rejected] = Rate(row.k, row.n)
    none = Rate(0, 0)
    return {key: (rates.get(True, none), rates.get(False, none)) for key, rates in found.items()}


def _gap(rejected: Rate, accepted: Rate) -> tuple[float | None, float | None, float | None]:
    interval = difference(rejected, accepted)
    if interval is None:
        return None, None, None
    return rejected.k / rejected.n - accepted.k / accepted.n, interval.low, interval.high


REPORT = Report(
    name="criteria",
    title="Criteria behind rejections",
    about="The criteria that gave points when the lead was handed off, on rejected leads against accepted ones.",
    row=Behind,
    rows=criteria_behind,
)
