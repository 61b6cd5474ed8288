"""What was said against what came: for each name an interval, the value said, and the value that came."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from leads.charts.frame import HEIGHT, LEFT, NARROW, RIGHT, Chart, Legend, Tip, Write, named, plain, tip, up

WIDEST = 28
GAP = 0.4


@dataclass(frozen=True)
class Mark:
    """`lines` are shown on hover and focus; the first is the name in full."""

    name: str
    said: float
    low: float
    high: float
    came: float
    lines: Sequence[str] = ()

    @property
    def outside(self) -> bool:
        return not self.low <= self.came <= self.high


@dataclass(frozen=True)
class Box:
    """`y` and `height` of the interval; `said` and `came` are places of the value axis."""

    x: float
    width: float
    y: float
    height: float
    said: float
    came: float
    middle: float
    outside: bool
    hit: float
    hit_width: float
    tip: Tip
    url: str = ""

    @property
    def end(self) -> float:
        return round(self.x + self.width, 1)


@dataclass(frozen=True)
class Against(Chart):
    boxes: Sequence[Box] = field(default_factory=list)


def against(
    title: str, marks: Sequence[Mark], *, write: Write = plain, width: int = NARROW, height: int = HEIGHT
) -> Against:
    """Pale boxes are intervals, the line in each what was said, the dot what came."""
    scale, ticks = up([value for mark in marks for value in (mark.high, mark.came)], height, write)
    place = (width - LEFT - RIGHT) / max(1, len(marks))
    wide = round(min(WIDEST, place * (1 - GAP)), 1)
    middles = [round(LEFT + place * (at + 0.5), 1) for at in range(len(marks))]
    boxes = [
        Box(
            x=round(middle - wide / 2, 1), width=wide, y=scale.place(mark.high),
            height=round(scale.place(mark.low) - scale.place(mark.high), 1), said=scale.place(mark.said),
            came=scale.place(mark.came), middle=middle, outside=mark.outside, hit=round(middle - place / 2, 1),
            hit_width=round(place, 1), tip=tip(middle, mark.lines or [mark.name], width),
        )
        for mark, middle in zip(marks, middles, strict=True)
    ]  # fmt: skip
    return Against(
        title=title, width=width, height=height, ticks=ticks,
        names=named([mark.name for mark in marks], middles),
        legend=[Legend("Forecast", "", "line"), Legend("80% interval", "", "fan80"), Legend("Actual", "actual")],
        heads=["", "Forecast", "80% from", "80% to", "Actual"],
        rows=[[mark.name, *(write(value) for value in (mark.said, mark.low, mark.high, mark.came))] for mark in marks],
        boxes=boxes,
    )  # fmt: skip
