import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import F

from leads.models import Standing
from scoring.models import ScoringModel, Version
from scoring.pipeline import recount_all, rescore_due

BATCH = 10_000


class Command(BaseCommand):
    help = (
        "Count every lead again with the live versions and write what differs. Normally nobody needs this: facts make "
        "their leads due."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--model", metavar="SLUG", help="only leads this model scores")
        parser.add_argument("--wait", action="store_true", help="do the work here and return when it is done")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["wait"] and not options["model"]:
            self._recount()
            return
        standings = Standing.objects.all()
        if slug := options["model"]:
            model = ScoringModel.objects.filter(slug=slug).first()
            if model is None:
                known = ", ".join(ScoringModel.objects.values_list("slug", flat=True)) or "none"
                raise CommandError(f"there is no model {slug!r}; there is: {known}")
            versions = Version.objects.deciding().filter(model=model).values_list("pk", flat=True)
            standings = standings.filter(version__in=list(versions))
        ids = list(standings.order_by("pk").values_list("pk", flat=True))
        for start in range(0, len(ids), BATCH):
            # in pieces and in order of id, so that nobody waits long and nothing deadlocks
            Standing.objects.filter(pk__in=ids[start : start + BATCH]).update(facts_rev=F("facts_rev") + 1)
        self.stdout.write(f"{len(ids)} leads are due.")
        if options["wait"]:
            self._work(len(ids))

    def _recount(self) -> None:
        began, first, done, changed = time.monotonic(), 1, 0, 0
        while first:
            first, counted, differed = recount_all(first)
            done, changed = done + counted, changed + differed
            self.stdout.write(f"{done} counted, {changed} changed")
        self.stdout.write(f"Done in {time.monotonic() - began:.1f} s.")

    def _work(self, total: int) -> None:
        began, done = time.monotonic(), 0
        while count := rescore_due():
            done += count
            self.stdout.write(f"{done} of {total}")
        while Standing.objects.due().exists():  # a worker holds the rest
            time.sleep(0.2)
        self.stdout.write(f"Done in {time.monotonic() - began:.1f} s.")
