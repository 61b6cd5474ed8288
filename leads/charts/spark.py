"""A short history in one line of text."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, LOW, HIGH, MARGIN = 62, 19, 3, 2


@dataclass(frozen=True)
class Spark:
    """68 units wide, 22 high. `last` is the end of the line."""

    points: str
    last: tuple[float, float]


def spark(values: Sequence[float | None]) -> Spark | None:
    """Oldest first; what is not known is stepped over. None where nothing is known."""
    known = [(at, value) for at, value in enumerate(values) if value is not None]
    if not known:
        return None
    lowest, highest = min(value for _, value in known), max(value for _, value in known)
    step, scale = WIDTH / max(1, len(values) - 1), (LOW - HIGH) / ((highest - lowest) or 1)
    places = [(round(MARGIN + at * step, 1), round(LOW - (value - lowest) * scale, 1)) for at, value in known]
    return Spark(" ".join(f"{x},{y}" for x, y in places), places[-1])
