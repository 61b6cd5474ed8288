"""A table whose cells are as strong as their number: it is its own data table."""

from collections.abc import Sequence
from dataclasses import dataclass

LEVELS = 8


@dataclass(frozen=True)
class Cell:
    """`text` is shown, `words` say it in full on hover; `value` decides how strong the cell is; None: nothing known."""

    text: str
    value: float | None = None
    words: str = ""
    url: str = ""
    level: int = 0


@dataclass(frozen=True)
class HeatRow:
    name: str
    cells: Sequence[Cell]
    note: str = ""
    url: str = ""


@dataclass(frozen=True)
class Heat:
    title: str
    heads: Sequence[str]
    rows: Sequence[HeatRow]


def heat(title: str, heads: Sequence[str], rows: Sequence[HeatRow], *, most: float | None = None) -> Heat:
    """The strongest cell is the highest value, or `most`; zero and what is not known have no colour."""
    values = [cell.value for row in rows for cell in row.cells if cell.value]
    top = most or max(values, default=0.0)
    return Heat(title, heads, [_row(row, top) for row in rows])


def level(value: float | None, top: float) -> int:
    """0 (nothing) to LEVELS (the highest); whatever is more than nothing is at least 1."""
    if not value or top <= 0 or value < 0:
        return 0
    return max(1, min(LEVELS, round(LEVELS * value / top)))


def _row(row: HeatRow, top: float) -> HeatRow:
    cells = [Cell(cell.text, cell.value, cell.words, cell.url, level(cell.value, top)) for cell in row.cells]
    return HeatRow(row.name, cells, row.note, row.url)
