"""What would happen: the import itself, on the first rows, taken back at the end."""

from collections import Counter
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db import transaction

from leads.ingest.fields import with_new_fields
from leads.ingest.paging import Reading, Taken, pages, take_page
from leads.ingest.problems import problem_kinds
from leads.models import Company, Import

MOST_ROWS = 10_000
PREVIEW = 5
MAIN = ("company.name", "name", "first_name", "last_name", "email", "title", "kind", "occurred_at", "stage", "amount",
        "company.employees", "employees", "country", "domain", "phone", "external_id")  # fmt: skip


def try_out(job: Import) -> dict[str, Any]:
    """Counts, a preview and the kinds of problems, as the import itself gives them; nothing stays in the database.

    Looks at 10,000 rows at most and says so: {"rows", "of", "created", "updated", "unchanged", "rejected", "in_part",
    "companies", "preview", "problems"}.
    """
    counts: Counter[str] = Counter()
    found: list[Taken] = []
    with transaction.atomic():
        before = Company.objects.filter(team=job.team).count()
        reading = Reading(job, with_new_fields(job))
        for rows in pages(islice(reading.rows(0), MOST_ROWS)):
            taken = take_page(reading, rows)
            counts += taken.counts
            found.append(taken if not found else Taken(taken.counts, taken.problems, []))
        companies = Company.objects.filter(team=job.team).count() - before
        transaction.set_rollback(True)
    return {
        **{name: counts[name] for name in ("created", "updated", "unchanged", "rejected", "in_part")},
        "rows": counts.total() - counts["in_part"],
        "of": job.rows,
        "companies": companies,
        "preview": _preview(reading, found[0]) if found else {},
        "problems": problem_kinds([problem for taken in found for problem in taken.problems]),
    }


def _preview(reading: Reading, taken: Taken) -> dict[str, Any]:
    """The first rows as they will be stored, in the columns that tell most."""
    mapped = reading.mapping.values()
    shown = [reading.targets[key] for key in MAIN if key in mapped][:7]
    rows = []
    for row, values, result in taken.rows[:PREVIEW]:
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
