"""The rows of a report as a page shows them: each figure in its own way, with its n, and a link to who is counted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from leads.statistics import Rate
from leads.templatetags.ui import UNKNOWN, day, decimal, money, number, percent, points
from reports.behind import address
from reports.figures import Figure, Report
from reports.scope import Scope

# Kinds of figures that are words, on the left.
WORDS = ("label", "month", "link", "day")


@dataclass(frozen=True)
class Head:
    name: str
    text: str
    means: str
    numeric: bool


@dataclass(frozen=True)
class Cell:
    """`text`; below it `small` and `span`, an interval, in one line where there is room. `label`: instead of them."""

    head: Head
    text: str
    small: str = ""
    span: str = ""
    url: str = ""
    tone: str = ""
    label: str | None = None


@dataclass(frozen=True)
class Table:
    report: Report
    heads: list[Head]
    rows: list[list[Cell]]
    scope: Scope
    total: list[Cell]


def table(
    report: Report, rows: Sequence[Any], scope: Scope, *, without: Iterable[str] = (), total: Any = None
) -> Table:
    """`rows` as the report's own function gave them, `without` some of the figures; below them the `total`."""
    figures = {name: figure for name, figure in report.figures.items() if not figure.aside and name not in without}
    values = [[getattr(row, name) for name in figures] for row in rows]
    heads = [
        Head(name, figure.heading, figure.means, _is_numeric(figure, [row[at] for row in values]))
        for at, (name, figure) in enumerate(figures.items())
    ]
    drawn = [
        [_cell(head, figure, row, scope) for head, figure in zip(heads, figures.values(), strict=True)]
        for row in (*rows, *([] if total is None else [total]))
    ]
    return Table(report, heads, drawn[: len(rows)], scope, drawn[-1] if total is not None and rows else [])


def _is_numeric(figure: Figure, values: Sequence[Any]) -> bool:
    return figure.kind not in WORDS and not any(isinstance(value, str) for value in values)


def _cell(head: Head, figure: Figure, row: Any, scope: Scope) -> Cell:
    value = getattr(row, head.name)
    url = _url(figure, value, row, scope)
    if figure.kind == "label" or _is_of_label(head, row):
        return Cell(head, "", label=value if figure.kind == "label" else row.label)
    if isinstance(value, Rate):
        return _rate(head, value, url)
    if figure.kind == "gap":
        return _gap(head, value, row)
    if figure.kind == "auc":
        low, high = getattr(row, f"{head.name}_low"), getattr(row, f"{head.name}_high")
        return Cell(head, decimal(value), span="" if value is None else f"{decimal(low)} to {decimal(high)}", url=url)
    if figure.kind == "days" and getattr(row, "three_quarters", None) is not None and head.name == "half":
        ends = f"{_written(figure, row.quarter)} to {_written(figure, row.three_quarters)}"
        return Cell(head, _written(figure, value), "half of them", ends, url)
    if isinstance(value, str):
        return Cell(head, value or figure.empty, url=url, tone="" if value else "muted")
    cases = f"n = {getattr(row, figure.n):,}" if figure.n and value is not None else ""
    return Cell(head, _written(figure, value), cases, url=url)


def _is_of_label(head: Head, row: Any) -> bool:
    return head.name == "name" and bool(getattr(row, "label", None))


def _rate(head: Head, rate: Rate, url: str) -> Cell:
    cases = f"{number(rate.k)} of {number(rate.n)}"
    if not rate.n:
        return Cell(head, UNKNOWN)
    if rate.interval is None:
        return Cell(head, cases, "so far", url=url, tone="muted")
    interval = f"{percent(rate.interval.low)} to {percent(rate.interval.high)}"
    return Cell(head, percent(rate.share), f"{cases},", interval, url)


def _gap(head: Head, value: float | None, row: Any) -> Cell:
    """Green or red only beyond chance."""
    if value is None:
        return Cell(head, "too few", tone="muted")
    chance = row.low <= 0 <= row.high
    small = "could be chance" if chance else f"{points(row.low)} to {points(row.high)}"
    return Cell(head, points(value), small, tone="" if chance else "text-ok" if value > 0 else "text-bad")


def _written(figure: Figure, value: Any) -> str:
    """A number in the way of its kind; nothing known is –."""
    if value is None:
        return UNKNOWN
    match figure.kind:
        case "money":
            return money(value)
        case "days":
            return _days(value)
        case "hours":
            return f"{value:,.1f} h"
        case "share":
            return percent(value)
        case "times":
            return f"{value:.1f}×"
        case "points":
            return f"{value:.0f}"
        case "month":
            return f"{value:%b %Y}"
        case "day":
            return day(value)
    return number(value)


def _days(value: float) -> str:
    """44 days, 2.5 days, 3.1 h: the last only of what is no whole number of days."""
    if value == int(value) or value >= 10:
        return f"{value:,.0f} day{'' if value == 1 else 's'}"
    return f"{value:.1f} days" if value >= 1 else f"{24 * value:.1f} h"


def _url(figure: Figure, value: Any, row: Any, scope: Scope) -> str:
    if figure.kind == "link":
        return str(row.url)
    if not figure.behind or not (value.k if isinstance(value, Rate) else value):
        return ""
    return address(scope, figure.behind, getattr(row, "only", {}))
