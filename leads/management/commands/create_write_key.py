"""manage.py create_write_key --source S --team T: a key with which a website or program sends facts."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from leads.enums import SourceKind
from leads.models import Source, Team, WriteKey


class Command(BaseCommand):
    help = "Makes a write key of a source, and the source when it is new. The secret is shown once, on the last line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--source", required=True, help="The name of the source, as in Website.")
        parser.add_argument("--team", required=True, help="The slug or name of the team.")
        parser.add_argument("--kind", choices=SourceKind.values, default=SourceKind.WEBSITE, help="Of a new source.")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["team"]
        team = Team.objects.filter(slug=name).first() or Team.objects.filter(name__iexact=name).first()
        if team is None:
            slugs = ", ".join(Team.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no team {name!r}. Teams: {slugs}.")
        source = Source.objects.named(team, options["source"], options["kind"])
        _, secret = WriteKey.issue(source)
        self.stderr.write(f"Writes to {source} of {team}, and nothing else. Keep it safe:")
        self.stdout.write(secret)
