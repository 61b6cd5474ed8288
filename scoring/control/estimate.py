"""What the model misses: what sales said of the leads drawn by lot, weighed up to all that stayed below the bar.

Each drawn lead stands for 1/π like it, π being the chance at which it was drawn: D. G. Horvitz, D. J. Thompson (1952),
"A generalization of sampling without replacement from a finite universe", JASA 47, 663–685; as a share of the weights:
J. Hájek (1971). The interval is Wilson's with the effective number of cases (Σw)²/Σw² for n: L. Kish (1965), Survey
Sampling; E. L. Korn, B. I. Graubard (1998), Survey Methodology 24, 193–201.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection

from leads.enums import Label
from leads.statistics import ENOUGH, Interval, wilson_of

BELOW = (Label.WARM, Label.COOL, Label.COLD)


@dataclass(frozen=True)
class Missed:
    """Of `reached` leads with that label (empty: any) `drawn` were drawn and `k` of `n` had the outcome.

    `share` and its `interval` are weighed; None under 30 cases. `missed`: of all that reached their day.
    """

    label: str
    reached: int
    drawn: int
    k: int
    n: int
    effective: float
    share: float | None
    interval: Interval | None

    @property
    def missed(self) -> float | None:
        return None if self.share is None else self.share * self.reached

    @property
    def missed_low(self) -> float:
        return self.interval.low * self.reached if self.interval else 0.0

    @property
    def missed_high(self) -> float:
        return self.interval.high * self.reached if self.interval else float(self.reached)


# For each label and chance: who reached their day, who was drawn, offered, answered, accepted, became a customer.
_COUNTS = """
SELECT c.label, c.permille, count(*), count(*) FILTER (WHERE c.drawn),
       count(*) FILTER (WHERE h.state IN ('accepted', 'rejected')), count(*) FILTER (WHERE h.state = 'accepted'),
       count(h.id), count(h.id) FILTER (WHERE EXISTS (SELECT FROM leads_deal d WHERE d.lead_id = c.lead_id
           AND d.state = 'won' AND d.closed_at >= c.at))
  FROM scoring_controlcase c LEFT JOIN leads_handoff h ON h.id = c.handoff_id
 WHERE c.team_id = ANY(%s) GROUP BY c.label, c.permille
"""


class Row(NamedTuple):
    label: str
    permille: int
    reached: int
    drawn: int
    answered: int
    accepted: int
    handed: int
    won: int


@dataclass(frozen=True)
class Estimate:
    """By label, best first, then all together; `accepted` of those answered, `won` of those handed off, so far."""

    accepted: list[Missed]
    won: list[Missed]

    @property
    def reached(self) -> int:
        return self.accepted[-1].reached if self.accepted else 0


def estimate(teams: Iterable[int]) -> Estimate:
    """Of these teams. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [list(teams)])
        rows = [Row(*row) for row in cursor.fetchall()]
    labels = [label for label in BELOW if any(row.label == label for row in rows)]
    asked = [*labels, *([""] if rows else [])]
    return Estimate(
        [missed(label, rows, n="answered", k="accepted") for label in asked],
        [missed(label, rows, n="handed", k="won") for label in asked],
    )


def missed(label: str, rows: Sequence[Row], *, n: str, k: str) -> Missed:
    """`n` and `k` name the counts: of so many cases so many had the outcome."""
    mine = [row for row in rows if label in ("", row.label)]
    weights = [(1000 / row.permille, getattr(row, n), getattr(row, k)) for row in mine if getattr(row, n)]
    weight, had = sum(w * cases for w, cases, _ in weights), sum(w * yes for w, _, yes in weights)
    squared = sum(w * w * cases for w, cases, _ in weights)
    cases, effective = sum(getattr(row, n) for row in mine), weight**2 / squared if squared else 0.0
    enough = cases >= ENOUGH
    return Missed(
        label, sum(row.reached for row in mine), sum(row.drawn for row in mine), sum(getattr(row, k) for row in mine),
        cases, effective,
        had / weight if enough else None, wilson_of(had / weight, effective) if enough else None,
    )  # fmt: skip
