"""What every file is read into: rows of text, or a reason why there are none."""

from dataclasses import dataclass

MOST_COLUMNS = 500


class FileError(ValueError):
    """The file cannot be read at all: why, and what to do."""


@dataclass(frozen=True)
class Row:
    """One row of data: where it begins in the file (its first line is 1), and its cells."""

    line: int
    cells: list[str]
