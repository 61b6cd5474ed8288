"""Where the columns of a preview's charts go; templates/scoring/preview/_twins.html draws them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

LEFT, RIGHT, BOTTOM, TOP = 44.0, 554.0, 190.0, 24.0
STEPS = 4  # lines of the grid


@dataclass(frozen=True)
class Column:
    """Two columns side by side; `x` is where their room begins, `middle` where the name stands."""

    name: str
    says: str
    x: float
    width: float
    middle: float
    tip: float
    before: tuple[float, float, float] | None  # x, y, height
    after: tuple[float, float, float]
    bar: float


@dataclass(frozen=True)
class Twins:
    """`grid`: height and value of its lines, the lowest first. `line`: the height of a value that is marked."""

    columns: list[Column]
    grid: list[tuple[float, str]]
    line: float | None = None


def twins(names: Sequence[str], before: Sequence[float] | None, after: Sequence[float], says: Sequence[str],
          unit: str = "", mark: float | None = None) -> Twins:  # fmt: skip
    """Columns of both, on one scale from 0; without `before` those of one alone. `says`: each in words."""
    top = _nice(max([*after, *(before or []), 0.0]))
    room = (RIGHT - LEFT) / len(names)
    bar = room * (0.34 if before else 0.6)
    columns = []
    for i, name in enumerate(names):
        x = LEFT + i * room
        first = x + room * (0.13 if before else 0.2)
        then = first + (bar + room * 0.04 if before else 0)
        left = (first, *_height(before[i], top)) if before else None
        tip = min(max(x + room / 2, LEFT + 110), RIGHT - 110)
        columns.append(Column(name, says[i], _r(x), _r(room), _r(x + room / 2), _r(tip), _rounded(left),
                              _rounded((then, *_height(after[i], top))) or (0, 0, 0), _r(bar)))  # fmt: skip
    lines = [(_r(_height(top * i / STEPS, top)[0]), f"{top * i / STEPS:,.10g}{unit}") for i in range(STEPS + 1)]
    return Twins(columns, lines, _r(_height(mark, top)[0]) if mark is not None else None)


def _height(value: float, top: float) -> tuple[float, float]:
    """(y, height) of a column."""
    height = (BOTTOM - TOP) * value / top
    return BOTTOM - height, height


def _nice(most: float) -> float:
    """The end of the scale: a number that STEPS parts make round numbers of."""
    unit = 1.0 if most >= STEPS else 0.5 if most > 1 else 0.25
    step = most / STEPS
    while unit * 10 <= step:
        unit *= 10
    return (ceil(step / unit - 1e-9) or 1) * unit * STEPS


def _rounded(place: tuple[float, float, float] | None) -> tuple[float, float, float] | None:
    return (_r(place[0]), _r(place[1]), _r(place[2])) if place else None


def _r(value: float) -> float:
    return round(value, 1)
