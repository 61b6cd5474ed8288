"""How long things took, those still open among them: what happened in each week of age, of those at risk in it.

The actuarial form of E. L. Kaplan, P. Meier (1958), "Nonparametric estimation from incomplete observations", JASA 53,
457–481: whoever is still open counts as long as we watched, and whoever was there before we began to watch counts only
from then on. With two ways to end (won, lost) the share that ends one way is the cumulative incidence of O. O. Aalen,
S. Johansen (1978), Scandinavian Journal of Statistics 5, 141–150.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WEEK = 7.0
AGES = 80  # weeks; what is older counts as the last of them
AT_ONCE = 20_000


def at_risk(entry: Floats, leave: Floats, cell: Ints, cells: int, ages: int = AGES) -> Floats:
    """Weeks watched at each age: [cell, age]. `entry` and `leave` are days of age between which each was watched."""
    risk = np.zeros((cells, ages))
    for start in range(0, len(entry), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        first, last = entry[part, None] / WEEK, leave[part, None] / WEEK
        begin = np.arange(ages)[None, :]
        end = np.append(np.arange(1.0, ages), np.inf)[None, :]
        np.add.at(risk, cell[part], np.clip(np.minimum(last, end) - np.maximum(first, begin), 0, None))
    return risk


def happened(age: Floats, cell: Ints, cells: int, ages: int = AGES) -> Floats:
    """How many ended at each age: [cell, age]. `age` in days."""
    events = np.zeros((cells, ages))
    np.add.at(events, (cell, np.clip((age / WEEK).astype(np.int64), 0, ages - 1)), 1.0)
    return events


def prolonged(hazard: Floats, weeks: int) -> Floats:
    """The hazards of the ages (last axis) and of so many weeks after them, in which the last one stays."""
    return np.concatenate([hazard, np.repeat(hazard[..., -1:], weeks, axis=-1)], axis=-1)


def cumulative(hazard: Floats) -> Floats:
    """The hazard added up, from 0 at age 0: one value more than there are weeks."""
    return np.concatenate([np.zeros((*hazard.shape[:-1], 1)), np.cumsum(hazard, axis=-1)], axis=-1)


def incidence(hazard: Floats, other: Floats) -> tuple[Floats, Floats]:
    """(share that has ended this way, share still open) at the start of each week of age, and after the last.

    `other` is the hazard of ending any other way. Within a week both are constant.
    """
    both = hazard + other
    still = np.exp(-cumulative(both))
    ending = still[..., :-1] - still[..., 1:]
    share = np.divide(hazard, both, out=np.zeros_like(hazard), where=both > 0)
    return cumulative(share * ending), still


def at(curve: Floats, weeks: Floats) -> Floats:
    """The curve (last axis: start of each week) at any moment, on a straight line between weeks."""
    place = np.clip(weeks, 0, curve.shape[-1] - 1)
    low = np.minimum(place.astype(np.int64), curve.shape[-1] - 2)
    rest = place - low
    return curve[..., low] * (1 - rest) + curve[..., low + 1] * rest
