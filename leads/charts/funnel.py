"""Steps, each a part of the one before."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FunnelStep:
    """`width`: hundredths of the first step. `note`: the share that got here. `leak`: the step that loses most."""

    name: str
    count: int
    width: float
    note: str = ""
    url: str = ""
    leak: bool = False


def funnel_steps(
    names: Sequence[str], counts: Sequence[int], *, notes: Sequence[str] = (), urls: Sequence[str] = (),
    leak: int | None = None,
) -> list[FunnelStep]:  # fmt: skip
    """`leak`: the place of the step to point at."""
    first = counts[0] if counts and counts[0] else 1
    return [
        FunnelStep(
            name=name, count=count, width=round(min(100.0, 100 * count / first), 1),
            note=notes[at] if notes else "", url=urls[at] if urls else "", leak=at == leak,
        )
        for at, (name, count) in enumerate(zip(names, counts, strict=True))
    ]  # fmt: skip
