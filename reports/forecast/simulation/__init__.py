"""Evidence → paths of revenue.

shrinkage    small groups borrow from the whole, and say how sure they are
parameters   evidence → draws of everything that is not known
flows        draws → deals opened and won, month by month
paths        draws and luck → revenue in each path, and its intervals
"""

from reports.forecast.simulation.flows import Changes, outlook
from reports.forecast.simulation.paths import SEED, Paths, World, expected, interval, later_wins, paths, simulate, world

__all__ = [
    "SEED", "Changes", "Paths", "World", "expected", "interval", "later_wins", "outlook", "paths", "simulate", "world",
]  # fmt: skip
