"""manage.py sync CONNECTION: read what changed there and bring there what changed here, now."""

import json
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from leads.crm.sync.runner import sync_now
from leads.management.connections import connection_named
from leads.models import Connection, SyncRun

MOST_RUNS = 20


class Command(BaseCommand):
    help = "Sync a CRM until both sides are still. Exit status 1: it could not be reached, or refused a row."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("connection", help="slug or number of the connection")
        parser.add_argument("--once", action="store_true", help="one run; else until a run changes nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connection_named(options["connection"])
        runs = [self._run(connection)]
        while not options["once"] and runs[-1].ok and _moved(runs[-1]) and len(runs) < MOST_RUNS:
            runs.append(self._run(connection))
        connection.refresh_from_db()
        result = _result(connection, runs)
        if options["json"]:
            self.stdout.write(json.dumps(result, default=str))
        else:
            self._tell(result)
        if not result["ok"]:
            raise CommandError(connection.error or f"{result['problems']} rows could not be synced.")

    def _run(self, connection: Connection) -> SyncRun:
        run = sync_now(connection)
        if run is None:
            raise CommandError(f"{connection} is paused, or another worker syncs it just now.")
        return run

    def _tell(self, result: dict[str, Any]) -> None:
        for kind, counts in result["counts"].items():
            self.stdout.write(f"  {kind}: " + ", ".join(f"{number:,} {name}" for name, number in counts.items()))
        self.stdout.write(
            f"{result['runs']} runs, {result['calls']:,} requests, {result['problems']} rows with problems"
        )


def _moved(run: SyncRun) -> bool:
    """Whether the run changed anything on either side."""
    quiet = ("read", "unchanged", "failed")
    return any(number for counts in run.counts.values() for name, number in counts.items() if name not in quiet)


def _result(connection: Connection, runs: list[SyncRun]) -> dict[str, Any]:
    counts: dict[str, Counter[str]] = {}
    for run in runs:
        for kind, numbers in run.counts.items():
            counts.setdefault(kind, Counter()).update(numbers)
    problems = connection.problems.open().count()
    return {
        "connection": connection.slug, "ok": bool(runs[-1].ok) and not problems, "runs": len(runs),
        "calls": sum(run.calls for run in runs), "counts": counts, "problems": problems, "error": connection.error,
        "synced_at": connection.synced_at,
    }  # fmt: skip
