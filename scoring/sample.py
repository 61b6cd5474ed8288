"""The leads a model is proved on: each with its decision moment, and whether what is asked for came of it.

A lead counts once its time is over: `within` days after the decision moment, whatever came of it by then. Leads whose
outcome was there already at the moment are left out, since nothing was left to decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

MOST = 100_000
# Under so many of each outcome an AUC says next to nothing (docs/preview-and-backtest.md).
LEAST = 40
WON, ACCEPTED = "won", "accepted"
OUTCOMES = [WON, ACCEPTED]
CREATED, HANDOFF = "created", "handoff"


@dataclass(frozen=True)
class Question:
    """What is asked of past leads.

    moment: the score is the one `after` days from creation, or the one at the first handoff. outcome: a won deal, or a
    handoff that sales accepted, within `within` days from then.
    """

    outcome: str = WON
    within: int = 180
    moment: str = CREATED
    after: int = 14


@dataclass(frozen=True)
class Sample:
    """`moments` in order of lead id; `won` and `decided` (the moment of the outcome, or None) align with it."""

    moments: list[tuple[int, datetime]]
    won: NDArray[np.bool_]
    decided: list[datetime | None]

    @property
    def wins(self) -> int:
        return int(self.won.sum())

    @property
    def losses(self) -> int:
        return len(self.moments) - self.wins

    def of(self, rows: Sequence[int]) -> "Sample":
        """Some of them."""
        return Sample([self.moments[row] for row in rows], self.won[list(rows)], [self.decided[row] for row in rows])

    @property
    def missing(self) -> str:
        """What is missing to judge anything, in words; empty when there is enough."""
        short = [
            f"{LEAST - have:,} more that {what}"
            for have, what in ((self.wins, "did"), (self.losses, "did not"))
            if have < LEAST
        ]
        return " and ".join(short)

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """The first and the last decision moment."""
        at = [moment for _, moment in self.moments]
        return (min(at), max(at)) if at else None


_MOMENT = {
    CREATED: "SELECT id AS lead_id, created_at + make_interval(days => %(after)s) AS moment FROM leads_lead"
    " WHERE merged_into_id IS NULL",
    HANDOFF: "SELECT lead_id, min(opened_at) AS moment FROM leads_handoff GROUP BY lead_id",
}
_OUTCOME = {
    WON: "SELECT lead_id, min(closed_at) AS decided FROM leads_deal WHERE state = 'won' AND closed_at IS NOT NULL"
    " GROUP BY lead_id",
    ACCEPTED: "SELECT lead_id, min(decided_at) AS decided FROM leads_handoff WHERE state = 'accepted' GROUP BY lead_id",
}


# What may be asked where too little is known of the question, the nearest to money first.
INSTEAD = (Question(WON, 365), Question(WON, 90), Question(ACCEPTED, 90), Question(ACCEPTED, 30, HANDOFF))


def answerable(now: datetime) -> tuple[Question, Sample] | None:
    """The first of INSTEAD for which enough is known; None where there is none."""
    asked = ((question, sample(question, now)) for question in INSTEAD)
    return next((one for one in asked if not one[1].missing), None)


def sample(question: Question, now: datetime, *, most: int = MOST) -> Sample:
    """The newest leads whose time is over, at most so many. One query."""
    ended = now - timedelta(days=question.within)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.lead_id, m.moment, CASE WHEN o.decided <= m.moment + make_interval(days => %(within)s)"
            f" THEN o.decided END FROM ({_MOMENT[question.moment]}) m LEFT JOIN ({_OUTCOME[question.outcome]}) o"
            " USING (lead_id) WHERE m.moment <= %(ended)s AND (o.decided IS NULL OR o.decided > m.moment)"
            " ORDER BY m.moment DESC LIMIT %(most)s",
            {"after": question.after, "within": question.within, "ended": ended, "most": most},
        )
        rows: list[tuple[int, datetime, Any]] = sorted(cursor.fetchall())
    won = np.array([decided is not None for _, _, decided in rows], dtype=bool)
    return Sample([(lead, moment) for lead, moment, _ in rows], won, [decided for _, _, decided in rows])
