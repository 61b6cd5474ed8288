"""A CSV file of past leads → a table to learn from: what is a number, what is a day, what tells old from new."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from scoring.learning.guard import IDENTITIES, LeftOut
from scoring.learning.table import NUMBER as NUMBERS
from scoring.learning.table import Column, Table, number_column, text_column

NOTHING = {"", "select", "na", "n/a", "nan", "null", "-", "#n/a"}
WON = {"1", "1.0", "true", "yes", "y", "won", "converted", "customer", "closed won", "accepted", "t"}
LOST = {"0", "0.0", "false", "no", "n", "lost", "not converted", "closed lost", "rejected", "f"}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
AGE = "Days since "
DAY = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")


class FileError(ValueError):
    """The file cannot be learned from; says what to change."""


@dataclass(frozen=True)
class Read:
    """`undecided` rows have neither outcome and are not in the table. `ordered_by` tells old from new, or is empty."""

    table: Table
    undecided: int
    left_out: list[LeftOut]
    ordered_by: str


def read_csv(path: Path, label: str, *, order: str = "", moment: str = "", like: Table | None = None) -> Read:
    """`label` is the column with the outcome. `order`, when given, tells old from new; else a complete date or a
    running number does. `moment` is the date of the decision: other dates become days before it. With `like` the table
    gets the columns of that one, whatever is in them. Raises FileError.
    """
    names, rows = _rows(path)
    if absent := [name for name in (label, order, moment) if name and name not in names]:
        raise FileError(f"no column {absent[0]!r} in {path.name}; there are: {', '.join(filter(None, names))}")
    outcomes = _outcomes([row[names.index(label)] for row in rows], label)
    decided = [row for row, outcome in zip(rows, outcomes, strict=True) if outcome is not None]
    won = np.array([outcome for outcome in outcomes if outcome is not None], bool)
    texts = {name: [row[at] for row in decided] for at, name in enumerate(names) if name and name != label}
    told = order or moment or _order(texts)
    columns, out = _alike(texts, moment, like) if like else _columns(texts, moment, told)
    return Read(Table(columns, won, _ranks(texts, told)), len(rows) - len(decided), out, told)


def _rows(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from None
    if b"\0" in content[:4_000]:
        raise FileError(f"{path} is not text; save the sheet as CSV")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    lines = [line for line in csv.reader(text.splitlines(keepends=True), delimiter=delimiter) if line]
    if len(lines) < 2:
        raise FileError(f"{path.name} has no rows: the first line names the columns, each line after it is a lead")
    names = [name.strip() for name in lines[0]]
    width = len(names)
    return names, [[cell.strip() for cell in (line + [""] * width)[:width]] for line in lines[1:]]


def _outcomes(cells: list[str], label: str) -> list[bool | None]:
    """Won, lost, or None for a lead that is not decided. Two numbers or words that are not known are refused."""
    told = {cell.lower() for cell in cells} - NOTHING
    needed = "1 and 0, yes and no, true and false, or won and lost"
    if not (told & WON and told & LOST):
        shown = ", ".join(sorted(told)[:8]) or "nothing"
        raise FileError(f"{label!r} must say who won and who lost ({needed}); it has {shown}")
    return [True if cell.lower() in WON else False if cell.lower() in LOST else None for cell in cells]


def _order(texts: dict[str, list[str]]) -> str:
    """The first complete date, best one of creation; else a running number: whole, all different, named so."""
    dates = [name for name, cells in texts.items() if all(DAY.fullmatch(cell) for cell in cells)]
    dates.sort(key=lambda name: not re.search(r"creat|start|engage|first", name.lower()))
    running = [
        name
        for name, cells in texts.items()
        if IDENTITIES.search(name.lower().replace("_", " "))
        and len(set(cells)) == len(cells)
        and all(cell.isdigit() for cell in cells)
    ]
    return next(iter([*dates, *running]), "")


def _ranks(texts: dict[str, list[str]], name: str) -> np.ndarray | None:
    if not name:
        return None
    cells = texts[name]
    if all(NUMBER.fullmatch(cell) for cell in cells if cell):
        return np.array([float(cell) if cell else -np.inf for cell in cells])
    days = [_day(cell) for cell in cells]
    return np.array([-np.inf if day is None else day for day in days])


def _columns(texts: dict[str, list[str]], moment: str, told: str) -> tuple[tuple[Column, ...], list[LeftOut]]:
    columns: list[Column] = []
    out: list[LeftOut] = []
    for name, cells in texts.items():
        known = _known(cells)
        filled = [cell for cell in known if cell]
        if name in (told, moment):
            out.append(LeftOut(name, "it tells old from new; a time of the calendar does not come again"))
        elif len(set(known)) < 2:
            out.append(LeftOut(name, "it is the same in every lead"))
        elif all(map(DAY.fullmatch, filled)) and not moment:
            out.append(LeftOut(name, "a date: it says something as an age only, from the moment of the decision"))
        elif all(map(DAY.fullmatch, filled)):
            columns.append(number_column(f"{AGE}{name}", _ages(known, texts[moment])))
        elif all(map(NUMBER.fullmatch, filled)):
            columns.append(_number_column(name, known))
        else:
            columns.append(text_column(name, known))
    return tuple(columns), out


def _alike(texts: dict[str, list[str]], moment: str, like: Table) -> tuple[tuple[Column, ...], list[LeftOut]]:
    columns = []
    for column in like.columns:
        name = column.name.removeprefix(AGE) if moment and column.name not in texts else column.name
        if name not in texts:
            raise FileError(f"the test file has no column {name!r}")
        known = _known(texts[name])
        if name != column.name:
            columns.append(number_column(column.name, _ages(known, texts[moment])))
        else:
            columns.append((_number_column if column.kind == NUMBERS else text_column)(name, known))
    return tuple(columns), []


def _known(cells: list[str]) -> list[str]:
    return ["" if cell.lower() in NOTHING else cell for cell in cells]


def _number_column(name: str, cells: list[str]) -> Column:
    """What is no number is empty."""
    return number_column(name, [float(cell) if NUMBER.fullmatch(cell) else None for cell in cells])


def _ages(cells: Sequence[str], moments: Sequence[str]) -> list[float | None]:
    pairs = [(_day(at), _day(cell)) for at, cell in zip(moments, cells, strict=True)]
    return [None if at is None or day is None else float(int(at - day)) for at, day in pairs]


def _day(cell: str) -> float | None:
    """Days since 1970."""
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() / 86_400
