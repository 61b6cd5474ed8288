"""manage.py sync_reconcile CONNECTION: what is missing in the CRM, and why."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from leads.crm.reconcile import REPAIRABLE, Report, reconcile, repair
from leads.crm.sync.runner import sweep_now
from leads.management.connections import connection_named
from leads.models import Connection


class Command(BaseCommand):
    help = "Compare both sides. Exit status 1: something is missing or differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("connection", help="slug or number of the connection")
        parser.add_argument("--offline", action="store_true", help="ask the CRM nothing: as of the last sweep")
        parser.add_argument("--repair", action="store_true", help="send once more what is missing")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connection_named(options["connection"])
        if not options["offline"]:
            _sweep(connection)
        report = reconcile(connection)
        sent = sum(repair(connection, reason.why) for reason in report.reasons if reason.why in REPAIRABLE) \
            if options["repair"] else 0  # fmt: skip
        result = report.as_dict() | {"sent": sent}
        self.stdout.write(json.dumps(result) if options["json"] else _words(report))
        if not report.holds:
            raise CommandError(f"{report.missing} of {report.handed_off} leads are missing in the CRM.")


def _sweep(connection: Connection) -> None:
    run = sweep_now(connection)
    if run is None:
        raise CommandError(f"{connection} is paused, or another worker syncs it just now. --offline asks nobody.")
    if not run.ok:
        raise CommandError(run.error)


def _words(report: Report) -> str:
    lines = [f"{report.handed_off:,} handed off, {report.in_crm:,} in the CRM, {report.missing:,} missing"]
    for reason in report.reasons:
        lines += [f"  {reason.count:,}: {reason.words}", *(f"    “{said}”" for said in reason.said)]
    lines.append(f"{report.to_update:,} to be brought up to date, {report.problems:,} rows with problems")
    return "\n".join(lines)
