"""The rows of a report for machines: a CSV for spreadsheets, plain values for the API."""

import csv
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from io import StringIO
from typing import Any, get_args, get_type_hints

from leads.csvfile import safe
from leads.statistics import Rate
from reports.figures import Report


def as_csv(report: Report, scope: Any) -> str:
    """One line for each row, under the column heads of the page. A rate takes five columns."""
    out = StringIO()
    writer = csv.writer(out)
    rows = report.rows(scope)
    writer.writerow(list(_heads(report)))
    for row in rows:
        writer.writerow([safe(value) for name in report.figures for value in _cells(getattr(row, name), report, name)])
    return out.getvalue()


def filename(report: Report, first: date, last: date) -> str:
    return f"{report.name}-{first:%Y-%m-%d}-{last:%Y-%m-%d}.csv"


def as_values(row: Any) -> dict[str, Any]:
    """A row as JSON takes it: {"label": "hot", "customers": {"k": 58, "n": 298, "share": 0.195, …}}."""
    hints = get_type_hints(type(row), include_extras=True)
    shown = {name for name, hint in hints.items() if hasattr(hint, "__metadata__")}
    return {field.name: rounded(getattr(row, field.name)) for field in fields(row) if field.name in shown}


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
        if _is_rate(report, name):
            yield from (figure.heading, *(f"{figure.heading}: {part}" for part in ("of", "share", "low", "high")))
        else:
            yield figure.heading


def _is_rate(report: Report, name: str) -> bool:
    hint = get_type_hints(report.row)[name]
    return Rate in (hint, *get_args(hint))


def _cells(value: Any, report: Report, name: str) -> list[Any]:
    if not _is_rate(report, name):
        return [rounded(value)]
    return list(rate_values(value).values()) if value else [None] * 5
