"""When a comparison that is looked at several times may stop, so that chance alone stops it no more often than stated.

Two-sided group sequential tests with the error spent as O'Brien and Fleming's would: next to nothing at the first
looks, nearly all at the last. Sources:

K. K. G. Lan, D. L. DeMets (1983), "Discrete sequential boundaries for clinical trials", Biometrika 70, 659–663: the
    error is spent as a function of the information seen, so looks may come earlier, later or oftener than planned.
P. C. O'Brien, T. R. Fleming (1979), "A multiple testing procedure for clinical trials", Biometrics 35, 549–556.
P. Armitage, C. K. McPherson, B. C. Rowe (1969), "Repeated significance tests on accumulating data", JRSS A 132,
    235–244: the recursion over looks. C. Jennison, B. W. Turnbull (2000), Group Sequential Methods, chapters 7, 9, 19.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

# At most 5 of 100 experiments without any difference may stop, at least 80 of 100 with the difference asked for must
# find it. We spend 3 and plan for 84: then 999 of 1,000 batches of a thousand experiments keep both promises, too.
PROMISED, ALPHA = 0.05, 0.03
PROMISED_POWER, POWER = 0.80, 0.84
POINTS = 301  # of the grid on which densities are kept
_NORMAL = NormalDist()
_cdf = np.vectorize(_NORMAL.cdf, otypes=[float])


def spent(fraction: float, alpha: float = ALPHA) -> float:
    """How much of the error, both sides together, may have been spent when that share of the planned cases is seen."""
    if fraction <= 0:
        return 0.0
    return 4 * (1 - _NORMAL.cdf(_NORMAL.inv_cdf(1 - alpha / 4) / sqrt(min(1.0, fraction))))


@lru_cache(maxsize=4096)
def bounds(fractions: tuple[float, ...], alpha: float = ALPHA) -> tuple[float, ...]:
    """For each look, rising shares of the planned cases: beyond which |z| the experiment stops."""
    walk, before, limits = _Walk(), 0.0, []
    for fraction in fractions:
        may = spent(fraction, alpha)
        limits.append(walk.limit(fraction, (may - before) / 2))
        walk.go_on(fraction, limits[-1])
        before = may
    return tuple(limits)


def crossing(fractions: Sequence[float], limits: Sequence[float], drift: float) -> float:
    """How often an experiment stops at one of the looks, where z at the end is expected to be `drift`."""
    walk, stopped = _Walk(drift), 0.0
    for fraction, limit in zip(fractions, limits, strict=True):
        stopped += walk.above(fraction, limit) + walk.below(fraction, limit)
        walk.go_on(fraction, limit)
    return stopped


@lru_cache(maxsize=256)
def drift_for(looks: int, alpha: float = ALPHA, power: float = POWER) -> float:
    """The z to expect at the end, so that `power` of the experiments stop at one of so many evenly spaced looks."""
    limits, low, high = bounds(evenly(looks), alpha), 0.0, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if crossing(evenly(looks), limits, middle) >= power else (middle, high)
    return high


def evenly(looks: int) -> tuple[float, ...]:
    """So many looks, the last with all planned cases."""
    return tuple((i + 1) / looks for i in range(looks))


class _Walk:
    """The path of z·√fraction, of which only those that have not stopped go on: where they are, on a grid."""

    def __init__(self, drift: float = 0.0) -> None:
        self.drift, self.at = drift, 0.0
        self.places: NDArray[np.float64] = np.zeros(1)
        self.mass: NDArray[np.float64] = np.ones(1)

    def _step(self, fraction: float) -> tuple[float, float]:
        step = max(fraction - self.at, 1e-9)
        return sqrt(step), self.drift * step

    def above(self, fraction: float, limit: float) -> float:
        deviation, shift = self._step(fraction)
        beyond = (limit * sqrt(fraction) - self.places - shift) / deviation
        return float(self.mass @ (1 - _cdf(beyond)))

    def below(self, fraction: float, limit: float) -> float:
        deviation, shift = self._step(fraction)
        beyond = (-limit * sqrt(fraction) - self.places - shift) / deviation
        return float(self.mass @ _cdf(beyond))

    def limit(self, fraction: float, may: float) -> float:
        """The |z| above which `may` of all paths stop at this look, on one side."""
        low, high = 0.0, 8.0
        if may <= 0 or self.above(fraction, high) >= may:
            return high
        for _ in range(36):
            middle = (low + high) / 2
            low, high = (middle, high) if self.above(fraction, middle) > may else (low, middle)
        return high

    def go_on(self, fraction: float, limit: float) -> None:
        """The paths inside the limit, as weights of Simpson's rule."""
        deviation, shift = self._step(fraction)
        edge = limit * sqrt(fraction)
        places = np.linspace(-edge, edge, POINTS)
        distance = (places[:, None] - self.places[None, :] - shift) / deviation
        density = np.exp(-(distance**2) / 2) @ self.mass / (deviation * sqrt(2 * np.pi))
        weights = np.where(np.arange(POINTS) % 2, 4.0, 2.0)
        weights[[0, -1]] = 1.0
        self.at, self.places, self.mass = fraction, places, density * weights * (2 * edge / (POINTS - 1)) / 3
