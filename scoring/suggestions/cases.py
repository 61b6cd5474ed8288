"""Past leads as the draft would have scored them, with what came of them and the facts that criteria may ask."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from leads.enums import Label
from scoring.arithmetic import Points, Sum
from scoring.backtest import score_past
from scoring.engine.definition import Definition
from scoring.learning.pastleads import Asked, past_leads
from scoring.learning.table import Table
from scoring.sample import ACCEPTED, WON, Question, Sample, sample

NEWEST = 20_000
HANDOFFS = timedelta(days=365)
TODAY = 5_000  # leads that stand for all of today's
TODAYS = "today"


@dataclass(frozen=True)
class Cases:
    """`outcome`: won, accepted, or today (then `won` says nothing). Rows align; `rejections` are of accepted only."""

    outcome: str
    points: Points
    barred: NDArray[np.bool_]
    won: NDArray[np.bool_]
    table: Table
    asked: dict[str, Asked]
    rejections: list["Rejection | None"] = field(default_factory=list)
    stands_for: int = 0

    def __len__(self) -> int:
        return len(self.won)

    @property
    def enough(self) -> bool:
        """Both outcomes are there; how many of each a comparison needs is asked later, of each."""
        return bool(self.won.any() and not self.won.all())

    def totals(self, definition: Definition) -> NDArray[np.int32]:
        return Sum(definition, self.points, self.barred).standings().totals


@dataclass(frozen=True)
class Rejection:
    reason: str
    misled_by: str


def won_cases(definition: Definition, now: datetime, question: Question) -> Cases:
    """Past leads at their decision moments: who became a customer within the time."""
    return _cases(definition, WON, sample(question, now, most=NEWEST))


def handoff_cases(definition: Definition, now: datetime) -> Cases:
    """Leads on the day they were handed off, the last time in a year: whom sales accepted, of those it answered."""
    with connection.cursor() as cursor:
        cursor.execute(_DECIDED, [now - HANDOFFS])
        rows = cursor.fetchall()
    won = np.array([accepted for _, _, accepted, *_ in rows], bool)
    found = Sample([(lead, opened) for lead, opened, *_ in rows], won,
                   [decided if accepted else None for _, _, accepted, decided, *_ in rows])  # fmt: skip
    said = [None if accepted else Rejection(reason or "", misled) for _, _, accepted, _, reason, misled in rows]
    return _cases(definition, ACCEPTED, found, said)


_DECIDED = """
SELECT DISTINCT ON (h.lead_id) h.lead_id, h.opened_at, h.state = 'accepted', h.decided_at, r.label,
       coalesce(f.misled_by, '')
  FROM leads_handoff h
  LEFT JOIN leads_feedback f ON f.handoff_id = h.id AND f.verdict = h.state
  LEFT JOIN leads_rejectionreason r ON r.slug = f.reason_id
 WHERE h.state IN ('accepted', 'rejected') AND h.opened_at >= %s
 ORDER BY h.lead_id, h.opened_at DESC, f.id DESC
"""


def todays_cases(definition: Definition, now: datetime) -> Cases:
    """An even sample of the leads there are, as they stand today."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM leads_lead WHERE merged_into_id IS NULL")
        everybody = cursor.fetchone()[0]
        cursor.execute(
            "SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS row FROM leads_lead"
            " WHERE merged_into_id IS NULL) AS l WHERE row %% %s = 0 ORDER BY id",
            [max(1, -(-everybody // TODAY))],
        )
        moments = [(lead, now) for (lead,) in cursor.fetchall()]
    found = Sample(moments, np.zeros(len(moments), bool), [None] * len(moments))
    return _cases(definition, TODAYS, found, stands_for=everybody)


def _cases(
    definition: Definition, outcome: str, found: Sample, said: list[Any] | None = None, stands_for: int = 0
) -> Cases:
    if not found.moments:
        nobody = np.zeros(0, bool)
        return Cases(outcome, np.zeros((0, len(definition.criteria)), int), nobody, nobody, Table((), nobody), {})
    (scores,), scored = score_past([definition], found, False, lambda done, total: None)
    past = past_leads(found, audience=definition.audience)
    both = scored & past.kept
    scores, table = scores.of(both[scored]), past.table.take(np.flatnonzero(both[past.kept]))
    kept = np.flatnonzero(both).tolist()
    return Cases(
        outcome, scores.points[:, : len(definition.criteria)], scores.labels == Label.DISQUALIFIED, table.won, table,
        past.asked, [said[row] for row in kept] if said else [], stands_for,
    )  # fmt: skip
