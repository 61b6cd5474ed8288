"""A page of rows of a file: read, handed to the way in, and told what became of each."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from leads.enums import ImportKind, ImportPolicy
from leads.ingest.files import MOST_COLUMNS, Row, Shape, read_rows
from leads.ingest.reading import Problem, RowReader
from leads.ingest.records import Outcome, rejected
from leads.ingest.rows import Values, record_of, take
from leads.ingest.targets import Target, targets_of
from leads.models import Field, Import, ImportProblem, User

logger = logging.getLogger(__name__)
PAGE = 500
REQUIRED = {
    ImportKind.EVENTS: {
        "kind": "No kind of activity: what happened? Fill it in.",
        "occurred_at": "No date: when did it happen? Write it as 2026-08-03.",
    }
}
# A problem with one of these says already why its row was rejected.
KEYS = {"email", "external_id", "lead_id", "kind", "occurred_at", "name", "domain"}


@dataclass(frozen=True)
class Taken:
    """What became of a page: counts of results and of rows taken in part, problems to list, and its rows."""

    counts: Counter[str]
    problems: list[ImportProblem]
    rows: list[tuple[Row, Values, str]]


class Reading:
    """How one file is read: where it lies, its shape, its mapping, and what its columns may become."""

    def __init__(self, job: Import, mapping: Mapping[str, str]):
        fields = list(Field.objects.all())
        self.job = job
        self.mapping = mapping
        self.targets: dict[str, Target] = targets_of(job.kind, fields)
        self._reader = RowReader(
            job.columns, mapping, self.targets, job.facts, _people(job), _choices(job.kind, fields)
        )

    def rows(self, skip: int) -> Iterator[tuple[int, Row]]:
        """The rows after the first `skip`, with their number in the file from 0."""
        return enumerate(read_rows(Path(self.job.file.path), shape_of(self.job), skip=skip), skip)

    def read(self, row: Row) -> tuple[Values, list[Problem]]:
        return self._reader.read(row.cells)

    @cached_property
    def superseded(self) -> dict[int, int]:
        """{number of a row: line of a later row of the same person}, when the file wins: then the last row does.

        Worked out from the file alone, so that a second import ends the same way as the first.
        """
        if self.job.policy != ImportPolicy.FILE_WINS or self.job.kind != ImportKind.LEADS:
            return {}
        places = [
            place
            for place, column in enumerate(self.job.columns)
            if self.mapping.get(column) in ("email", "external_id")
        ]
        latest: dict[tuple[int, str], int] = {}
        found: dict[int, int] = {}
        for number, row in self.rows(0):
            for place in places:
                key = (place, row.cells[place].lower() if place < len(row.cells) else "")
                if key[1] and key in latest:
                    found[latest[key]] = row.line
                latest[key] = number
        return found


def shape_of(job: Import) -> Shape:
    return Shape(job.encoding, job.delimiter, job.columns, job.header)


def pages(rows: Iterable[Any]) -> Iterator[list[Any]]:
    """Lists of 500."""
    rows = iter(rows)
    while page := list(islice(rows, PAGE)):
        yield page


def take_page(reading: Reading, rows: list[tuple[int, Row]]) -> Taken:
    """Store a page of rows. The caller's transaction decides whether it stays."""
    job = reading.job
    read = [reading.read(row) for _, row in rows]
    missing = [_missing(job.kind, values) for values, _ in read]
    records = [
        record_of(job.kind, values, ImportPolicy.FILL if number in reading.superseded else "")
        for (number, _), (values, _), why in zip(rows, read, missing, strict=True)
        if not why
    ]
    stored = iter(_store(job, records))
    counts: Counter[str] = Counter()
    problems: list[ImportProblem] = []
    shown: list[tuple[Row, Values, str]] = []
    for (number, row), (values, wrong), why in zip(rows, read, missing, strict=True):
        outcome = rejected(why) if why else next(stored)
        if number in reading.superseded:
            wrong = [
                *wrong,
                Problem("", "", f"The same person comes again in line {reading.superseded[number]}, which wins."),
            ]
        found = _problems(reading, row, outcome, wrong)
        counts[outcome.result] += 1
        counts["in_part"] += bool(found) and not outcome.rejected
        problems += found
        shown.append((row, values, str(outcome.result)))
    return Taken(counts, problems, shown)


def _store(job: Import, records: list[Any]) -> list[Outcome]:
    """Hand over the records; when they cannot be stored together, in halves, so that one bad row costs itself only."""
    if not records:
        return []
    try:
        with transaction.atomic():
            return take(job.kind, job.source, records, policy=job.policy, by=job.by)
    except (OperationalError, InterfaceError):
        raise  # the database is away or busy: the page is tried again later
    except Exception:
        if len(records) == 1:
            logger.exception("import %s: a row could not be stored", job.pk)
            return [rejected("This row could not be stored. Look for unusual values in it; the log says more.")]
        half = len(records) // 2
        return _store(job, records[:half]) + _store(job, records[half:])


def _problems(reading: Reading, row: Row, outcome: Outcome, wrong: list[Problem]) -> list[ImportProblem]:
    told = [*wrong, *(Problem(_column(reading, name), "", message) for name, message in outcome.notes)]
    if outcome.rejected and not any(reading.mapping.get(problem.column) in KEYS for problem in wrong):
        told.append(Problem("", "", outcome.reason))
    kind = ImportProblem.REJECTED if outcome.rejected else ImportProblem.IN_PART
    return [
        ImportProblem(
            job=reading.job, line=row.line, column=problem.column[:150], value=problem.value[:200], outcome=kind,
            message=problem.message[:300], row=[cell[:500] for cell in row.cells[:MOST_COLUMNS]],
        )
        for problem in told
    ]  # fmt: skip


def _missing(kind: str, values: Values) -> str:
    there = {target.key for target, _, _ in values}
    return next((why for key, why in REQUIRED.get(ImportKind(kind), {}).items() if key not in there), "")


def _column(reading: Reading, key: str) -> str:
    return next((column for column, target in reading.mapping.items() if target == key), "")


def _people(job: Import) -> dict[str, User]:
    """Colleagues of the team by e-mail address and by name, in small letters."""
    people: dict[str, User] = {}
    for user in User.objects.filter(memberships__team=job.team, is_active=True).order_by("-pk"):
        people |= {user.name.lower(): user, user.email: user}
    return people


def _choices(kind: str, fields: Iterable[Field]) -> dict[str, set[str]]:
    by_key = {}
    for field in fields:
        prefix = "company." if kind == ImportKind.LEADS and field.of == Field.COMPANY else ""
        by_key[f"{prefix}fields.{field.key}"] = set(field.choices)
    return {key: choices for key, choices in by_key.items() if choices}
