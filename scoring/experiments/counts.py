"""What came of the leads of each side. Intention to treat: each counts for the side it was drawn for, to the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from leads.enums import Label
from leads.statistics import Rate
from scoring.experiments.compare import Cells, together
from scoring.models import Experiment, Outcome

# Who came, and of each kind of outcome the few that had it: each part is small before the parts meet.
_TOOK = """
WITH took AS MATERIALIZED (
    SELECT arm_id, team_id, lead_id, entered_at FROM scoring_participant
     WHERE experiment_id = %(experiment)s AND entered_at <= %(now)s
), work AS (
    SELECT t.arm_id, t.team_id, t.lead_id, t.entered_at,
           min(decided_at) FILTER (WHERE state = 'accepted' AND decided_at <= %(now)s) AS accepted,
           min(decided_at) FILTER (WHERE state IN ('accepted', 'rejected') AND decided_at <= %(now)s) AS decided,
           count(*) FILTER (WHERE least(decided_at, due_at) <= %(now)s) AS due,
           count(*) FILTER (WHERE least(coalesce(decided_at, %(now)s), %(now)s) > due_at) AS late
      FROM took t JOIN leads_handoff h ON h.lead_id = t.lead_id AND h.opened_at BETWEEN t.entered_at AND %(now)s
     GROUP BY t.arm_id, t.team_id, t.lead_id, t.entered_at
), customers AS (
    SELECT t.arm_id, t.team_id, t.entered_at, min(closed_at) AS won
      FROM took t JOIN leads_deal d ON d.lead_id = t.lead_id AND d.closed_at BETWEEN t.entered_at AND %(now)s
     WHERE d.state = 'won' GROUP BY t.arm_id, t.team_id, t.lead_id, t.entered_at
)
"""

_COUNTS = f"""{_TOOK}, hot AS (
    SELECT t.arm_id, t.team_id, count(DISTINCT t.lead_id) AS hot
      FROM took t JOIN scoring_entry e ON e.lead_id = t.lead_id AND e.label = '{Label.HOT}'
           AND e.recorded_at BETWEEN t.entered_at - interval '1 minute' AND %(now)s
     GROUP BY t.arm_id, t.team_id
), came AS (
    SELECT arm_id, team_id, count(*) AS leads, count(*) FILTER (WHERE entered_at <= %(ripe)s) AS ripe
      FROM took GROUP BY arm_id, team_id
), worked AS (
    SELECT arm_id, team_id, count(*) AS handed, count(decided) AS decided, count(accepted) AS accepted_so_far,
           sum(due)::bigint AS due, sum(late)::bigint AS late,
           count(*) FILTER (WHERE entered_at <= %(ripe)s AND accepted <= entered_at + %(within)s) AS accepted
      FROM work GROUP BY arm_id, team_id
), bought AS (
    SELECT arm_id, team_id, count(*) AS won_so_far,
           count(*) FILTER (WHERE entered_at <= %(ripe)s AND won <= entered_at + %(within)s) AS won
      FROM customers GROUP BY arm_id, team_id
)
SELECT * FROM came LEFT JOIN worked USING (arm_id, team_id) LEFT JOIN bought USING (arm_id, team_id)
         LEFT JOIN hot USING (arm_id, team_id)
"""

_TIMES = f"""{_TOOK}, took_days AS (
    SELECT arm_id, accepted - entered_at AS accepted, NULL::interval AS won FROM work UNION ALL
    SELECT arm_id, NULL, won - entered_at FROM customers
)
SELECT arm_id, extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY accepted)) / 86400,
       extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY won)) / 86400
  FROM took_days GROUP BY arm_id
"""

# What is asked → (the cases that had it, of all cases), as columns of _COUNTS.
SHARES = {
    Outcome.ACCEPTED: ("accepted", "ripe"), Outcome.WON: ("won", "ripe"),
    Outcome.DECIDED: ("accepted_so_far", "decided"), "won_so_far": ("won_so_far", "leads"), "hot": ("hot", "leads"),
    "handed": ("handed", "leads"), "late": ("late", "due"),
}  # fmt: skip


@dataclass(frozen=True)
class Times:
    """Median days from coming in to the acceptance, and to the deal won; of those that had it. None: nobody had."""

    accepted: float | None = None
    won: float | None = None


@dataclass(frozen=True)
class Counts:
    """By side and team. `leads` of a side came in; of each share in SHARES so many of so many."""

    by_side: Mapping[int, Mapping[int, Mapping[str, int]]] = field(default_factory=dict)

    def cells(self, arm: int, share: str) -> Cells:
        had, of = SHARES[share]
        return {team: Rate(int(row[had]), int(row[of])) for team, row in self.by_side.get(arm, {}).items()}

    def rate(self, arm: int, share: str) -> Rate:
        return together(self.cells(arm, share))

    def leads(self, arm: int) -> int:
        return sum(row["leads"] for row in self.by_side.get(arm, {}).values())

    def teams(self) -> list[int]:
        return sorted({team for side in self.by_side.values() for team in side})


def counts(experiment: Experiment, now: datetime | None = None) -> Counts:
    """As of that moment; company-wide. One query."""
    sides: dict[int, dict[int, dict[str, int]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, _values(experiment, now))
        names = [column.name for column in cursor.description or ()]
        for row in cursor.fetchall():
            values = dict(zip(names, row, strict=True))
            arm, team = values.pop("arm_id"), values.pop("team_id")
            sides.setdefault(arm, {})[team] = {name: number or 0 for name, number in values.items()}
    return Counts(sides)


def times(experiment: Experiment, now: datetime | None = None) -> dict[int, Times]:
    """By side. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_TIMES, _values(experiment, now))
        return {arm: Times(_days(accepted), _days(won)) for arm, accepted, won in cursor.fetchall()}


def _days(value: Any) -> float | None:
    return None if value is None else float(value)


def _values(experiment: Experiment, now: datetime | None) -> dict[str, Any]:
    now, within = now or timezone.now(), timedelta(days=experiment.within)
    return {"experiment": experiment.pk, "now": now, "within": within, "ripe": now - within}
