"""Two sides, each with the same teams: compared inside every team, then put together.

W. G. Cochran (1954), "Some methods for strengthening the common χ² tests", Biometrics 10, 417–451; N. Mantel,
W. Haenszel (1959), JNCI 22, 719–748: a team that happens to have more of its leads on one side moves nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from leads.statistics import Interval, Rate

Cells = Mapping[int, Rate]  # team → so many of so many


@dataclass(frozen=True)
class Comparison:
    """`difference` of shares, challenger minus champion, with its `error`; `z` is Cochran–Mantel–Haenszel's."""

    difference: float
    error: float
    z: float

    def interval(self, limit: float) -> Interval:
        """With the limit of a look: the repeated interval, which holds at all looks together.

        C. Jennison, B. W. Turnbull (1989), "Interim analyses: the repeated confidence interval approach", JRSS B 51.
        """
        return Interval(self.difference - limit * self.error, self.difference + limit * self.error)


def compare(champion: Cells, challenger: Cells) -> Comparison | None:
    """None where no team has leads on both sides. A team with all or nothing says little, not nothing."""
    gain = weight = chance = spread = 0.0
    for team in champion.keys() & challenger.keys():
        a, b = champion[team], challenger[team]
        if not a.n or not b.n:
            continue
        n, k = a.n + b.n, a.k + b.k
        mine = a.n * b.n / n
        gain += mine * (b.k / b.n - a.k / a.n)
        weight += mine
        chance += mine * k * (n - k) / (n * (n - 1))
        spread += mine**2 * (_variance(a) + _variance(b))
    if not weight:
        return None
    z = gain / sqrt(chance) if chance else 0.0
    return Comparison(gain / weight, sqrt(spread) / weight, z)


def together(cells: Cells) -> Rate:
    """All teams of a side."""
    return Rate(sum(rate.k for rate in cells.values()), sum(rate.n for rate in cells.values()))


def _variance(rate: Rate) -> float:
    """Of the share. Where all or none did, as if half a case more had and half a case more had not."""
    sure = rate.k in (0, rate.n)
    share, n = ((rate.k + 0.5) / (rate.n + 1), rate.n + 1) if sure else (rate.k / rate.n, rate.n)
    return share * (1 - share) / n
