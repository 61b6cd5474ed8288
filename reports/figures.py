"""What every figure of a report is called and means: said once, where the figure is computed.

The column heads, the words on hover, the CSV, the API and docs/metrics.md are made of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, get_args, get_type_hints

from leads.statistics import Rate


@dataclass(frozen=True)
class Figure:
    """Annotates a field of a result: its column head and its definition.

    `kind` says how a page writes it: label, money, days, hours, gap (the difference of two shares), auc, or plain.
    `behind`: which leads or handoffs stand behind it, a name in reports/behind.py; of a rate, those that are its k.
    `n`: the figure that says how many cases it rests on.
    `empty`: how a page writes words that are not there.
    `aside`: not a column of the page; it is shown beside another figure, and stands in the CSV and the API.
    """

    heading: str
    means: str
    kind: str = ""
    behind: str = ""
    aside: bool = False
    empty: str = "Not known"
    n: str = ""


@dataclass(frozen=True)
class Report:
    """One question: its address (`/reports/<name>.csv`, `/api/v1/reports/<name>`), its rows, and what they mean."""

    name: str
    title: str
    about: str
    row: type
    rows: Callable[[Any], Sequence[Any]]

    @property
    def figures(self) -> dict[str, Figure]:
        return figures_of(self.row)


@cache
def figures_of(row: type) -> dict[str, Figure]:
    """Field of a result → what it means, in order; fields without a Figure are left out."""
    hints = get_type_hints(row, include_extras=True)
    return {
        field.name: hints[field.name].__metadata__[0]
        for field in fields(row)
        if hasattr(hints[field.name], "__metadata__")
    }


@cache
def rates_of(row: type) -> frozenset[str]:
    """Fields of a result that are rates, those that may be empty among them."""
    hints = get_type_hints(row)
    return frozenset(name for name in figures_of(row) if Rate in (hints[name], *get_args(hints[name])))
