"""How many leads a week become Hot: what a draft would have done in the last weeks, beside what is live.

A lead enters in a week when it is Hot at the end and was not at the beginning. Asked are the leads that something
happened to in the week (they were created, an event came, a field changed); of more than MOST a sample stands for all.
Who becomes Hot and cools down within the same week is not seen, nor who becomes Hot by nothing but time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import connection
from django.utils import timezone
from numpy.typing import NDArray

from leads.enums import Label
from scoring.arithmetic import places
from scoring.engine.definition import Definition
from scoring.engine.past import PastEvaluation, PastScores, joined

WEEKS = 6
MOST = 2_000  # leads of a week that are asked


@dataclass(frozen=True)
class Ends:
    """The leads asked in a week, at one of its ends: fit and engagement, −1 where the lead is not scored then."""

    fit: NDArray[np.int32]
    engagement: NDArray[np.int32]
    barred: NDArray[np.bool_]

    def hot(self, definition: Definition) -> NDArray[np.bool_]:
        """Which are Hot by the grades and labels of the definition."""
        return (self.fit >= 0) & ~self.barred & is_hot(definition, self.fit, self.engagement)


@dataclass(frozen=True)
class Week:
    """`scale`: how many leads each of the asked stands for. `ends`: of each definition, its (beginning, end)."""

    first: datetime
    asked: int
    scale: float
    ends: list[tuple[Ends, Ends]]

    def entering(self, place: int, definition: Definition) -> float:
        """How many leads became Hot, by the definition of that place or by one that differs only in its limits."""
        before, after = self.ends[place]
        return float((after.hot(definition) & ~before.hot(definition)).sum()) * self.scale


def is_hot(definition: Definition, fit: NDArray[np.int32], engagement: NDArray[np.int32]) -> NDArray[np.bool_]:
    grid = np.array([[definition.labels[f"{letter}{digit}"] == Label.HOT for digit in "1234"] for letter in "ABCD"])
    return grid[places(fit, definition.fit_limits), places(engagement, definition.engagement_limits)]


def per_week(weeks: Sequence[Week], place: int, definition: Definition) -> float:
    """The mean of the weeks."""
    return sum(week.entering(place, definition) for week in weeks) / len(weeks) if weeks else 0.0


def hot_per_week(
    definitions: list[Definition], now: datetime, progress: Callable[[], None] = lambda: None
) -> list[Week]:
    """The last WEEKS whole weeks from Monday, in the installation's zone, oldest first."""
    local = timezone.localtime(now)
    monday = (local - timedelta(days=local.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    weeks, evaluation = [], PastEvaluation(definitions)
    for back in range(WEEKS, 0, -1):
        weeks.append(_week(evaluation, monday - timedelta(weeks=back), monday - timedelta(weeks=back - 1)))
        progress()
    return weeks


def _week(evaluation: PastEvaluation, first: datetime, end: datetime) -> Week:
    leads = _active(first, end)
    asked = sorted(leads[:MOST])
    sides = [_ends(evaluation, asked, moment) for moment in (first, end)]
    return Week(first, len(leads), len(leads) / len(asked) if asked else 1.0, list(zip(*sides, strict=True)))


def _active(first: datetime, end: datetime) -> list[int]:
    """Leads that something happened to, in an order that says nothing about them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lead_id FROM (SELECT id AS lead_id FROM leads_lead WHERE created_at >= %(first)s AND"
            " created_at < %(end)s UNION SELECT lead_id FROM leads_event WHERE occurred_at >= %(first)s AND"
            " occurred_at < %(end)s AND NOT quarantined UNION SELECT lead_id FROM leads_change WHERE held_at >="
            " %(first)s AND held_at < %(end)s AND lead_id IS NOT NULL) a ORDER BY md5(lead_id::text)",
            {"first": first, "end": end},
        )
        return [lead for (lead,) in cursor.fetchall()]


def _ends(evaluation: PastEvaluation, leads: list[int], moment: datetime) -> list[Ends]:
    """By each definition, in order of the leads, which are sorted."""
    pages = list(evaluation.pages([(lead, moment) for lead in leads]))
    return [_in_order(joined(of_one), leads) for of_one in zip(*pages, strict=True)]


def _in_order(scores: PastScores, leads: list[int]) -> Ends:
    rows = np.searchsorted(np.array(leads, np.int64), scores.leads)
    fit, engagement = np.full(len(leads), -1, np.int32), np.full(len(leads), -1, np.int32)
    barred = np.zeros(len(leads), bool)
    fit[rows], engagement[rows], barred[rows] = scores.fit, scores.engagement, scores.labels == Label.DISQUALIFIED
    return Ends(fit, engagement, barred)
