"""How often each value occurs: a bar for each range of values, and lines where the quartiles lie."""

from collections.abc import Sequence
from dataclasses import dataclass

from leads.charts.columns import Column, Segment
from leads.charts.frame import (
    HEIGHT,
    NARROW,
    Chart,
    Legend,
    Scale,
    Tick,
    Write,
    along,
    plain,
    tip,
    up,
)  # fmt: skip

AIR = 1.0  # between two bars


@dataclass(frozen=True)
class Spread(Chart):
    columns: Sequence[Column] = ()
    before: str = ""  # a line over the bars: the same of another time
    markers: Sequence[Tick] = ()
    axis: str = ""


def spread(
    title: str, edges: Sequence[float], counts: Sequence[float], *, before: Sequence[float] = (),
    name: str = "Now", name_before: str = "Before", markers: Sequence[tuple[float, str]] = (), axis: str = "",
    write: Write = plain, write_x: Write = plain, width: int = NARROW, height: int = HEIGHT, urls: Sequence[str] = (),
    tone: str = "",
) -> Spread:  # fmt: skip
    """`counts[i]` lie from `edges[i]` up to `edges[i + 1]`. `before`: the same ranges at another time, as a line."""
    scale, ticks = up([*counts, *before], height, write)
    across, names = along(edges[0], edges[-1], width, write_x)
    bars, rows = [], []
    for at, count in enumerate(counts):
        left, right = across.place(edges[at]), across.place(edges[at + 1])
        span = f"{write_x(edges[at])} to {write_x(edges[at + 1])}"
        lines = [f"{span}: {write(count)}", *([f"{name_before} {write(before[at])}"] if before else [])]
        head = scale.place(count)
        segments = [Segment(head, round(scale.start - head, 1), tone)] if count else []
        bars.append(
            Column(left, round(max(right - left - AIR, 0.5), 1), segments, left, round(right - left, 1),
                   tip((left + right) / 2, lines, width), urls[at] if urls else "")
        )  # fmt: skip
        rows.append([span, write(count), *([write(before[at])] if before else [])])
    return Spread(
        title=title, width=width, height=height, ticks=ticks, names=names,
        legend=[Legend(name, tone), Legend(name_before, "actual", "line")] if before else [],
        heads=[axis, name, *([name_before] if before else [])], rows=rows, columns=bars,
        before=_outline(edges, before, across, scale),
        markers=[Tick(across.place(value), text) for value, text in markers], axis=axis,
    )  # fmt: skip


def _outline(edges: Sequence[float], counts: Sequence[float], across: Scale, scale: Scale) -> str:
    points = []
    for at, count in enumerate(counts):
        y = scale.place(count)
        points += [f"{across.place(edges[at])},{y}", f"{across.place(edges[at + 1])},{y}"]
    return " ".join(points)
