"""A workbook is read once, into a file of rows beside it: its table of texts takes half a minute, its rows another.

The file beside it has a row a line, `[line, [cell, …]]` in JSON, so that a resumed import skips lines and reads nothing
of the workbook again. It appears whole or not at all.
"""

import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

from leads.csvfile import unsafe
from leads.ingest.lines import MOST_COLUMNS, FileError, Row
from leads.ingest.strings import open_book

SIGN = b"PK\x03\x04"
SMALL = 8 * 1024**2
MOST_UNPACKED = 1024**3
BOMB_FROM, BOMB_RATIO = 20 * 1024**2, 200  # the XML of a spreadsheet packs 10 to 50 times smaller
MOST_LINES = 1_048_576  # of a sheet, by the format
LONGEST_CELL = 32_767  # by the format
STRINGS = 0.4  # of the time goes into the table of texts
DAMAGED = "The XLSX file is damaged. Open it in a spreadsheet and save it again, or save it as CSV."

Watch = Callable[[float], None]


class StoppedError(Exception):
    """Who watches wants no more of it."""


def is_workbook(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(SIGN)) == SIGN


def is_small(path: Path) -> bool:
    """Whether it is read in a second or two, while somebody waits. Raises FileError as unpacked_size does."""
    return unpacked_size(path) <= SMALL


def unpack(path: Path, watch: Watch = lambda share: None) -> None:
    """Read the workbook into the file beside it, once. `watch` hears how much is done, of 1; it may raise StoppedError.

    Raises FileError when the workbook cannot be read to its end.
    """
    unfinished = _beside(path, ".part")
    try:
        with unfinished.open("w", encoding="utf-8") as out:
            for row in _sheet(path, watch):
                out.write(json.dumps([row.line, row.cells], ensure_ascii=False) + "\n")
        unfinished.replace(_beside(path))
    finally:
        unfinished.unlink(missing_ok=True)


def rows(path: Path, skip: int = 0) -> Iterator[Row]:
    """The rows of the first sheet that has any, after the first `skip`, from the file beside the workbook."""
    if not _beside(path).exists():
        unpack(path)
    with _beside(path).open(encoding="utf-8", newline="\n") as file:
        for text in islice(file, skip, None):
            line, cells = json.loads(text)
            yield Row(line, cells)


def forget(path: Path) -> None:
    """Delete what was kept beside the workbook."""
    for kept in (_beside(path), _beside(path, ".part")):
        kept.unlink(missing_ok=True)


def unpacked_size(path: Path) -> int:
    """Bytes of all parts. Raises FileError for a file that is no workbook, or unpacks to more than one does."""
    try:
        with zipfile.ZipFile(path) as parts:
            inside = parts.infolist()
    except (zipfile.BadZipFile, OSError, ValueError):
        raise FileError(DAMAGED) from None
    size = sum(part.file_size for part in inside)
    if size > MOST_UNPACKED:
        raise FileError("The file unpacks to more than 1 GB. Save it as CSV.")
    if any(part.file_size > max(BOMB_FROM, BOMB_RATIO * part.compress_size) for part in inside):
        raise FileError("The file unpacks to far more than a spreadsheet does. Save it as CSV.")
    return size


def _beside(path: Path, end: str = "") -> Path:
    return path.with_name(f"{path.name}.rows{end}")


def _sheet(path: Path, watch: Watch) -> Iterator[Row]:
    """The rows of the first sheet that has any."""
    try:
        yield from _rows_of_book(path, watch)
    except (FileError, StoppedError, GeneratorExit):
        raise
    except Exception:  # whatever a broken archive, its XML or what the XML says makes of itself
        raise FileError(DAMAGED) from None


def _rows_of_book(path: Path, watch: Watch) -> Iterator[Row]:
    unpacked_size(path)
    book = open_book(path, lambda share: watch(share * STRINGS))
    try:
        for sheet in book.worksheets:
            found = False
            for row in _rows_of_sheet(sheet, watch):
                found = True
                yield row
            if found:
                return
    finally:
        book.close()


def _rows_of_sheet(sheet: Any, watch: Watch) -> Iterator[Row]:
    width, height = sheet.max_column, sheet.max_row
    sheet.reset_dimensions()  # what a sheet says of its own size may be a million rows more than it has
    wanted = width if width and width <= MOST_COLUMNS else None
    for line, values in enumerate(sheet.iter_rows(min_row=1, max_col=wanted, values_only=True), 1):
        if line > MOST_LINES:
            raise FileError(f"A row is numbered beyond {MOST_LINES:,}, the last of a sheet. Save the file again.")
        if height and line % 1_000 == 0:
            watch(STRINGS + (1 - STRINGS) * min(line / height, 1))
        if any(value is not None for value in values):
            cells = [unsafe(_text(value)) for value in values]
            if any(cells):
                yield Row(line, cells)


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime() if value.time() == time.min:
            return value.date().isoformat()
        case datetime() | date():
            return value.isoformat()
    return str(value).replace("\0", "").encode("utf-8", "replace").decode().strip()[:LONGEST_CELL]
