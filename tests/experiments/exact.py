"""How often an experiment stops, to the last lead and without chance: every way in which cases can come out, weighed.

The recursion of P. Armitage, C. K. McPherson, B. C. Rowe (1969), "Repeated significance tests on accumulating data",
JRSS A 132, 235–244, over binomial counts: after each look the probability of every pair (cases of the champion that had
the outcome, cases of the challenger that had it) among the experiments that go on.
"""

from collections.abc import Callable, Sequence
from math import ceil, lgamma

import numpy as np
from numpy.typing import NDArray

from scoring.experiments.looks import LEAST_CASES, LEAST_OF_EACH
from scoring.experiments.plan import LOOKS
from scoring.experiments.sequential import ALPHA, bounds, evenly

Grid = NDArray[np.float64]


def stops(
    base: float, then: float, planned: int, *, share: float = 0.5, alpha: float = ALPHA, looks: int = LOOKS,
    limits: Callable[[int], float] | None = None,
) -> tuple[float, float]:  # fmt: skip
    """(called better, called worse) of all experiments whose challenger, with that share of cases, truly has `then`.

    limits: of each look, instead of ours.
    """
    ours = bounds(evenly(looks), alpha)
    mass, better, worse = np.ones((1, 1)), 0.0, 0.0
    for look, (a, b) in enumerate(_cases(planned, share, looks)):
        mass = _spread(mass, a, base, b, then)
        z = statistic(a, b)
        limit = limits(look) if limits else ours[look]
        up, down = z >= limit, z <= -limit
        better, worse = better + mass[up].sum(), worse + mass[down].sum()
        mass = np.where(up | down, 0.0, mass)
    return float(better), float(worse)


def statistic(a: int, b: int) -> Grid:
    """scoring.experiments.compare for one team, for every pair of counts; 0 where a look would be skipped."""
    ka, kb = np.arange(a + 1)[:, None], np.arange(b + 1)[None, :]
    n, k = a + b, ka + kb
    chance = (a * b / n) * k * (n - k) / (n * (n - 1))
    z = (a * b / n) * (kb / b - ka / a) / np.sqrt(np.where(chance > 0, chance, 1.0))
    said = (np.minimum(k, n - k) >= LEAST_OF_EACH) & (min(a, b) >= LEAST_CASES)
    return np.where(said, z, 0.0)


def _cases(planned: int, share: float, looks: int) -> Sequence[tuple[int, int]]:
    """Of the champion and of the challenger, at each look."""
    sums = [ceil(planned * fraction) for fraction in evenly(looks)]
    return [(n - round(n * share), round(n * share)) for n in sums]


def _spread(mass: Grid, a: int, base: float, b: int, then: float) -> Grid:
    return _more(mass.shape[0], a, base).T @ mass @ _more(mass.shape[1], b, then)


def _more(before: int, cases: int, rate: float) -> Grid:
    """From each count so far to each count at this look."""
    came = cases - (before - 1)
    each, more = np.zeros((before, cases + 1)), _binomial(came, rate)
    for k in range(before):
        each[k, k : k + came + 1] = more
    return each


def _binomial(n: int, rate: float) -> Grid:
    ways = [lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) for k in range(n + 1)]
    return np.exp(np.array(ways) + np.arange(n + 1) * np.log(rate) + np.arange(n, -1, -1) * np.log1p(-rate))
