"""Lines along named places, mostly months: with a band around each value, a fan ahead, gaps where nothing is known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leads.charts.frame import (
    HEIGHT,
    LEFT,
    NARROW,
    RIGHT,
    Chart,
    Legend,
    Scale,
    Tip,
    Write,
    named,
    plain,
    tip,
    up,
)  # fmt: skip

Values = Sequence[float | None]
INSET = 16


@dataclass(frozen=True)
class Band:
    """The field between two lines; a whisker where only one place is known. `tone`: fan80, fan50 or area."""

    lows: Values
    highs: Values
    tone: str = "fan80"
    name: str = ""


@dataclass(frozen=True)
class Series:
    """One line: a value for each name, None where nothing is known or there is too little to say.

    `words` say each value as the table and the tip do, with its n: "12% (8% to 18%), 14 of 120".
    `apart`: the names are no course of time, so a value is a dot with a whisker in the place of line and band.
    """

    name: str
    values: Values
    tone: str = ""
    dashed: bool = False
    bands: Sequence[Band] = ()
    words: Sequence[str] = ()
    apart: bool = False


@dataclass(frozen=True)
class Path:
    tone: str
    points: str
    dashed: bool = False


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    tone: str


@dataclass(frozen=True)
class Upright:
    """A whisker that stands: from `low` to `high` of the drawing."""

    x: float
    low: float
    high: float
    tone: str


@dataclass(frozen=True)
class Place:
    """A strip of the chart with the numbers of one name."""

    hit: float
    hit_width: float
    dots: list[Dot]
    tip: Tip
    url: str = ""


@dataclass(frozen=True)
class Lines(Chart):
    bands: Sequence[Path] = ()
    paths: Sequence[Path] = ()
    places: Sequence[Place] = ()
    whiskers: Sequence[Upright] = ()
    marker: float | None = None  # an x where something happened
    marker_text: str = ""
    limit: float | None = None  # a y that must not be crossed
    limit_text: str = ""

    @property
    def is_known(self) -> bool:
        """Whether there is a value to be seen."""
        return any(place.dots for place in self.places)


def lines(
    title: str, names: Sequence[str], series: Sequence[Series], *, write: Write = plain, width: int = NARROW,
    height: int = HEIGHT, urls: Sequence[str] = (), labels: Sequence[str] = (), most: float | None = None,
    marker: tuple[int, str] | None = None, limit: tuple[float, str] | None = None,
) -> Lines:  # fmt: skip
    """`most`: the top of the scale, where it is known (1.0 for shares). `marker`: (place of a name, what happened
    there). `limit`: (value, its name), a line across. `labels`: shorter names, below the chart."""
    scale, ticks = up([*_values(series), *([limit[0]] if limit else [])], height, write, most)
    middles = _middles(len(names), width)
    joined = [one for one in series if not one.apart]
    return Lines(
        title=title, width=width, height=height, ticks=ticks, names=named(labels or names, middles),
        legend=list(_legend(series)), heads=["", *(one.name for one in series)],
        rows=[[name, *(said(one, at, write) for one in series)] for at, name in enumerate(names)],
        bands=[field for one in joined for band in one.bands for field in _fields(band, middles, scale)],
        paths=[path for one in joined for path in _paths(one, middles, scale)],
        whiskers=[mark for one in series for mark in _uprights(one, middles, scale)],
        places=[_place(at, name, series, middles, scale, write, width, urls) for at, name in enumerate(names)],
        marker=middles[marker[0]] if marker else None, marker_text=marker[1] if marker else "",
        limit=scale.place(limit[0]) if limit else None, limit_text=limit[1] if limit else "",
    )  # fmt: skip


def said(series: Series, at: int, write: Write) -> str:
    """The value in words: the series' own, else as the axis writes it."""
    value = series.values[at]
    return series.words[at] if series.words else "–" if value is None else write(value)


def _values(series: Sequence[Series]) -> list[float]:
    every = [*(one.values for one in series), *(band.highs for one in series for band in one.bands),
             *(band.lows for one in series for band in one.bands)]  # fmt: skip
    return [value for values in every for value in values if value is not None]


def _middles(count: int, width: int) -> list[float]:
    start, end = LEFT + INSET, width - RIGHT - INSET
    if count < 2:
        return [(start + end) / 2] * count
    return [round(start + (end - start) * at / (count - 1), 1) for at in range(count)]


def _legend(series: Sequence[Series]) -> Iterator[Legend]:
    for one in series if len(series) > 1 or any(one.bands for one in series) else ():
        yield Legend(one.name, one.tone, "line dash" if one.dashed else "line")
        yield from (Legend(band.name, "", band.tone) for band in one.bands if band.name)


def _runs(known: Sequence[bool]) -> Iterator[range]:
    """Stretches of places where something is known."""
    start = None
    for at, is_known in enumerate([*known, False]):
        if is_known and start is None:
            start = at
        elif not is_known and start is not None:
            yield range(start, at)
            start = None


def _known(band: Band) -> Iterator[range]:
    """Stretches of places where both ends are known."""
    return _runs([low is not None and high is not None for low, high in zip(band.lows, band.highs, strict=True)])


def _fields(band: Band, middles: list[float], scale: Scale) -> Iterator[Path]:
    for run in _known(band):
        below = [f"{middles[at]},{scale.place(band.lows[at])}" for at in run]  # type: ignore[arg-type]
        above = [f"{middles[at]},{scale.place(band.highs[at])}" for at in reversed(run)]  # type: ignore[arg-type]
        if len(run) > 1:
            yield Path(band.tone, " ".join([*below, *above]))


def _uprights(series: Series, middles: list[float], scale: Scale) -> Iterator[Upright]:
    """Of every value that stands apart; on a line of those between two gaps, where a field has no width."""
    for band in series.bands:
        for run in _known(band):
            for at in run if series.apart or len(run) == 1 else ():
                low, high = scale.place(band.lows[at]), scale.place(band.highs[at])  # type: ignore[arg-type]
                yield Upright(middles[at], low, high, series.tone)


def _paths(series: Series, middles: list[float], scale: Scale) -> Iterator[Path]:
    for run in _runs([value is not None for value in series.values]):
        points = [f"{middles[at]},{scale.place(series.values[at])}" for at in run]  # type: ignore[arg-type]
        yield Path(series.tone, " ".join(points), series.dashed)


def _place(
    at: int, name: str, series: Sequence[Series], middles: list[float], scale: Scale, write: Write, width: int,
    urls: Sequence[str],
) -> Place:  # fmt: skip
    strip = middles[1] - middles[0] if len(middles) > 1 else width - LEFT - RIGHT
    dots = [Dot(middles[at], scale.place(one.values[at]), one.tone)  # type: ignore[arg-type]
            for one in series if one.values[at] is not None]  # fmt: skip
    words = [one for one in series if one.values[at] is not None or one.words]
    if len(series) == 1:
        texts = [f"{name}: {said(series[0], at, write)}"]
    else:
        texts = [name, *(f"{one.name} {said(one, at, write)}" for one in words)]
    return Place(
        hit=round(middles[at] - strip / 2, 1), hit_width=round(strip, 1), dots=dots,
        tip=tip(middles[at], texts, width), url=urls[at] if urls else "",
    )  # fmt: skip
