"""Bring the summaries behind the reports up to date, or make them anew."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reports.models import Fact
from reports.summaries import count_due, make_anew


class Command(BaseCommand):
    said = ""
    help = "Counts what the reports are made of: what changed, or with --anew everything."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--anew", action="store_true", help="every lead again, page by page; goes on where it was")

    def handle(self, *args: Any, anew: bool, **options: Any) -> None:
        done = make_anew(say=self.say) if anew else count_due(seconds=3600)
        if not done:
            raise CommandError("Somebody else is counting at this moment; what is left is counted in the background.")
        self.stdout.write(f"{Fact.objects.count():,} leads counted")

    def say(self, part: float) -> None:
        """How far it is, whenever that is another percentage."""
        said = f"{part:.0%}".replace("%", " %")
        if said != self.said:
            self.stdout.write(said)
            self.said = said
