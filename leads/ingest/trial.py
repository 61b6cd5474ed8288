"""What would happen: the import itself, on the first rows, taken back page by page."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Max

from leads.ingest.fields import with_new_fields
from leads.ingest.files import Row
from leads.ingest.paging import Reading, Taken, pages, take_page
from leads.ingest.problems import problem_kinds
from leads.models import Company, Import, ImportProblem

MOST_ROWS = 10_000
PREVIEW = 5
NAMES = ("email", "external_id", "lead", "name", "domain")  # what a row is known by
MAIN = ("company.name", "name", "first_name", "last_name", "email", "title", "kind", "occurred_at", "stage", "amount",
        "company.employees", "employees", "country", "domain", "phone", "external_id")  # fmt: skip


def try_out(job: Import) -> dict[str, Any]:
    """Counts, a preview and the kinds of problems, as the import itself gives them; nothing stays in the database.

    Looks at 10,000 rows at most and says so: {"rows", "of", "created", "updated", "unchanged", "rejected", "in_part",
    "companies", "preview", "problems"}. Each page is taken back before the next is tried, so that others who write to
    the team wait for one page and not for the whole; rows of one person are tried in one page.
    """
    counts: Counter[str] = Counter()
    problems: list[ImportProblem] = []
    companies: set[tuple[str, str]] = set()
    shown: dict[str, Any] = {}
    with _taken_back():
        reading = Reading(job, with_new_fields(job))
    for rows in pages(_together(reading, list(islice(reading.rows(0), MOST_ROWS)))):
        with _taken_back():
            with_new_fields(job)
            taken, made = _tried(reading, rows)
        counts, companies = counts + taken.counts, companies | made
        problems += taken.problems
        shown = shown or _preview(reading, taken)
    return {
        **{name: counts[name] for name in ("created", "updated", "unchanged", "rejected", "in_part")},
        "rows": counts.total() - counts["in_part"],
        "of": job.rows,
        "companies": len(companies),
        "preview": shown,
        "problems": problem_kinds(sorted(problems, key=lambda problem: problem.line)),
    }


@contextmanager
def _taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _tried(reading: Reading, rows: list[tuple[int, Row]]) -> tuple[Taken, set[tuple[str, str]]]:
    """What became of the rows, and the companies they made."""
    team = Company.objects.filter(team=reading.job.team)
    before = team.aggregate(last=Max("pk"))["last"] or 0
    taken = take_page(reading, rows)
    return taken, set(team.filter(pk__gt=before).values_list("name", "domain"))


def _together(reading: Reading, rows: list[tuple[int, Row]]) -> list[tuple[int, Row]]:
    """The rows with those of one person (or company, or deal) side by side, in the order of the first of each."""
    places = [place for place, column in enumerate(reading.job.columns) if reading.mapping.get(column) in NAMES]
    first: dict[tuple[int, str], int] = {}
    groups: list[int] = []
    for number, row in rows:
        keys = [(place, row.cells[place].lower()) for place in places if place < len(row.cells) and row.cells[place]]
        group = next((first[key] for key in keys if key in first), number)
        groups.append(group)
        for key in keys:
            first.setdefault(key, group)
    return [row for _, row in sorted(zip(groups, rows, strict=True), key=lambda pair: (pair[0], pair[1][0]))]


def _preview(reading: Reading, taken: Taken) -> dict[str, Any]:
    """The first rows as they will be stored, in the columns that tell most."""
    mapped = reading.mapping.values()
    shown = [reading.targets[key] for key in MAIN if key in mapped][:7]
    rows = []
    for row, values, result in sorted(taken.rows, key=lambda each: each[0].line)[:PREVIEW]:
        said = {target.key: value for target, _, value in values}
        rows.append({"line": row.line, "cells": [_shown(said.get(target.key)) for target in shown], "result": result})
    return {"columns": [target.label for target in shown], "rows": rows}


def _shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case datetime() | date():
            return f"{value:%Y-%m-%d}"
        case int():
            return f"{value:,}"
    return str(value)[:80]
