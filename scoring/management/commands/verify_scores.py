import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from scoring.verify import verify_scores


class Command(BaseCommand):
    help = "Count every lead again and compare it with its standing and history. Exit status 0: everything holds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        result = verify_scores()
        if options["json"]:
            answer = {
                "checked": result.checked,
                "due": result.due,
                "differences": len(result.different),
                "different_leads": result.different[:100],
                "broken_histories": len(result.broken_history),
                "leads_with_broken_history": result.broken_history[:100],
            }
            self.stdout.write(json.dumps(answer))
        else:
            self.stdout.write(
                f"{result.checked} leads counted again: {len(result.different)} differences, "
                f"{len(result.broken_history)} broken histories. {result.due} leads are due and were not compared."
            )
        if not result.holds:
            wrong = result.different or result.broken_history
            raise CommandError(f"does not hold for leads {', '.join(map(str, wrong[:20]))}")
