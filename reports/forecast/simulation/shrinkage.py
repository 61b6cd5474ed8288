"""Small groups borrow from the whole, and say how sure they are."""

from math import lgamma

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# How far groups may differ: the standard deviation of their ratios to the whole, and how probable each is beforehand.
SPREADS = np.geomspace(0.02, 2.0, 24)
NEAR = 1.0  # so many events of the week before are worth as much as one week's own
USUAL_SPREAD = 0.5  # of groups
USUAL_UNREST = 0.2  # of months
_lgamma = np.vectorize(lgamma, otypes=[float])


def ratios(events: Floats, expected: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """How each group stands to the whole: [draw, group], 1 for like the whole.

    `events` is what happened in each group, `expected` what would have if it were like the whole. Groups are taken to
    differ by a gamma distribution around 1, whose spread is learned from the groups together: D. Clayton, J. Kaldor
    (1987), "Empirical Bayes estimates of age-standardized relative risks", Biometrics 43, 671–681. A group with little
    of its own stays near 1. A draw is first one of the spreads that the groups leave possible, then of each group's
    gamma posterior Γ(α + events, α + expected) with α = 1 / spread²; so how unsure all this is comes along.
    """
    alpha = 1 / spreads(events, expected, draws, rng)[:, None] ** 2
    return rng.gamma(alpha + events, 1 / (alpha + expected))


def spreads(
    events: Floats, expected: Floats, draws: int, rng: np.random.Generator, usual: float = USUAL_SPREAD
) -> Floats:
    """Draws of how far the groups differ beyond chance, as the standard deviation of their ratios.

    Posterior over a grid: the marginal likelihood of each spread is a product of negative binomials (Clayton and
    Kaldor 1987, as above); beforehand small spreads are likelier, exponentially with the mean `usual`.
    """
    alpha = 1 / SPREADS[:, None] ** 2
    told = _lgamma(alpha + events) - _lgamma(alpha)
    told += alpha * np.log(alpha) - (alpha + events) * np.log(alpha + expected)
    weight = told.sum(axis=1) - SPREADS / usual + np.log(SPREADS)  # the grid is even in the logarithm
    chance = np.exp(weight - weight.max())
    return rng.choice(SPREADS, draws, p=chance / chance.sum())


def hazards(events: Floats, risk: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """How often it happens in each week of age: [draw, age], with what is not known of it.

    Each a gamma posterior, the conjugate one of a Poisson count. Beforehand a week is taken to be like the one before,
    which is worth NEAR events: an age that few have reached goes on as the ages before it ended, and is unsure.
    """
    usual = max(events.sum(), 0.5) / max(risk.sum(), 1.0)
    found = np.empty((draws, len(events)))
    for age, (seen, watched) in enumerate(zip(events, risk, strict=True)):
        found[:, age] = rng.gamma(NEAR + seen, 1 / (NEAR / usual + watched), draws)
        usual = (NEAR + seen) / (NEAR / usual + watched)
    return found
