"""What is this file, and what does each of its columns become? Suggestions, which a person may change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from leads.enums import FieldType, ImportKind
from leads.ingest.normalise import addresses
from leads.ingest.normalise.countries import country
from leads.ingest.normalise.phones import phone
from leads.ingest.survey import Column, guess_type
from leads.ingest.targets import KEEP, NEW, known_names, plain
from leads.models import Field

KNOWN_NAME, BY_VALUES, LAST_TIME, NO_MATCH = "Known name", "By its values", "As last time", "No match"
OWN = "Our own export"
MOSTLY = 0.8
# Headers that say what kind of file it is. Deals and activities are told by their own words before leads and companies.
TELLTALES = {
    ImportKind.EVENTS: "activity id;activity type;activity date;event;event name;event type;activity timestamp"
    ";touch type;engagement type;occurred at;touch timestamp;session type;session timestamp",
    ImportKind.DEALS: "deal id;deal name;deal stage;opportunity id;opportunity name;close date;closed lost reason"
    ";pipeline;amount;close value;opportunity stage",
    ImportKind.COMPANIES: "company id;company domain name;number of employees;annual revenue;account name;company name"
    ";account;sector;revenue;employees;employee band",
    ImportKind.LEADS: "email;e mail;mail;email 1;first name;last name;vorname;nachname;contact id;lead id;prospect id"
    ";job title;lead source;lead number;prenom;nombre;apellidos",
}
# Bookkeeping of the exporting program, and addresses, that nobody scores by: offered, not taken.
USELESS = {
    "last modified date",
    "last modified",
    "modified date",
    "updated at",
    "index",
    "row",
    "nr",
    "no",
    "#",
    "unnamed",
}


@dataclass(frozen=True)
class Suggestion:
    """`key` is a target's, or "" for: do not import."""

    key: str
    confidence: str


def guess_kind(columns: Sequence[str]) -> str:
    """What the rows of a file with these columns are."""
    names = {plain(column) for column in columns}
    points = {kind: len(names & set(words.split(";"))) for kind, words in TELLTALES.items()}
    best = max(points, key=lambda kind: points[kind])
    person = {"email", "e mail", "mail", "email 1", "first name", "vorname", "prospect id", "lead number"} & names
    if person and best == ImportKind.COMPANIES:
        best = ImportKind.LEADS
    return str(best) if points[best] else str(ImportKind.LEADS)


def suggest(
    kind: str, columns: Sequence[Column], fields: Iterable[Field], people: Iterable[str] = ()
) -> dict[str, Suggestion]:
    """A suggestion for each column. `people` are the e-mail addresses and names of colleagues, in small letters."""
    names, colleagues, taken = known_names(kind, fields), set(people), set[str]()
    found: dict[str, Suggestion] = {}
    for column in columns:
        key = names.get(plain(column.name), "")
        if key and _fits(key, column, colleagues) and (key not in taken or key == "external_id"):
            found[column.name] = Suggestion(key, KNOWN_NAME)
            taken.add(key)
    for column in columns:
        if column.name not in found:
            known = plain(column.name) in names
            found[column.name] = _by_type(kind, column) if known else _by_values(kind, column, taken)
            taken.add(found[column.name].key)
    return {column.name: found[column.name] for column in columns}


def _fits(key: str, column: Column, colleagues: set[str]) -> bool:
    """Whether the values allow what the name promises: an id that repeats would make one lead of many."""
    if not column.filled:
        return False
    if key == "external_id":
        return column.unique
    if key == "owner":
        return any(value.lower() in colleagues for value in column.values)
    return True


def _by_values(kind: str, column: Column, taken: set[str]) -> Suggestion:
    readers = (("email", addresses.email), ("country", country), ("phone", _dialled))
    possible = {ImportKind.LEADS: readers, ImportKind.COMPANIES: readers[1:]}.get(ImportKind(kind), readers[:1])
    for key, read in possible:
        if key not in taken and column.share(read) >= MOSTLY:
            return Suggestion(key, BY_VALUES)
    return _by_type(kind, column)


def _by_type(kind: str, column: Column) -> Suggestion:
    """Nothing we know: kept beside a deal or activity, else a custom field of the type that fits."""
    if not column.filled or plain(column.name) in USELESS:
        return Suggestion("", NO_MATCH)
    if kind in (ImportKind.DEALS, ImportKind.EVENTS):
        return Suggestion(KEEP, NO_MATCH)
    type_ = guess_type(column)
    return Suggestion(f"{NEW}{type_}", NO_MATCH if type_ == FieldType.TEXT else BY_VALUES)


def _dialled(value: str) -> Any:
    if sum(character.isdigit() for character in value) < 8 or value.isdigit() or not value.startswith(("+", "00", "(")):
        raise ValueError
    return phone(value)
