"""The geometry of a score over time: steps, since a score holds until it changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

LEFT, RIGHT, TOP, BOTTOM = 34, 746, 16, 164
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True)
class Marker:
    """A moment with a name; `end`: the name stands to the left of the line. Names stand one below the other."""

    x: float
    label: str
    end: bool
    text_y: int

    @property
    def text_x(self) -> float:
        return round(self.x - 6 if self.end else self.x + 6, 1)


@dataclass(frozen=True)
class StepChart:
    """Points of lines and areas, ready for svg. While there is no score, there is no line."""

    lines: list[str]
    areas: list[str]
    ticks_x: list[Tick]
    ticks_y: list[Tick]
    markers: list[Marker]
    dot: tuple[float, float] | None


def step_chart(
    scores: Sequence[tuple[datetime, int | None]],
    *,
    until: datetime,
    top: int,
    moments: Sequence[tuple[datetime, str]] = (),
) -> StepChart:
    """Scores are (since when, how much), oldest first, at least one; `top` is the highest possible."""
    start = min(scores[0][0], until - DAY)
    axis = _Axes(start, until, max(top, 1))
    runs = [axis.steps(run) for run in _runs(scores, until)]
    lines = [" ".join(f"{x},{y}" for x, y in run) for run in runs]
    areas = [f"{line} {run[-1][0]},{BOTTOM} {run[0][0]},{BOTTOM}" for line, run in zip(lines, runs, strict=True)]
    latest = scores[-1][1]
    return StepChart(
        lines,
        areas,
        _time_ticks(axis),
        [Tick(axis.y(top * part / 4), f"{round(top * part / 4)}") for part in range(5)],
        [axis.marker(at, label, row) for row, (at, label) in enumerate(moments) if start <= at <= until],
        None if latest is None else (axis.x(until), axis.y(latest)),
    )


@dataclass(frozen=True)
class _Axes:
    start: datetime
    until: datetime
    top: int

    def x(self, at: datetime) -> float:
        return round(LEFT + (RIGHT - LEFT) * ((at - self.start) / (self.until - self.start)), 1)

    def y(self, score: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * min(max(score, 0), self.top) / self.top, 1)

    def steps(self, run: Sequence[tuple[datetime, int]]) -> list[tuple[float, float]]:
        """Corners: along the old score until the moment of change, then up or down."""
        corners: list[tuple[float, float]] = []
        for at, score in run:
            if corners:
                corners.append((self.x(at), corners[-1][1]))
            corners.append((self.x(at), self.y(score)))
        return corners

    def marker(self, at: datetime, label: str, row: int) -> Marker:
        x = self.x(at)
        return Marker(x, label, end=x > (LEFT + RIGHT) / 2, text_y=24 + 15 * row)


def _runs(scores: Sequence[tuple[datetime, int | None]], until: datetime) -> list[list[tuple[datetime, int]]]:
    """Stretches with a score, each ending where the score ends or today."""
    runs: list[list[tuple[datetime, int]]] = []
    held: int | None = None
    for at, score in scores:
        if held is not None:
            runs[-1].append((at, held if score is None else score))
        elif score is not None:
            runs.append([(at, score)])
        held = score
    if held is not None:
        runs[-1].append((until, held))
    return runs


def _time_ticks(axis: _Axes) -> list[Tick]:
    """The first of each month, thinned to at most eight; days where the chart is shorter than two months."""
    span = axis.until - axis.start
    if span < 62 * DAY:
        first = timezone.localtime(axis.start).replace(hour=0, minute=0, second=0, microsecond=0) + DAY
        step = max(1, round(span / DAY / 6))
        days = [first + n * step * DAY for n in range(7)]
        return [Tick(axis.x(day), f"{day.day} {day:%b}") for day in days if day < axis.until]
    months = _months(axis.start, axis.until)
    return [Tick(axis.x(month), f"{month:%b}") for month in months[:: -(-len(months) // 8)]]


def _months(start: datetime, until: datetime) -> list[datetime]:
    month = timezone.localtime(start).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    months = []
    while (month := (month + 32 * DAY).replace(day=1)) < until:
        months.append(month)
    return months
