"""The little statistics a report needs, with the source of each formula."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt

# Under this many cases a rate is noise: the page shows the counts instead.
ENOUGH = 30
Z95 = 1.959964


@dataclass(frozen=True)
class Interval:
    """Shares between 0 and 1; differences between −1 and 1."""

    low: float
    high: float


@dataclass(frozen=True)
class Rate:
    """`k` of `n` cases."""

    k: int
    n: int

    @property
    def enough(self) -> bool:
        return self.n >= ENOUGH

    @property
    def share(self) -> float | None:
        """Between 0 and 1; None while there are too few cases to say."""
        return self.k / self.n if self.enough else None

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval of the share; None while there are too few cases to say."""
        return wilson(self.k, self.n) if self.enough else None


def wilson(k: int, n: int, z: float = Z95) -> Interval:
    """The score interval of a proportion: right for small n and for shares near 0 and 1, where k/n ± 2·SE is not.

    E. B. Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22, 209–212.
    """
    if n == 0:
        return Interval(0.0, 1.0)
    found = wilson_of(k / n, n, z)
    return Interval(0.0 if k == 0 else found.low, 1.0 if k == n else found.high)


def wilson_of(share: float, n: float, z: float = Z95) -> Interval:
    """The same of a share that is no whole number of cases, as a weighted one is."""
    zz = z * z / n
    centre = (share + zz / 2) / (1 + zz)
    half = z * sqrt(share * (1 - share) / n + zz / (4 * n)) / (1 + zz)
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def difference(now: Rate, before: Rate) -> Interval | None:
    """The 95 % interval of now − before; None where either has too few cases. Zero inside: it could be chance.

    R. G. Newcombe (1998), "Interval estimation for the difference between independent proportions: comparison of
    eleven methods", Statistics in Medicine 17, 873–890, method 10.
    """
    if not (now.enough and before.enough):
        return None
    a, b = wilson(now.k, now.n), wilson(before.k, before.n)
    p, q = now.k / now.n, before.k / before.n
    return Interval(
        p - q - sqrt((p - a.low) ** 2 + (b.high - q) ** 2),
        p - q + sqrt((a.high - p) ** 2 + (q - b.low) ** 2),
    )


def p_value(now: Rate, before: Rate) -> float | None:
    """How often chance alone would part two shares this far or further; None where either has too few cases.

    The two-sided score test of equal proportions (K. Pearson 1900; without continuity correction, as recommended by
    I. Campbell (2007), Statistics in Medicine 26, 3661–3675).
    """
    if not (now.enough and before.enough):
        return None
    pooled = (now.k + before.k) / (now.n + before.n)
    if pooled in (0.0, 1.0):
        return 1.0
    error = sqrt(pooled * (1 - pooled) * (1 / now.n + 1 / before.n))
    return erfc(abs(now.k / now.n - before.k / before.n) / error / sqrt(2))


def discoveries(p_values: Sequence[float | None], rate: float) -> list[bool]:
    """Which of many comparisons made at once to believe, when at most `rate` of those believed may be chance.

    Y. Benjamini, Y. Hochberg (1995), "Controlling the false discovery rate", JRSS B 57, 289–300: the step-up
    procedure. None (too few to say) is not compared and never believed.
    """
    ranked = sorted(p for p in p_values if p is not None)
    passed = [p for rank, p in enumerate(ranked, start=1) if p <= rate * rank / len(ranked)]
    limit = max(passed, default=-1.0)
    return [p is not None and p <= limit for p in p_values]
