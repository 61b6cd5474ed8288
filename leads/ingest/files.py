"""CSV and XLSX files → rows of text, whatever their encoding and delimiter. Rows are read one by one."""

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

from charset_normalizer import from_bytes

from leads.csvfile import unsafe
from leads.ingest.strings import open_book

DELIMITERS = ",;\t|"
SAMPLE_BYTES = 256 * 1024
XLSX = "xlsx"
OTHER_SCRIPTS = ["cp1252", "cp1251", "cp1253", "cp932", "gb18030", "big5", "euc_kr"]
MOST_COLUMNS = 500
MOST_UNPACKED = 1024**3
BOMB_FROM, BOMB_RATIO = 20 * 1024**2, 200  # the XML of a spreadsheet packs 10 to 50 times smaller
MOST_LINES = 1_048_576  # of a sheet, by the format
MISREAD = 0.05
DAMAGED = "The XLSX file is damaged. Open it in a spreadsheet and save it again, or save it as CSV."
LONGEST_NAME = 100
NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


class FileError(ValueError):
    """The file cannot be read at all: why, and what to do."""


@dataclass(frozen=True)
class Shape:
    """How a file is to be read. `header` is False when the first row holds data already."""

    encoding: str
    delimiter: str
    columns: list[str]
    header: bool


@dataclass(frozen=True)
class Row:
    """One row of data: where it begins in the file (its first line is 1), and its cells."""

    line: int
    cells: list[str]


def sniff(path: Path) -> Shape:
    """Encoding, delimiter and columns of a file. Raises FileError with what to do."""
    with path.open("rb") as file:
        start = file.read(SAMPLE_BYTES)
    if not start.strip():
        raise FileError("The file is empty. Choose a file with a header and at least one row.")
    if start.startswith(b"PK\x03\x04"):
        return _shape(XLSX, "", next(_sheet(path), None))
    if start.startswith((b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b")):
        raise FileError("This is no CSV or XLSX file. Save it as CSV or XLSX.")
    encoding = _encoding(path, start)
    delimiter = _delimiter(start.decode(encoding, errors="replace"))
    with _lines(path, encoding, delimiter) as rows:
        return _shape(encoding, delimiter, next(rows, None))


def read_rows(path: Path, shape: Shape, *, skip: int = 0) -> Iterator[Row]:
    """The rows of data after the first `skip`. Empty rows hold nothing and are no rows."""
    if shape.encoding == XLSX:
        yield from islice(_sheet(path), skip + shape.header, None)
        return
    with _lines(path, shape.encoding, shape.delimiter) as rows:
        yield from islice(rows, skip + shape.header, None)


@contextmanager
def _lines(path: Path, encoding: str, delimiter: str) -> Iterator[Iterator[Row]]:
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        yield _parsed(file, delimiter)


def _parsed(file: io.TextIOBase, delimiter: str) -> Iterator[Row]:
    reader = csv.reader((line.replace("\0", "") for line in file), delimiter=delimiter)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Row(line, [unsafe(cell.strip()) for cell in cells])
            line = reader.line_num + 1
    except csv.Error:
        raise FileError(f"Line {line}: a quote opens a cell and is never closed. Correct that line.") from None


def _sheet(path: Path) -> Iterator[Row]:
    """The rows of the first sheet that has any."""
    try:
        yield from _rows_of_book(path)
    except (FileError, GeneratorExit):
        raise
    except Exception:  # whatever a broken archive, its XML or what the XML says makes of itself
        raise FileError(DAMAGED) from None


def _rows_of_book(path: Path) -> Iterator[Row]:
    _refuse_bombs(path)
    book = open_book(path)
    try:
        for sheet in book.worksheets:
            found = False
            for row in _rows_of_sheet(sheet):
                found = True
                yield row
            if found:
                return
    finally:
        book.close()


def _rows_of_sheet(sheet: Any) -> Iterator[Row]:
    width = sheet.max_column
    sheet.reset_dimensions()  # what a sheet says of its own size may be a million rows more than it has
    wanted = width if width and width <= MOST_COLUMNS else None
    for line, values in enumerate(sheet.iter_rows(min_row=1, max_col=wanted, values_only=True), 1):
        if line > MOST_LINES:
            raise FileError(f"A row is numbered beyond {MOST_LINES:,}, the last of a sheet. Save the file again.")
        if any(value is not None for value in values):
            cells = [unsafe(_text(value)) for value in values]
            if any(cells):
                yield Row(line, cells)


def _refuse_bombs(path: Path) -> None:
    with zipfile.ZipFile(path) as parts:
        inside = parts.infolist()
    if sum(part.file_size for part in inside) > MOST_UNPACKED:
        raise FileError("The file unpacks to more than 1 GB. Save it as CSV.")
    if any(part.file_size > max(BOMB_FROM, BOMB_RATIO * part.compress_size) for part in inside):
        raise FileError("The file unpacks to far more than a spreadsheet does. Save it as CSV.")


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
    return str(value).replace("\0", "").encode("utf-8", "replace").decode().strip()


def _shape(encoding: str, delimiter: str, first: Row | None) -> Shape:
    if first is None:
        raise FileError("The file is empty. Choose a file with a header and at least one row.")
    if len(first.cells) > MOST_COLUMNS:
        raise FileError(f"{len(first.cells):,} columns. A file may have at most {MOST_COLUMNS}.")
    header = not any("@" in cell and "." in cell for cell in first.cells)
    return Shape(encoding, delimiter, _names(first.cells if header else [""] * len(first.cells)), header)


def _names(cells: list[str]) -> list[str]:
    """Column names without doubles: a second "Email" is "Email (2)", one without a name is "Column 3"."""
    names: list[str] = []
    seen: Counter[str] = Counter()
    for number, cell in enumerate(cells, 1):
        name = " ".join(cell.split())[:LONGEST_NAME] or f"Column {number}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


def _encoding(path: Path, start: bytes) -> str:
    if start.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if _is_utf8(path):
        return "utf-8"
    return _code_page(start)


def _code_page(start: bytes) -> str:
    """The single or double byte encoding of old programs: Western European where accents stand alone."""
    accents = re.findall(rb"[\x80-\xff]+", start)
    alone = sum(len(run) == 1 for run in accents) > len(accents) / 2
    best = from_bytes(start, cp_isolation=["cp1252", "cp1250", "cp1254"] if alone else OTHER_SCRIPTS).best()
    if best is None or str(best) == start.decode("cp1252", errors="replace"):
        return "cp1252"
    return best.encoding


def _is_utf8(path: Path) -> bool:
    """Whether it is, but for a few spoiled places: one bad cell must not turn every "ö" of a file into "Ã¶"."""
    spoiled = beyond = 0
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        while text := file.read(1024 * 1024):
            if not text.isascii():
                spoiled += text.count("\ufffd")
                beyond += sum(map(len, NOT_ASCII.findall(text)))
    return spoiled <= MISREAD * beyond if beyond > spoiled else not spoiled


def _delimiter(text: str) -> str:
    """The sign that cuts the first rows into the same number of cells, most cells first."""

    def merit(sign: str) -> tuple[int, int]:
        widths: list[int] = []
        with suppress(csv.Error):  # a quote that is never closed: what came before it must do
            widths.extend(len(cells) for cells in islice(csv.reader(io.StringIO(text), delimiter=sign), 20) if cells)
        width, count = Counter(widths).most_common(1)[0] if widths else (1, 0)
        return (count if width > 1 else 0), width

    return max(DELIMITERS, key=merit)
