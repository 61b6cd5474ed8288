"""Spreadsheets that leave the house, row by row, and harmless when they are opened; and read again as they were."""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import StreamingHttpResponse

# What a spreadsheet would take for a formula (OWASP, "CSV Injection"), also behind apostrophes of its own, so that the
# one we put before it can be told. A plain negative number is none.
RISKY = re.compile(r"'* *[=+\-@\t\r\n]")
NUMBER = re.compile(r"-\d+([.,]\d+)?")
BOM = "\ufeff"  # without it Excel takes UTF-8 for another encoding, and Kučera for KuÄera


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
    yield BOM + writer.writerow([safe(name) for name in head])
    for row in rows:
        yield writer.writerow([safe(value) for value in row])


def safe(value: Any) -> Any:
    """The value of a cell: nothing a spreadsheet would run, and nothing for None."""
    if isinstance(value, str) and RISKY.match(value) and not NUMBER.fullmatch(value):
        return f"'{value}"
    return "" if value is None else value


def unsafe(cell: str) -> str:
    """The value that `safe` made harmless: exactly the one apostrophe it put before it is taken away."""
    return cell[1:] if cell.startswith("'") and RISKY.match(cell[1:]) else cell
