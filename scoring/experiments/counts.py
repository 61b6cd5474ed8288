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

# For each lead of the experiment, what came of it since it entered. A handoff counts from its opening on.
_LEADS = """
SELECT p.arm_id, p.team_id, p.entered_at <= %(now)s - %(within)s AS ripe,
       h.opened IS NOT NULL AS handed, h.accepted, h.decided, h.due, h.late, d.won,
       EXISTS (SELECT FROM scoring_entry e WHERE e.lead_id = p.lead_id AND e.label = %(hot)s
                  AND e.recorded_at >= p.entered_at - interval '1 minute' AND e.recorded_at <= %(now)s) AS hot,
       p.entered_at
  FROM scoring_participant p
  LEFT JOIN LATERAL (
       SELECT min(opened_at) AS opened,
              min(decided_at) FILTER (WHERE state = 'accepted' AND decided_at <= %(now)s) AS accepted,
              min(decided_at) FILTER (WHERE state IN ('accepted', 'rejected') AND decided_at <= %(now)s) AS decided,
              count(*) FILTER (WHERE least(decided_at, due_at) <= %(now)s) AS due,
              count(*) FILTER (WHERE least(coalesce(decided_at, %(now)s), %(now)s) > due_at) AS late
         FROM leads_handoff h WHERE h.lead_id = p.lead_id AND h.opened_at >= p.entered_at
                                AND h.opened_at <= %(now)s) h ON true
  LEFT JOIN LATERAL (
       SELECT min(closed_at) AS won FROM leads_deal d
        WHERE d.lead_id = p.lead_id AND d.state = 'won' AND d.closed_at BETWEEN p.entered_at AND %(now)s) d ON true
 WHERE p.experiment_id = %(experiment)s AND p.entered_at <= %(now)s
"""

_COUNTS = f"""
SELECT arm_id, team_id, count(*) AS leads, count(*) FILTER (WHERE ripe) AS ripe,
       count(*) FILTER (WHERE ripe AND accepted <= entered_at + %(within)s) AS accepted,
       count(*) FILTER (WHERE ripe AND won <= entered_at + %(within)s) AS won,
       count(won) AS won_so_far, count(decided) AS decided, count(accepted) AS accepted_so_far,
       count(*) FILTER (WHERE handed) AS handed, sum(coalesce(due, 0)) AS due, sum(coalesce(late, 0)) AS late,
       count(*) FILTER (WHERE hot) AS hot
  FROM ({_LEADS}) AS l GROUP BY arm_id, team_id
"""

_TIMES = f"""
SELECT arm_id, extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY accepted - entered_at)) / 86400,
       extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY won - entered_at)) / 86400
  FROM ({_LEADS}) AS l GROUP BY arm_id
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
            sides.setdefault(values.pop("arm_id"), {})[values.pop("team_id")] = values
    return Counts(sides)


def times(experiment: Experiment, now: datetime | None = None) -> dict[int, Times]:
    """By side. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_TIMES, _values(experiment, now))
        return {arm: Times(_days(accepted), _days(won)) for arm, accepted, won in cursor.fetchall()}


def _days(value: Any) -> float | None:
    return None if value is None else float(value)


def _values(experiment: Experiment, now: datetime | None) -> dict[str, Any]:
    return {
        "experiment": experiment.pk, "within": timedelta(days=experiment.within), "now": now or timezone.now(),
        "hot": Label.HOT,
    }  # fmt: skip
