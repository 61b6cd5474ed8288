"""Are there enough past leads to learn from, and if not, what is missing and until when?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from scoring.learning.learn import CLOSED, EACH, EARLY
from scoring.sample import Question, sample

PACE = timedelta(days=90)
MONTH = 30.4


@dataclass(frozen=True)
class Need:
    """One thing there must be enough of. `months` until then at the pace of the last 90 days; None: never."""

    what: str
    have: int
    least: int
    months: float | None = None

    @property
    def short(self) -> int:
        return max(0, self.least - self.have)


@dataclass(frozen=True)
class Readiness:
    """`span`: from the first decision moment to the last."""

    question: Question
    needs: list[Need]
    won: int
    leads: int
    span: tuple[datetime, datetime] | None

    @property
    def ready(self) -> bool:
        return not any(need.short for need in self.needs)

    @property
    def early(self) -> bool:
        return self.ready and self.won < EARLY


def readiness(question: Question, now: datetime) -> Readiness:
    """One query."""
    found = sample(question, now)
    since = now - timedelta(days=question.within) - PACE
    lately = [won for (_, moment), won in zip(found.moments, found.won, strict=True) if moment > since]
    wins = sum(bool(won) for won in lately)
    needs = [
        _need("leads with the outcome", found.wins, EACH, wins),
        _need("leads without it", found.losses, EACH, len(lately) - wins),
        _need("leads whose time is over", len(found.moments), CLOSED, len(lately)),
    ]
    return Readiness(question, needs, found.wins, len(found.moments), found.span)


def usual_question(now: datetime) -> Question:
    """Of customers within half a year, 90 or 60 days the one with most to learn from: the longer the time, the fewer
    leads it is over for.
    """
    found = [readiness(Question(within=within), now) for within in (180, 90, 60)]
    return max(found, key=lambda one: (one.ready, min(one.won, one.leads - one.won))).question


def _need(what: str, have: int, least: int, lately: int) -> Need:
    short = max(0, least - have)
    months = ceil(10 * short / lately * PACE.days / MONTH) / 10 if short and lately else None
    return Need(what, have, least, months)
