"""Cells of a row → values of targets. What cannot be read is left out and told, cell by cell."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from leads.enums import FieldType
from leads.ingest.normalise import addresses, dates, numbers
from leads.ingest.normalise.blanks import is_blank
from leads.ingest.normalise.booleans import boolean
from leads.ingest.normalise.countries import country
from leads.ingest.normalise.industries import industry
from leads.ingest.normalise.phones import phone
from leads.ingest.own import lead_of
from leads.ingest.targets import Target

MOST_EMPLOYEES = 2_147_483_647
MOST_REMEMBERED = 1_000
LONGEST_REMEMBERED = 200
LONGEST_VALUE = 1_000  # of what is no free text: nothing longer is a number, a date or a name, nor worth the search
UNREADABLE = "Holds a sign that could not be read (\ufffd). Correct it, or save the file as UTF-8."
TEXTS = ("text", "url", FieldType.LIST)
FREE = (*TEXTS, "id", "own")


@dataclass(frozen=True)
class Problem:
    """A cell that could not be taken as it is."""

    column: str
    value: str
    message: str


class CutError(ValueError):
    """The text is too long for its place; `value` is what fits."""

    def __init__(self, value: str):
        self.value = value
        super().__init__(f"Longer than {len(value):,} characters, cut there. Shorten it.")


@dataclass(frozen=True)
class _Cell:
    place: int
    column: str
    target: Target
    read: Callable[[str], Any]
    memory: dict[tuple[str, str], tuple[Any, str]] = field(default_factory=dict)

    def value_of(self, text: str, home: str) -> tuple[Any, str]:
        """(value, what was wrong with it). The first thousand spellings are remembered: most columns repeat a few."""
        known = self.memory.get((text, home))
        if known is None:
            known = self._value_of(text, home)
            if len(self.memory) < MOST_REMEMBERED and len(text) <= LONGEST_REMEMBERED:
                self.memory[text, home] = known
        return known

    def _value_of(self, text: str, home: str) -> tuple[Any, str]:
        if is_blank(text, country=self.target.type == "country"):
            return None, ""
        try:
            if len(text) > LONGEST_VALUE and self.target.type not in FREE:
                raise ValueError(f"Longer than {LONGEST_VALUE:,} characters. Correct or empty the cell.")
            spoiled = UNREADABLE if "\ufffd" in text else ""
            if spoiled and self.target.type not in TEXTS:  # half an address is somebody else's
                raise ValueError(spoiled)
            return (phone(text, home) if self.target.type == "phone" else self.read(text)), spoiled
        except CutError as cut:
            return cut.value, str(cut)
        except ValueError as wrong:
            return None, str(wrong)


class RowReader:
    """Reads the rows of one file by its mapping. `people`: colleagues by e-mail address and name, in small letters."""

    def __init__(
        self,
        columns: Sequence[str],
        mapping: Mapping[str, str | None],
        targets: Mapping[str, Target],
        facts: Mapping[str, Any],
        people: Mapping[str, Any],
        choices: Mapping[str, set[str]],
    ):
        self._width = len(columns)
        cells = [
            _Cell(place, column, targets[key], reader(targets[key], facts.get(column, {}), people, choices.get(key)))
            for place, column in enumerate(columns)
            if (key := mapping.get(column)) and key in targets
        ]
        # a phone number is read as one of the row's country
        self._cells = sorted(cells, key=lambda cell: cell.target.type == "phone")

    def read(self, cells: Sequence[str]) -> tuple[list[tuple[Target, str, Any]], list[Problem]]:
        """([(target, column, value), …], problems); what is empty is left out."""
        values: list[tuple[Target, str, Any]] = []
        problems: list[Problem] = []
        home = ""
        for cell in self._cells:
            text = cells[cell.place] if cell.place < len(cells) else ""
            value, message = cell.value_of(text, home if cell.target.type == "phone" else "")
            if message:
                problems.append(Problem(cell.column, text, message))
            if value is not None:
                values.append((cell.target, cell.column, value))
                if cell.target.type == "country" and not home:
                    home = value
        extra = [cell for cell in cells[self._width :] if cell]
        if extra:
            problems.append(
                Problem("", extra[0], "More cells than columns: a delimiter inside a cell? Quote that cell.")
            )
        return values, problems


def reader(
    target: Target, facts: Mapping[str, Any], people: Mapping[str, Any], choices: set[str] | None
) -> Callable[[str], Any]:
    """The function that reads a cell for a target, by what is known of its column. It raises ValueError."""
    order, decimal = facts.get("order", dates.DAY_FIRST), facts.get("decimal", numbers.POINT)
    readers: dict[str, Callable[[str], Any]] = {
        "email": addresses.email,
        "country": country,
        "domain": _domain,
        "industry": industry,
        "url": lambda text: _text(text, target.limit),
        "id": lambda text: _id(text, target.limit),
        "own": lead_of,
        "count": lambda text: _count(numbers.number(text, decimal)),
        "money": lambda text: round(numbers.number(text, decimal), 2),
        "moment": lambda text: dates.moment(text, order),
        "person": lambda text: _person(text, people),
        FieldType.NUMBER: lambda text: _json_number(numbers.number(text, decimal)),
        FieldType.DATE: lambda text: dates.day(text, order).isoformat(),
        FieldType.BOOLEAN: boolean,
        FieldType.CHOICE: lambda text: _choice(text, choices),
        FieldType.LIST: _list,
    }
    return readers.get(target.type, lambda text: _text(text, target.limit))


def _text(text: str, limit: int) -> str:
    text = " ".join(text.split()) if limit <= 250 else text.strip()
    if len(text) > limit:
        raise CutError(text[:limit])
    return text


def _id(text: str, limit: int) -> str:
    if len(text) > limit:
        raise ValueError(f"Longer than {limit} characters: no id.")
    return text


def _domain(text: str) -> str:
    found = addresses.domain(text)
    if not found:
        raise ValueError("Not a domain. Write it as northwind.example.")
    return found


def _count(value: Any) -> int:
    if not 0 <= value <= MOST_EMPLOYEES:
        raise ValueError("Not a number of people.")
    return int(value)


def _json_number(value: Any) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _person(text: str, people: Mapping[str, Any]) -> Any:
    person = people.get(text.lower())
    if person is None:
        raise ValueError("Nobody of this team. Write the e-mail address of a colleague.")
    return person


def _choice(text: str, choices: set[str] | None) -> str:
    if choices and text not in choices:
        by_small = {choice.lower(): choice for choice in choices}
        if text.lower() not in by_small:
            raise ValueError("Not one of the choices of this field. Correct it, or add the choice to the field.")
        return by_small[text.lower()]
    return _text(text, 1000)


def _storable(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _list(text: str) -> list[str]:
    if text.startswith("["):  # as an export writes items that hold such signs
        with suppress(ValueError, RecursionError, TypeError):
            return list(dict.fromkeys(_storable(str(item)) for item in json.loads(text)[:100]))
    sign = next((sign for sign in ";|\n" if sign in text), ",")
    return list(dict.fromkeys(part.strip() for part in text.split(sign) if part.strip()))[:100]
