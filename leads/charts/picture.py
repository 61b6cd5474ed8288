"""A chart as a picture, for where no SVG is shown: mail programs.

It is the drawing of the page's own template, in the colours of day (static/css/tokens.css). The one font is carried
along (fonts/), so that a machine without any writes the same.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import resvg_py
from django.template.loader import render_to_string

from leads.charts.columns import Columns, Part, columns

SHARP = 2  # points of the picture for one of the drawing
FONT = Path(__file__).with_name("fonts") / "Inter-Regular.ttf"
INK, PAPER = "#161d2b", "#ffffff"
COLOURS = {
    "": "#3057d6", "good": "#007142", "wrong": "#ba1c30", "before": "#8c929f", "actual": INK,
    "hot": "#6c2dc9", "warm": "#4261cd", "cool": "#3a6987", "cold": "#5b606b",
}  # fmt: skip
STYLE = "".join([
    "svg { font-family: Inter; font-size: 12px } text { fill: #545b69 } .mid { text-anchor: middle }",
    " .end { text-anchor: end } .grid { stroke: #e2e5ea } .base { stroke: #c6cbd3 } .col { display: none }",
    *(f" .fill{f'.{tone}' if tone else ''} {{ fill: {colour} }}" for tone, colour in COLOURS.items()),
])  # fmt: skip


@dataclass(frozen=True)
class Stacked:
    """Columns as JSON can keep them: `parts` are [name, an amount for each of `names`, tone], bottom first."""

    title: str
    names: Sequence[str]
    parts: Sequence[list[Any]]

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "Stacked":
        """From what was kept, whatever stands beside it there."""
        return cls(said["title"], said["names"], said["parts"])

    @property
    def chart(self) -> Columns:
        return columns(self.title, self.names, [Part(*part) for part in self.parts])

    @property
    def words(self) -> str:
        """All it shows, for who does not see it: "Handoffs by week. 2 Mar: 4, Accepted 2, Rejected 1. 9 Mar: …"."""
        return f"{self.title}. {' '.join(self._sentences())}"

    def _sentences(self) -> Iterator[str]:
        for place in self.chart.columns:
            first, *others = place.tip.lines
            yield ", ".join([first, *(line for line in others if not line.endswith(" 0"))]) + "."

    @property
    def legend(self) -> list[list[str]]:
        """(name, colour) of each part, topmost first as one reads them."""
        return [[name, COLOURS[tone]] for name, _, tone in reversed(self.parts)]


def png(chart: Columns) -> bytes:
    """The drawing without what appears on hover; twice as many points as its units, for sharp screens."""
    page = render_to_string("ui/charts/columns.html", {"chart": chart})
    found = re.search(r"<svg .*?</svg>", page, re.DOTALL)
    assert found, "the template of columns draws an svg"
    return resvg_py.svg_to_bytes(
        svg_string=found[0].replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1), style_sheet=STYLE,
        background=PAPER, zoom=SHARP, skip_system_fonts=True, font_files=[str(FONT)], font_family="Inter",
    )  # fmt: skip
