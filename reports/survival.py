"""How long until a lead is a customer, when most are not customers yet and some came only last week.

The share of leads that closed by each day of their age, each counted as long as it was there to be watched:
E. L. Kaplan, P. Meier (1958), "Nonparametric estimation from incomplete observations", JASA 53, 457–481. A lost lead
stays among those watched, since it did not become a customer; a median of the customers alone would miss those who take
long.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leads.statistics import ENOUGH, Z95

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
# Fewer customers than this have no quartiles that would mean anything.
FEWEST = 10
NEARLY = 1e-9  # where exactly half have closed, the products of a curve are a little more or less


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
        return int(np.argmax(self.share >= part * self.share[-1] - NEARLY))

    def by(self, day: int) -> float | None:
        """The share closed by this day of age; None beyond the end of the curve."""
        return float(self.share[day]) if day < len(self.share) else None


def closing(leads: Whole, customers: Whole) -> Closing:
    """`leads`: rows of an age in days and how many are that old. `customers`: a row for each of them, with its age and
    the day of it on which it bought.
    """
    size = int(max(leads[:, 0].max(initial=-1), customers[:, 0].max(initial=-1))) + 2
    old = np.bincount(leads[:, 0], leads[:, 1], size)[::-1].cumsum()[::-1]  # so many leads are that old
    ages, days = customers[:, 0], np.clip(customers[:, 1], 0, customers[:, 0])
    won = np.bincount(days, minlength=size).astype(float)
    # no longer at risk from the next day on, which is the same as never having been older than it is
    left = np.bincount(days + 1, minlength=size) - np.bincount(ages + 1, minlength=size)
    watched = int((old >= ENOUGH).sum())
    return _curve((old - left.cumsum())[:watched], won[:watched])


def _curve(risk: Floats, won: Floats) -> Closing:
    open_share = np.cumprod(1 - won / np.maximum(risk, 1))
    # M. Greenwood (1926), "The natural duration of cancer", for the variance
    spread = np.cumsum(won / np.maximum(risk * (risk - won), 1))
    error = Z95 * open_share * np.sqrt(spread)
    share = 1 - open_share
    return Closing(share, np.clip(share - error, 0, 1), np.clip(share + error, 0, 1), int(won.sum()))
