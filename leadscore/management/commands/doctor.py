"""One line for each thing an installation needs."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from leadscore.doctor import examine


class Command(BaseCommand):
    help = "Check Python, DATA_DIR, database, migrations, time zone, Redis, worker and beat. Exit status 1: look."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON object on standard output")

    def handle(self, *, as_json: bool, **options: Any) -> None:
        findings = list(examine())
        well = all(finding.ok for finding in findings)
        if as_json:
            self.stdout.write(json.dumps({"ok": well, "checks": [finding.as_dict() for finding in findings]}))
        else:
            for finding in findings:
                self.stdout.write(f"{'ok' if finding.ok else 'FAILED':<7} {finding.check:<11} {finding.text}")
        if not well:
            sys.exit(1)
