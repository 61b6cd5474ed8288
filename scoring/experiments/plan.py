"""Before the start: what can be found with how many leads, and how long that takes at today's volume."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, sqrt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from leads.statistics import Rate
from scoring.experiments.sequential import ALPHA, bounds, drift_for, evenly
from scoring.models import Outcome, ScoringModel

WEEKS = 8  # over which today's volume is counted
HISTORY = timedelta(days=365)  # of leads whose outcome is known
LOOKS = 5
TABLE = (4, 8, 13, 26, 52)  # weeks
MOST = 4  # challengers
LEAST_SHARE = 0.05  # of new leads, for a challenger
NEVER = 520  # weeks: nobody waits that long


@dataclass(frozen=True)
class Volume:
    """What the leads of a model did lately. `accepted` and `won` are of leads that came long enough ago; `decided` of
    the handoffs sales answered.
    """

    leads_per_week: float
    decided_per_week: float
    accepted: Rate
    won: Rate
    decided: Rate

    def rate(self, outcome: str) -> Rate:
        return {Outcome.ACCEPTED: self.accepted, Outcome.WON: self.won, Outcome.DECIDED: self.decided}[Outcome(outcome)]

    def cases_per_week(self, outcome: str) -> float:
        return self.decided_per_week if outcome == Outcome.DECIDED else self.leads_per_week


@dataclass(frozen=True)
class Plan:
    """`planned` cases on all sides together find `effect` from `base` in POWER of the experiments.

    `weeks`, from the start to the last look, is None where at today's volume it would take more than ten years.
    """

    outcome: str
    within: int
    base: float
    effect: float
    shares: tuple[float, ...]
    planned: int
    per_week: float
    weeks: float | None

    @property
    def per_side(self) -> list[int]:
        return [ceil(self.planned * share) for share in self.shares]

    @property
    def days_between(self) -> int:
        """Days from look to look, LOOKS of them."""
        days = (self.weeks or NEVER) * 7 - (0 if self.outcome == Outcome.DECIDED else self.within)
        return min(365, max(1, ceil(days / LOOKS)))


_LEADS = """
SELECT count(*) FILTER (WHERE l.created_at >= %(lately)s),
       count(*) FILTER (WHERE l.created_at BETWEEN %(since)s AND %(ripe)s),
       count(*) FILTER (WHERE l.created_at BETWEEN %(since)s AND %(ripe)s AND EXISTS (
           SELECT FROM leads_handoff h WHERE h.lead_id = l.id AND h.state = 'accepted'
              AND h.decided_at <= l.created_at + %(within)s)),
       count(*) FILTER (WHERE l.created_at BETWEEN %(since)s AND %(ripe)s AND EXISTS (
           SELECT FROM leads_deal d WHERE d.lead_id = l.id AND d.state = 'won'
              AND d.closed_at BETWEEN l.created_at AND l.created_at + %(within)s))
  FROM leads_standing s JOIN leads_lead l ON l.id = s.lead_id
 WHERE s.version = ANY(%(versions)s) AND l.created_at >= %(since)s
"""

_HANDOFFS = """
SELECT count(*) FILTER (WHERE h.decided_at >= %(lately)s), count(*) FILTER (WHERE h.state = 'accepted'), count(*)
  FROM leads_handoff h
 WHERE h.version = ANY(%(versions)s) AND h.state IN ('accepted', 'rejected') AND h.decided_at >= %(since)s
"""


def volume(model: ScoringModel, within: int, now: datetime | None = None) -> Volume:
    """Of the last year; each rate over leads that came at least `within` days ago. Company-wide. Three queries."""
    now, days = now or timezone.now(), timedelta(days=within)
    values: dict[str, Any] = {
        "lately": now - timedelta(weeks=WEEKS), "since": now - HISTORY - days, "ripe": now - days, "within": days,
        "versions": list(model.versions.values_list("pk", flat=True)),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_LEADS, values)
        came, ripe, accepted, won = cursor.fetchone()
        cursor.execute(_HANDOFFS, values)
        answered, yes, all_of_them = cursor.fetchone()
    return Volume(came / WEEKS, answered / WEEKS, Rate(accepted, ripe), Rate(won, ripe), Rate(yes, all_of_them))


def shares_of(challengers: int, share: float | None = None) -> tuple[float, ...]:
    """The parts of new leads, the champion's first; `share` is each challenger's, without it all sides are equal.

    Raises ValidationError where a challenger would have more than the champion, or hardly anything.
    """
    equal = 1 / (challengers + 1)
    share = equal if share is None else share
    if not LEAST_SHARE <= share <= equal + 1e-9:
        said = f"Give each challenger {LEAST_SHARE:.0%} to {equal:.0%} of new leads, not more than the champion has."
        raise ValidationError({"share": [said]})
    return (1 - challengers * share, *(share,) * challengers)


def cases_needed(base: float, effect: float, shares: tuple[float, ...]) -> int:
    """On all sides together; shares[0] is the champion's. Each challenger is compared with the champion alone, at an
    equal part of the error (Bonferroni), LOOKS times.

    The drift in place of the sum of two quantiles (C. Jennison, B. W. Turnbull (2000), chapter 3): what reaches the
    last limit is measured by the spread of equal sides, the rest by that of the sides as they are (J. L. Fleiss (1981),
    Statistical Methods for Rates and Proportions, chapter 3). For equal shares both are nearly one.
    """
    alpha = ALPHA / (len(shares) - 1)
    limit = bounds(evenly(LOOKS), alpha)[-1]
    rest = drift_for(LOOKS, alpha) - limit
    then = min(1.0, max(0.0, base + effect))
    return ceil(max(_cases(limit, rest, base, then, shares[0], share) for share in shares[1:]))


def _cases(limit: float, rest: float, base: float, then: float, champion: float, challenger: float) -> float:
    both = (champion * base + challenger * then) / (champion + challenger)
    equal = both * (1 - both) * (1 / champion + 1 / challenger)
    apart = base * (1 - base) / champion + then * (1 - then) / challenger
    return (limit * sqrt(equal) + rest * sqrt(apart)) ** 2 / (then - base) ** 2


def plan(volume: Volume, *, outcome: str, within: int, base: float, effect: float, shares: tuple[float, ...]) -> Plan:
    planned, per_week = cases_needed(base, effect, shares), volume.cases_per_week(outcome)
    wait = 0 if outcome == Outcome.DECIDED else within / 7
    weeks = planned / per_week + wait if per_week else None
    return Plan(outcome, within, base, effect, shares, planned, per_week, weeks if weeks and weeks <= NEVER else None)


def findable(volume: Volume, *, outcome: str, within: int, base: float, shares: tuple[float, ...]) -> list[
    tuple[int, int, float | None]
]:  # fmt: skip
    """(weeks, cases, the smallest rise they find): None where they find none that is possible."""
    wait = 0.0 if outcome == Outcome.DECIDED else within / 7
    per_week = volume.cases_per_week(outcome)
    rows = []
    for weeks in TABLE:
        cases = int(max(0.0, weeks - wait) * per_week)
        rows.append((weeks, cases, _smallest(base, cases, shares)))
    return rows


def _smallest(base: float, cases: int, shares: tuple[float, ...]) -> float | None:
    most = 0.999 - base
    if not cases or most <= 0 or cases_needed(base, most, shares) > cases:
        return None
    low, high = min(1e-4, most / 2), most
    for _ in range(30):
        middle = sqrt(low * high)
        low, high = (middle, high) if cases_needed(base, middle, shares) > cases else (low, middle)
    return high
