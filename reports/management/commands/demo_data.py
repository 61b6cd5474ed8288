import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from reports.demo import enter_costs
from scoring.demo import people
from scoring.demo.build import HasLeads, make


class Command(BaseCommand):
    help = "Fill an empty database with a fictional company and one year of its leads (docs/demo.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--leads", type=int, default=3000)
        parser.add_argument("--events-per-lead", type=float, default=13, help="On average.")
        parser.add_argument("--seed", type=int, default=1, help="The same seed gives the same data on the same day.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["leads"] < 1:
            raise CommandError("--leads must be 1 or more.")
        start = time.monotonic()

        def say(line: str) -> None:
            self.stdout.write(f"{time.monotonic() - start:6.1f} s  {line}")
            self.stdout.flush()

        try:
            with transaction.atomic():
                make(options["leads"], options["events_per_lead"], options["seed"], say)
                enter_costs(timezone.localdate())
        except HasLeads as refusal:
            raise CommandError(str(refusal)) from None
        say("done")
        for line in people.lines():
            self.stdout.write(line)
