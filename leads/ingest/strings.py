"""XLSX files keep each text once, in a table of its own. It may be as long as the file, so it is kept on disk."""

import os
import tempfile
from array import array
from collections.abc import Callable
from typing import IO, Any
from xml.etree.ElementTree import iterparse

from openpyxl.packaging.manifest import Manifest
from openpyxl.reader.excel import ExcelReader
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

ITEM, TEXT, PHONETIC = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("si", "t", "rPh"))


EVERY = 10_000


def open_book(path: Any, watch: Callable[[float], None]) -> Any:
    """The workbook, read row by row, in little memory whatever its size. Raises what openpyxl raises.

    `watch` hears how much of the texts is read, of 1.
    """
    reader = _Reader(path, read_only=True, data_only=True, keep_links=False)
    reader.watch = watch
    reader.read()
    return reader.wb


class _Reader(ExcelReader):
    package: Manifest
    watch: Callable[[float], None]

    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)
        if part is not None:
            name = part.PartName[1:]
            size = self.archive.getinfo(name).file_size or 1
            with self.archive.open(name) as source:
                self.shared_strings = Strings(source, lambda at: self.watch(at / size))


class Strings:
    """The texts by number: eight bytes of memory each, the rest in a file that goes with us."""

    def __init__(self, source: IO[bytes], watch: Callable[[int], None]):
        self._ends = array("Q", [0])
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as we do
        parsing = iterparse(source, events=("start", "end"))  # noqa: S314 - expat refuses what expands without end
        _, root = next(parsing)
        for event, node in parsing:
            if event == "end" and node.tag == ITEM:
                self._add(_text(node))
                root.clear()
                if len(self._ends) % EVERY == 0:
                    watch(source.tell())
        self._file.flush()

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < len(self._ends) - 1:
            raise IndexError(number)
        start, end = self._ends[number], self._ends[number + 1]
        return os.pread(self._file.fileno(), end - start, start).decode("utf-8", "surrogatepass")

    def _add(self, text: str) -> None:
        raw = text.encode("utf-8", "surrogatepass")
        self._file.write(raw)
        self._ends.append(self._ends[-1] + len(raw))


def _text(node: Any) -> str:
    """Of a text in several styles all parts, without the reading aids beside it."""
    parts = node.findall(TEXT) or [part for run in node if run.tag != PHONETIC for part in run.findall(TEXT)]
    return "".join(part.text or "" for part in parts)
