"""Stacked columns: amounts of a few parts, one column for each month, source or label."""

from collections.abc import Sequence
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
    share,
    tip,
    up,
)  # fmt: skip

GAP = 0.36  # of a column's place
WIDEST = 64


@dataclass(frozen=True)
class Part:
    """One colour of the stack, bottom first: an amount for each column."""

    name: str
    amounts: Sequence[float]
    tone: str = ""


@dataclass(frozen=True)
class Segment:
    y: float
    height: float
    tone: str


@dataclass(frozen=True)
class Column:
    """`hit` and `hit_width`: the strip that shows the numbers of this column. `url`: the leads behind it, or empty."""

    x: float
    width: float
    segments: list[Segment]
    hit: float
    hit_width: float
    tip: Tip
    url: str = ""


@dataclass(frozen=True)
class Columns(Chart):
    columns: Sequence[Column] = ()


def columns(
    title: str, names: Sequence[str], parts: Sequence[Part], *, write: Write = plain, width: int = NARROW,
    height: int = HEIGHT, of_whole: bool = False, urls: Sequence[str] = (), labels: Sequence[str] = (),
) -> Columns:  # fmt: skip
    """The parts of each name on top of each other. `of_whole`: as shares of their sum; a column of nothing is empty.

    `labels`: shorter names, below the columns.
    """
    sums = [sum(part.amounts[at] for part in parts) for at in range(len(names))]
    scale, ticks = up([1.0] if of_whole else sums, height, share if of_whole else write, 1.0 if of_whole else None)
    place = (width - LEFT - RIGHT) / max(1, len(names))
    middles = [round(LEFT + place * (at + 0.5), 1) for at in range(len(names))]
    drawn = []
    for at, name in enumerate(names):
        amounts = [part.amounts[at] for part in parts]
        whole = (sums[at] or 1) if of_whole else 1
        drawn.append(
            _column(middles[at], place, _stack(amounts, parts, whole, scale),
                    tip(middles[at], _lines(name, parts, amounts, sums[at], write, of_whole), width),
                    urls[at] if urls else "")
        )  # fmt: skip
    return Columns(
        title=title, width=width, height=height, ticks=ticks, names=named(labels or names, middles),
        legend=[Legend(part.name, part.tone) for part in parts] if len(parts) > 1 else [],
        heads=["", *(part.name for part in parts), *(["Sum"] if len(parts) > 1 else [])],
        rows=[[name, *(write(part.amounts[at]) for part in parts), *([write(sums[at])] if len(parts) > 1 else [])]
              for at, name in enumerate(names)],
        columns=drawn,
    )  # fmt: skip


def _column(middle: float, place: float, segments: list[Segment], words: Tip, url: str) -> Column:
    wide = round(min(place * (1 - GAP), WIDEST), 1)
    return Column(
        x=round(middle - wide / 2, 1), width=wide, segments=segments, hit=round(middle - place / 2, 1),
        hit_width=round(place, 1), tip=words, url=url,
    )  # fmt: skip


def _stack(amounts: Sequence[float], parts: Sequence[Part], whole: float, scale: Scale) -> list[Segment]:
    segments, below = [], 0.0
    for amount, part in zip(amounts, parts, strict=True):
        foot, head = scale.place(below / whole), scale.place((below + amount) / whole)
        below += amount
        if amount > 0:
            segments.append(Segment(head, round(foot - head, 1), part.tone))
    return segments


def _lines(
    name: str, parts: Sequence[Part], amounts: Sequence[float], total: float, write: Write, of_whole: bool
) -> list[str]:
    if len(parts) == 1:
        return [f"{name}: {write(amounts[0])}"]
    shares = [f" ({share(round(amount / total, 2))})" if of_whole and total else "" for amount in amounts]
    each = [f"{part.name} {write(amount)}{of}" for part, amount, of in zip(parts, amounts, shares, strict=True)]
    return [f"{name}: {write(total)}", *each]
