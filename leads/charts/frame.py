"""What every chart has: its size, a scale with round numbers, words that appear on hover, a table of what it shows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, floor, log10
from typing import ClassVar

Write = Callable[[float], str]

# Units of the drawing. A chart beside another is NARROW, one as wide as the page is WIDE.
NARROW, WIDE = 460, 1000
HEIGHT = 210
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 16, 28
LETTER, LINE = 6.6, 16  # about what a letter and a line of 12 px take
LETTER_ON_PHONE = 8.8  # where a narrow chart is written in 16 px


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` lie between `start` and `end` of the drawing."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + (self.end - self.start) * share, 1)


@dataclass(frozen=True)
class Tip:
    """Words beside a mark, shown on hover and focus: a box `width` wide whose middle is at `x`, inside the chart."""

    x: float
    width: float
    lines: Sequence[str]

    @property
    def start(self) -> float:
        return round(-self.width / 2, 1)

    @property
    def height(self) -> int:
        return LINE * len(self.lines) + 6

    @property
    def texts(self) -> list[tuple[int, str]]:
        """(y, line) of each line."""
        return [(15 + LINE * number, line) for number, line in enumerate(self.lines)]

    @property
    def words(self) -> str:
        """All of it in one line."""
        return ", ".join(self.lines)


@dataclass(frozen=True)
class Legend:
    """`tone` is a class that colours marks; `kind` is empty (a field), line, line dash, fan80 or fan50."""

    name: str
    tone: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Chart:
    """`title` says what it shows, for who cannot see it. `heads` and `rows` are the same as a table, as text."""

    title: str
    width: int
    height: int
    ticks: list[Tick]  # of the value axis, lowest first
    names: list[Tick]  # of the other one
    legend: list[Legend] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    left: ClassVar[float] = LEFT
    ceiling: ClassVar[float] = TOP

    @property
    def is_wide(self) -> bool:
        return self.width >= WIDE

    @property
    def is_crowded(self) -> bool:
        """Whether the names would run into each other in the larger letters of a phone."""
        beside = pairwise(self.names)
        return not self.is_wide and any(
            (len(one.text) + len(other.text)) / 2 * LETTER_ON_PHONE + LETTER_ON_PHONE > other.at - one.at
            for one, other in beside
        )

    @property
    def right(self) -> float:
        return self.width - RIGHT

    @property
    def floor(self) -> float:
        """Where the value axis begins."""
        return self.height - BOTTOM

    @property
    def under(self) -> float:
        """Where the names stand."""
        return self.floor + 20

    @property
    def tall(self) -> float:
        return self.floor - self.ceiling


def plain(value: float) -> str:
    """1200 → 1,200; 2.5 → 2.5."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def share(value: float) -> str:
    """0.125 → 12.5%; whole where it is."""
    hundredths = round(100 * value, 1)
    return f"{hundredths:.0f}%" if hundredths == round(hundredths) else f"{hundredths}%"


def up(values: Sequence[float], height: int, write: Write, most: float | None = None) -> tuple[Scale, list[Tick]]:
    """The value axis: from zero, or below it where values are, to a round number above the highest."""
    low, high = min([0.0, *values]), max([0.0, *values]) if most is None else most
    high = high if high > low else low + 1
    step = _step(high - low)
    top = most if most is not None else (ceil(high / step - 1e-9) * step or step)
    scale = Scale(floor(low / step + 1e-9) * step, top, height - BOTTOM, TOP)
    count = round((scale.high - scale.low) / step)
    marks = [scale.low + step * number for number in range(count + 1)]
    return scale, [Tick(scale.place(mark), write(mark)) for mark in marks if mark <= scale.high + step / 1e6]


def along(low: float, high: float, width: int, write: Write) -> tuple[Scale, list[Tick]]:
    """A measured axis below the chart, from `low` to `high`."""
    scale = Scale(low, high if high > low else low + 1, LEFT, width - RIGHT)
    step = _step(scale.high - scale.low)
    first = ceil(scale.low / step - 1e-9)
    marks = [step * number for number in range(first, floor(scale.high / step + 1e-9) + 1)]
    return scale, [Tick(scale.place(mark), write(mark)) for mark in marks]


def named(names: Sequence[str], places: Sequence[float]) -> list[Tick]:
    """The names that fit side by side: all, or every second, third…, the last one always."""
    if len(places) < 2:
        return [Tick(at, name) for at, name in zip(places, names, strict=True)]
    apart = places[1] - places[0]
    every = max(1, ceil((max(map(len, names)) + 1) * LETTER / apart)) if apart > 0 else 1
    last = len(names) - 1
    return [Tick(places[at], names[at]) for at in range(len(names)) if (last - at) % every == 0]


def tip(x: float, lines: Sequence[str], width: int) -> Tip:
    wide = round(max(map(len, lines), default=0) * LETTER + 18, 1)
    half = min(wide, width) / 2
    return Tip(round(min(max(x, half), width - half), 1), wide, lines)


def _step(span: float) -> float:
    """1, 2 or 5 times a power of ten, such that there are about three to six of it in the span."""
    power = 10.0 ** floor(log10(span / 3))
    return next(power * times for times in (5, 2, 1) if span / (power * times) >= 2.5)
