"""The rows of a report for machines: a CSV for spreadsheets, plain values for the API."""

import csv
from collections.abc import Iterator
from datetime import date
from io import StringIO
from typing import Any

from leads.csvfile import BOM, safe
from leads.statistics import Rate
from reports.figures import Report, figures_of, rates_of

RATE = ("of", "share", "low", "high")  # the columns of a rate beside its k


def as_csv(report: Report, scope: Any) -> str:
    """One line for each row, under the column heads of the page. A rate takes five columns."""
    out = StringIO()
    out.write(BOM)
    writer = csv.writer(out)
    rows, rates = report.rows(scope), rates_of(report.row)
    writer.writerow(list(_heads(report)))
    for row in rows:
        cells = (_cells(getattr(row, name), name in rates) for name in report.figures)
        writer.writerow([safe(value) for each in cells for value in each])
    return out.getvalue()


def filename(report: Report, first: date, last: date) -> str:
    return f"{report.name}-{first:%Y-%m-%d}-{last:%Y-%m-%d}.csv"


def as_values(row: Any) -> dict[str, Any]:
    """A row as JSON takes it: {"label": "hot", "customers": {"k": 58, "n": 298, "share": 0.195, …}}."""
    return {name: rounded(getattr(row, name)) for name in figures_of(row.__class__)}


def rounded(value: Any) -> Any:
    """As files and programs are given it: numbers with four decimals, also those in a list or under a name."""
    match value:
        case Rate():
            return rate_values(value)
        case float():
            return round(value, 4)
        case dict():
            return {name: rounded(each) for name, each in value.items()}
        case list():
            return [rounded(each) for each in value]
    return value


def rate_values(rate: Rate) -> dict[str, Any]:
    """k of n; share, low and high (95 % interval) are None while n is too small to say."""
    interval = rate.interval
    return {
        "k": rate.k,
        "n": rate.n,
        "share": rounded(rate.share),
        "low": rounded(interval.low if interval else None),
        "high": rounded(interval.high if interval else None),
    }


def _heads(report: Report) -> Iterator[str]:
    for name, figure in report.figures.items():
        parts = RATE if name in rates_of(report.row) else ()
        yield from (figure.heading, *(f"{figure.heading}: {part}" for part in parts))


def _cells(value: Any, is_rate: bool) -> list[Any]:
    if not is_rate:
        return [rounded(value)]
    return list(rate_values(value).values()) if value else [None] * (1 + len(RATE))
