"""What is learned from: columns of numbers or words, and which leads won. Empty stays empty."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

NUMBER, TEXT = "number", "text"


@dataclass(frozen=True)
class Column:
    """`values`: numbers, empty is NaN; or for text the place in `words`, empty is -1."""

    name: str
    kind: str
    values: NDArray[np.float64] | NDArray[np.int32]
    words: tuple[str, ...] = ()

    @property
    def empty(self) -> NDArray[np.bool_]:
        return np.isnan(self.values) if self.kind == NUMBER else self.values < 0

    def take(self, rows: NDArray[np.intp]) -> "Column":
        return replace(self, values=self.values[rows])


@dataclass(frozen=True)
class Table:
    """One row is one lead. `order` rises with time; None where nothing tells old from new."""

    columns: tuple[Column, ...]
    won: NDArray[np.bool_]
    order: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.won)

    @property
    def wins(self) -> int:
        return int(self.won.sum())

    @property
    def losses(self) -> int:
        return len(self) - self.wins

    def take(self, rows: NDArray[np.intp]) -> "Table":
        order = None if self.order is None else self.order[rows]
        return Table(tuple(column.take(rows) for column in self.columns), self.won[rows], order)

    def without(self, names: Collection[str]) -> "Table":
        return replace(self, columns=tuple(column for column in self.columns if column.name not in names))


def number_column(name: str, values: Sequence[float | None]) -> Column:
    return Column(name, NUMBER, np.array([np.nan if value is None else value for value in values], float))


def text_column(name: str, values: Sequence[str | None]) -> Column:
    """Capital letters and blanks at the ends make no difference, as in conditions; the first spelling is shown."""
    spelling = Spelling()
    places = np.fromiter((spelling.place(value) for value in values), np.int32, len(values))
    return Column(name, TEXT, places, spelling.words)


class Spelling:
    """Words as they come, each with its place."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, str]] = {}

    def place(self, value: str | None) -> int:
        text = (value or "").strip()
        return self._known.setdefault(text.lower(), (len(self._known), text))[0] if text else -1

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(text for _, text in self._known.values())
