"""CSV and XLSX files → rows of text, whatever their encoding and delimiter. Rows are read one by one."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from charset_normalizer import from_bytes

from leads.csvfile import unsafe
from leads.ingest import workbook
from leads.ingest.lines import MOST_COLUMNS as MOST_COLUMNS
from leads.ingest.lines import FileError as FileError
from leads.ingest.lines import Row as Row

DELIMITERS = ",;\t|"
SAMPLE_BYTES = 256 * 1024
XLSX = "xlsx"
OTHER_SCRIPTS = ["cp1252", "cp1251", "cp1253", "cp932", "gb18030", "big5", "euc_kr"]
MISREAD = 0.05
LONGEST_NAME = 100
# Old Excel, PDF, gzip, PNG, JPEG, GIF, 7z, RAR, xz, zstd, SQLite, ELF
BINARY_SIGNS = (
    b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"7z\xbc\xaf", b"Rar!\x1a",
    b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"SQLite format 3\0", b"\x7fELF",
)  # fmt: skip
# Signs of the keyboard's past, without tab, line ends, the end of a DOS file (1a) and the escapes of Japanese mail (1b)
CONTROL = bytes([*range(1, 9), 11, *range(14, 26), *range(28, 32)])
FEW_CONTROLS, MOST_CONTROLS = 8, 0.01
NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


@dataclass(frozen=True)
class Shape:
    """How a file is to be read. `header` is False when the first row holds data already."""

    encoding: str
    delimiter: str
    columns: list[str]
    header: bool


def sniff(path: Path) -> Shape:
    """Encoding, delimiter and columns of a file. Raises FileError with what to do."""
    with path.open("rb") as file:
        start = file.read(SAMPLE_BYTES)
    if not start.strip():
        raise FileError("The file is empty. Choose a file with a header and at least one row.")
    if start.startswith(workbook.SIGN):
        return _shape(XLSX, "", next(workbook.rows(path), None))
    if _is_binary(start):
        raise FileError("This is no CSV or XLSX file. Save it as CSV or XLSX.")
    encoding = _encoding(path, start)
    delimiter = _delimiter(start.decode(encoding, errors="replace"))
    with _lines(path, encoding, delimiter) as rows:
        return _shape(encoding, delimiter, next(rows, None))


def read_rows(path: Path, shape: Shape, *, skip: int = 0) -> Iterator[Row]:
    """The rows of data after the first `skip`. Empty rows hold nothing and are no rows."""
    if shape.encoding == XLSX:
        yield from workbook.rows(path, skip + shape.header)
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


def _is_binary(start: bytes) -> bool:
    """Whether it is an image, an archive, a program…: by its first bytes, or by signs that no text is full of.

    A few such signs are spoiled cells. UTF-16 whose mark is lost has a NUL beside every letter, always on one side.
    """
    if start.startswith(BINARY_SIGNS):
        return True
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16: every other byte is a half
        return False
    nul = start.count(0)
    one_sided = nul and max(start[::2].count(0), start[1::2].count(0)) > 0.99 * nul
    signs = len(start) - len(start.translate(None, CONTROL)) + (0 if one_sided else nul)
    return signs > max(FEW_CONTROLS, len(start) * MOST_CONTROLS)


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
