"""How long until a lead is a customer, when most are not customers yet and some came only last week.

The share of leads that closed by each day of their age, each counted as long as it was there to be watched:
E. L. Kaplan, P. Meier (1958), "Nonparametric estimation from incomplete observations", JASA 53, 457–481. A lost lead
stays among those watched, since it did not become a customer; a median of the customers alone would miss those who take
long.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leads.statistics import ENOUGH, Z95

Floats = NDArray[np.float64]
# Fewer customers than this have no quartiles that would mean anything.
FEWEST = 10


@dataclass(frozen=True)
class Closing:
    """`share[t]` of the leads closed by day t of their age, between `low[t]` and `high[t]` (95 %).

    It ends on the last day that at least 30 leads have reached. `events`: customers it rests on.
    """

    share: Floats
    low: Floats
    high: Floats
    events: int

    def quantile(self, part: float) -> int | None:
        """The day by which this part of those who close by the end of the curve had closed; None: too few to say."""
        if self.events < FEWEST or not len(self.share):
            return None
        return int(np.argmax(self.share >= part * self.share[-1]))

    def by(self, day: int) -> float | None:
        """The share closed by this day of age; None beyond the end of the curve."""
        return float(self.share[day]) if day < len(self.share) else None


def closing(leads: Mapping[int, int], events: Iterable[tuple[int, int, int]]) -> Closing:
    """`leads`: age in days → how many leads are that old. `events`: (age, day of it on which it was won, how many)."""
    last = max(leads, default=-1)
    present, left, won = np.zeros(last + 2), np.zeros((2, last + 2)), np.zeros(last + 2)
    for age, number in leads.items():
        present[age] += number
    for age, day, number in events:
        day = min(max(day, 0), age)
        won[day] += number
        left[0][day + 1] += number  # no longer at risk from the next day on,
        left[1][age + 1] += number  # which is the same as never having been older than it is
    old = present[::-1].cumsum()[::-1]  # so many leads are that old
    watched = int((old >= ENOUGH).sum())
    risk = old - left[0].cumsum() + left[1].cumsum()
    return _curve(risk[:watched], won[:watched])


def _curve(risk: Floats, won: Floats) -> Closing:
    open_share = np.cumprod(1 - won / np.maximum(risk, 1))
    # M. Greenwood (1926), "The natural duration of cancer", for the variance
    spread = np.cumsum(won / np.maximum(risk * (risk - won), 1))
    error = Z95 * open_share * np.sqrt(spread)
    share = 1 - open_share
    return Closing(share, np.clip(share - error, 0, 1), np.clip(share + error, 0, 1), int(won.sum()))
