"""Spreadsheets that leave the house, row by row, and harmless when they are opened."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import StreamingHttpResponse

# What a spreadsheet would take for a formula (OWASP, "CSV Injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class _Line:
    def write(self, line: str) -> str:
        return line


def stream(name: str, head: list[str], rows: Iterable[list[Any]]) -> StreamingHttpResponse:
    """The rows as a file to download. They are read while they are sent, so any number will do."""
    answer = StreamingHttpResponse(_lines(head, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _lines(head: list[str], rows: Iterable[list[Any]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(head)
    for row in rows:
        yield writer.writerow([safe(value) for value in row])


def safe(value: Any) -> Any:
    """The value of a cell: nothing a spreadsheet would run, and nothing for None."""
    if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value
