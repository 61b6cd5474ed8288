"""Curves along a measured axis: the share of leads closed by each day, the conversion seen against the one said."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leads.charts.frame import HEIGHT, LEFT, NARROW, RIGHT, Chart, Legend, Scale, Write, along, plain, tip, up
from leads.charts.lines import Dot, Path, Place


@dataclass(frozen=True)
class Curve:
    """(x, y) in order of x. `steps`: the value holds until the next point. `dots`: each point is a mark of its own.

    `band`: (x, low, high) of the interval around it.
    """

    name: str
    points: Sequence[tuple[float, float]]
    tone: str = ""
    steps: bool = False
    dots: bool = False
    dashed: bool = False
    band: Sequence[tuple[float, float, float]] = ()


@dataclass(frozen=True)
class Stop:
    """A place on the axis that says its numbers on hover and focus; its first line is the name in the table."""

    x: float
    lines: Sequence[str]
    url: str = ""


@dataclass(frozen=True)
class Curves(Chart):
    bands: Sequence[Path] = ()
    paths: Sequence[Path] = ()
    dots: Sequence[Dot] = ()
    places: Sequence[Place] = ()
    axis: str = ""


def curves(
    title: str, drawn: Sequence[Curve], *, high: float, axis: str = "", stops: Sequence[Stop] = (),
    heads: Sequence[str] = (), write: Write = plain, width: int = NARROW, height: int = HEIGHT,
) -> Curves:  # fmt: skip
    """From 0 to `high` of the measured axis, called `axis`. The lines of the stops, cell by cell, are the table."""
    highest = [y for curve in drawn for _, y in curve.points] + [top for curve in drawn for *_, top in curve.band]
    scale, ticks = up(highest, height, write)
    across, names = along(0.0, high, width, plain)
    return Curves(
        title=title, width=width, height=height, ticks=ticks, names=names,
        legend=list(_legend(drawn)) if len(drawn) > 1 else [],
        heads=list(heads), rows=[list(stop.lines) for stop in stops],
        bands=[Path("area " + curve.tone, _field(curve, across, scale)) for curve in drawn if len(curve.band) > 1],
        paths=[Path(curve.tone, _points(curve, across, scale), curve.dashed) for curve in drawn if curve.points],
        dots=[Dot(across.place(x), scale.place(y), curve.tone) for curve in drawn if curve.dots
              for x, y in curve.points],
        places=list(_places(stops, heads, across, width)),
        axis=axis,
    )  # fmt: skip


def _legend(drawn: Sequence[Curve]) -> Iterator[Legend]:
    for curve in drawn:
        if curve.name:
            yield Legend(curve.name, curve.tone, "line dash" if curve.dashed else "line")


def _points(curve: Curve, across: Scale, scale: Scale) -> str:
    corners: list[tuple[float, float]] = []
    before: float | None = None
    for x, y in curve.points:
        if curve.steps and before is not None:
            corners.append((x, before))
        corners.append((x, y))
        before = y
    return " ".join(f"{across.place(x)},{scale.place(y)}" for x, y in corners)


def _field(curve: Curve, across: Scale, scale: Scale) -> str:
    below = [f"{across.place(x)},{scale.place(low)}" for x, low, _ in curve.band]
    above = [f"{across.place(x)},{scale.place(high)}" for x, _, high in reversed(curve.band)]
    return " ".join([*below, *above])


def _places(stops: Sequence[Stop], heads: Sequence[str], across: Scale, width: int) -> Iterator[Place]:
    """Each strip reaches half way to its neighbours."""
    at = [across.place(stop.x) for stop in stops]
    edges = [LEFT, *((a + b) / 2 for a, b in zip(at, at[1:], strict=False)), width - RIGHT]
    for number, stop in enumerate(stops):
        left, right = edges[number], edges[number + 1]
        named = [*heads[1:], *[""] * len(stop.lines)]
        rest = [f"{head} {line}".strip() for head, line in zip(named, stop.lines[1:], strict=False)]
        yield Place(
            round(left, 1), round(right - left, 1), [], tip(at[number], [*stop.lines[:1], *rest], width), stop.url
        )
