"""When a difference that is watched all the time may be called one: at whatever moment, and however often, one looks.

Under chance alone S = z·√t walks without direction, t being what has been seen: the cases that had the outcome times
the share that had it not. All walks together, weighed by a normal distribution over directions, leave the limit

    |z| > √((1 + ρ/t) · (ln(1 + t/ρ) + 2 ln(1/α)))

at any moment at all with the chance α at most. Sources:

H. Robbins (1970), "Statistical methods related to the law of the iterated logarithm", Annals of Mathematical
    Statistics 41, 1397–1409: the mixture. S. R. Howard, A. Ramdas, J. McAuliffe, J. Sekhon (2021), "Time-uniform,
    nonparametric, nonasymptotic confidence sequences", Annals of Statistics 49, 1055–1080.
I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas (2024), "Time-uniform central limit theory and
    asymptotic confidence sequences", Annals of Statistics 52, 2613–2640: that counts may take the place of the walk.
D. A. Pierce, D. W. Schafer (1986), "Residuals in generalized linear models", JASA 81, 977–986: the root of the
    likelihood ratio, which stays near the normal distribution where few are to be expected and z does not.
"""

from math import log, sqrt

EARLY = 10.0  # ρ: from about five times to a hundred times as much the limit is at its lowest


def limit(seen: float, alpha: float) -> float:
    """Beyond which |z| chance alone never comes, at all moments together, but in `alpha` of all walks."""
    return sqrt((1 + EARLY / seen) * (log(1 + seen / EARLY) + 2 * log(1 / alpha)))


def seen(had: int, cases: int) -> float:
    """How far the walk has come, when so many of the cases of both sides had the outcome."""
    return had * (cases - had) / cases if cases else 0.0


def steps(z: float, counted: list[tuple[float, float]]) -> float:
    """How far out a difference is, to be held against the limit: |z|, or less where few were to be expected.

    Where 1 of a small side was to be Hot and 5 are, z is 4, as if chance did it in one of 30,000 cases; it does in one
    of 270. `counted`: what was seen and what was to be expected, of everything that was counted.
    """
    ratio = 2 * sum(saw * log(saw / expected) for saw, expected in counted if saw)
    return min(abs(z), sqrt(max(ratio, 0.0)))
