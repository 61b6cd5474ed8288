"""manage.py import_leads FILE --team T: the importer of the page, from the command line."""

import json
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError, CommandParser

from leads.enums import ImportKind, ImportPolicy, SourceKind
from leads.ingest import job as imports
from leads.ingest.files import FileError
from leads.ingest.mapping import MappingForm
from leads.ingest.problems import problem_kinds
from leads.ingest.source import source_name
from leads.ingest.targets import targets_of
from leads.ingest.trial import try_out
from leads.models import Field, Import, ImportProblem, Source, Team, User

COUNTS = ("rows", "created", "updated", "unchanged", "rejected", "in_part")


class Command(BaseCommand):
    help = "Import a CSV or XLSX file of leads, companies, deals or activities. Exit status 1: it could not be read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--team", required=True, help="slug or name of the team")
        parser.add_argument("--source", default="", help="where the file comes from; its ids are known by this name")
        parser.add_argument("--kind", choices=ImportKind.values, default="", help="what the rows are; else guessed")
        parser.add_argument("--policy", choices=ImportPolicy.values, help="when a lead is here already")
        parser.add_argument(
            "--mapping", type=Path, help='JSON file {"column": "field" or null}; other columns as suggested'
        )
        parser.add_argument("--by", default="", help="e-mail address of the person to whom changes are put down")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and store nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        job = self._take_over(options)
        try:
            if options["policy"]:
                job.policy = options["policy"]
            if options["mapping"]:
                _map(job, options["mapping"])
            if options["dry_run"]:
                self._tell(job, try_out(job), options["json"])
                return
            self._run(job, quiet=options["json"])
            self._tell(job, _result(job), options["json"])
        finally:
            if options["dry_run"] or job.state == "uploaded":
                job.file.delete(save=False)
                job.delete()

    def _take_over(self, options: dict[str, Any]) -> Import:
        team = Team.objects.filter(slug=options["team"]).first() or Team.objects.filter(name=options["team"]).first()
        if team is None:
            raise CommandError(
                f"No team {options['team']!r}. There are: {', '.join(Team.objects.values_list('slug', flat=True))}."
            )
        by = User.objects.get(email=options["by"].lower()) if options["by"] else None
        path: Path = options["file"]
        source = Source.objects.named(team, options["source"] or source_name(path.name), SourceKind.IMPORT)
        try:
            with path.open("rb") as file:
                return imports.take_over(
                    File(file), name=path.name, team=team, source=source, by=by, kind=options["kind"], at_once=True
                )
        except (OSError, FileError) as wrong:
            raise CommandError(f"{path}: {wrong.strerror if isinstance(wrong, OSError) else wrong}") from None

    def _run(self, job: Import, *, quiet: bool) -> None:
        imports.start(job)
        claimed = imports.claim(job.pk)
        if claimed:
            imports.work(claimed, on_page=None if quiet else self._progress)
        job.refresh_from_db()
        if job.error:
            raise CommandError(job.error)

    def _progress(self, job: Import) -> None:
        self.stdout.write(f"{job.processed:,} of {job.rows:,} rows", ending="\n" if job.processed == job.rows else "\r")
        self.stdout.flush()

    def _tell(self, job: Import, result: dict[str, Any], as_json: bool) -> None:
        if as_json:
            self.stdout.write(
                json.dumps({"file": job.name, "kind": job.kind, "columns": job.mapping} | result, default=str)
            )
            return
        labels = {key: target.label for key, target in targets_of(job.kind, Field.objects.all()).items()}
        for column in job.columns:
            self.stdout.write(f"  {column} → {labels.get(job.mapping.get(column) or '', 'not imported')}")
        told = {"rejected": "skipped", "in_part": "in part"}
        self.stdout.write(", ".join(f"{result[name]:,} {told.get(name, name)}" for name in COUNTS))
        for problem in result["problems"]:
            where = ", ".join(str(line) for line in problem["lines"])
            more = (
                f" and {problem['count'] - len(problem['lines']):,} more"
                if problem["count"] > len(problem["lines"])
                else ""
            )
            what = "skipped" if problem["outcome"] == ImportProblem.REJECTED else "in part"
            column = f"{problem['column']}: " if problem["column"] else ""
            self.stdout.write(f"  line {where}{more}, {what}: {column}{problem['message']}")


def _map(job: Import, path: Path) -> None:
    try:
        mapping = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        raise CommandError(f"{path}: {wrong}") from None
    if unknown := [column for column in mapping if column not in job.columns]:
        raise CommandError(f"{path}: the file has no column {unknown[0]!r}. It has: {', '.join(job.columns)}.")
    places = {f"column-{place}": column for place, column in enumerate(job.columns)}
    form = MappingForm(job, {name: mapping[column] or "" for name, column in places.items() if column in mapping})
    if form.errors:
        raise CommandError(f"{path}: {' '.join(form.errors)}")
    form.save()


def _result(job: Import) -> dict[str, Any]:
    return {name: getattr(job, name) for name in COUNTS} | {"problems": problem_kinds(job.problems.all())}
