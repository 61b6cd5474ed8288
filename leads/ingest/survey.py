"""One look through a whole file: how many rows, and what each column holds."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leads.enums import FieldType
from leads.ingest.files import Shape, read_rows
from leads.ingest.normalise import dates, numbers
from leads.ingest.normalise.blanks import is_blank
from leads.ingest.normalise.booleans import boolean

MOST_VALUES = 2_000
MOST_IDS = 1_000_000
MOST_CHOICES = 30
CERTAIN = 0.95
SAMPLES = 3
LONGEST_SEEN = 500


@dataclass
class Column:
    """What a column holds: different values with their counts (2,000 at most; all of an id), and words for nothing."""

    name: str
    filled: int = 0
    values: Counter[str] = field(default_factory=Counter)
    blanks: Counter[str] = field(default_factory=Counter)

    @property
    def most(self) -> int:
        return MOST_IDS if self.name.lower().endswith(("id", "number", "nr", "nummer")) else MOST_VALUES

    def see(self, cell: str) -> None:
        if is_blank(cell):
            if cell:
                self.blanks[cell] += 1
            return
        self.filled += 1
        cell = cell[:LONGEST_SEEN]  # enough to tell what it is; the values of a column are kept in memory
        if cell in self.values or len(self.values) < self.most:
            self.values[cell] += 1

    @property
    def unique(self) -> bool:
        """Every row has another value."""
        return self.filled > 0 and len(self.values) == self.filled

    def share(self, read: Callable[[str], Any]) -> float:
        """How many of the different values can be read so, of 1."""
        sample = list(self.values)[:300]
        return sum(_reads(read, value) for value in sample) / len(sample) if sample else 0.0


def survey(path: Path, shape: Shape) -> tuple[int, list[Column]]:
    """(number of rows, columns). Raises FileError when the file cannot be read to its end."""
    columns = [Column(name) for name in shape.columns]
    rows = 0
    for rows, row in enumerate(read_rows(path, shape), 1):  # noqa: B007 - the last number is the answer
        for column, cell in zip(columns, row.cells, strict=False):
            column.see(cell)
    return rows, columns


def facts_of(column: Column) -> dict[str, Any]:
    """What the page shows and the import needs of a column, ready to be kept as JSON."""
    order, shown = dates.day_order(column.values)
    return {
        "filled": column.filled,
        "samples": list(column.values)[:SAMPLES],
        "blanks": dict(column.blanks.most_common(3)),
        "order": order,
        "order_shown": shown,
        "decimal": numbers.decimal_sign(column.values),
        "type": guess_type(column),
        "choices": sorted(column.values)[:MOST_CHOICES] if len(column.values) <= MOST_CHOICES else [],
    }


def guess_type(column: Column) -> str:
    """The type of a custom field that would hold the column."""
    decimal = numbers.decimal_sign(column.values)
    if column.name.lower().replace("_", " ").endswith(" id"):
        return FieldType.TEXT.value
    few = len(column.values) <= MOST_CHOICES and column.filled >= 3 * len(column.values)
    if column.filled and not _leading_noughts(column.values):
        if column.share(boolean) == 1 and not column.values.keys() <= {"o", "O", "x", "X", "s", "t", "f"}:
            return FieldType.BOOLEAN.value
        if column.share(_plain_number(decimal)) >= CERTAIN:
            return FieldType.NUMBER.value
        if column.share(dates.moment) >= CERTAIN:
            return FieldType.DATE.value
    return FieldType.CHOICE.value if few and max(map(len, column.values), default=0) <= 80 else FieldType.TEXT.value


def _plain_number(decimal: str) -> Callable[[str], Any]:
    """Digits and signs only: "1-10" and "5k" are numbers for a field that asks for one, not for a guess."""

    def read(value: str) -> Any:
        if not all(character in "0123456789.,-+ '’€$£%" for character in value) or "-" in value[1:]:
            raise ValueError
        return numbers.number(value, decimal)

    return read


def _leading_noughts(values: Iterable[str]) -> bool:
    """01234 is a postal code or an id, not a number."""
    return any(len(value) > 1 and value.startswith("0") and value[1:].isdigit() for value in values)


def _reads(read: Callable[[str], Any], value: str) -> bool:
    try:
        read(value)
    except ValueError:
        return False
    return True
