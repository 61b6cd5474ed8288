import json
import sys
import time
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from scoring import publishing
from scoring.modelfile.apply import import_model
from scoring.modelfile.compare import compare, find
from scoring.modelfile.dump import draft_file, to_yaml, version_file
from scoring.modelfile.read import ModelFileError
from scoring.models import ScoringModel, Version


class Command(BaseCommand):
    help = "Scoring models as files: export, import as a draft, compare, publish."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        export = verbs.add_parser("export", help="write a draft, or a version, as YAML")
        export.add_argument("model", help="slug of the model (its draft), or slug@3 (version 3)")
        export.add_argument("--output", metavar="FILE", help="write here and not to standard output")
        taken = verbs.add_parser("import", help="make a draft of a file")
        taken.add_argument("file", help="the file; - for standard input")
        taken.add_argument("--slug", default="", help="of the model whose draft it becomes; default: as in the file")
        taken.add_argument("--json", action="store_true", help="print one JSON object")
        diff = verbs.add_parser("diff", help="what the second says differently, in sentences")
        diff.add_argument("before", help="a file, slug (the draft) or slug@3 (version 3)")
        diff.add_argument("after")
        diff.add_argument("--json", action="store_true", help="print one JSON object")
        publish = verbs.add_parser("publish", help="publish the draft: every lead is scored, then all switch at once")
        publish.add_argument("model", help="slug of the model")
        publish.add_argument("--note", required=True, help="what is new, and why")
        publish.add_argument("--wait", action="store_true", help="do the work here and return when it is live")
        publish.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except ModelFileError as error:
            raise CommandError("\n".join(["the file cannot be taken:", *error.problems])) from None
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from None
        except (LookupError, OSError) as error:
            raise CommandError(str(error)) from None

    def _export(self, options: dict[str, Any]) -> None:
        found = find(options["model"])
        text = to_yaml(draft_file(found) if isinstance(found, ScoringModel) else version_file(found))
        if options["output"]:
            Path(options["output"]).write_text(text, encoding="utf-8")
        else:
            self.stdout.write(text, ending="")

    def _import(self, options: dict[str, Any]) -> None:
        text = sys.stdin.buffer.read() if options["file"] == "-" else Path(options["file"]).read_bytes()
        done = import_model(text, slug=options["slug"], origin="command line")
        said = {"model": done.model.slug, "created": done.created, "criteria": done.criteria, "fields": done.made}
        if options["json"]:
            self.stdout.write(json.dumps(said))
            return
        what = "made" if done.created else "its draft replaced"
        self.stdout.write(f"{done.model.slug}: {what}, {done.criteria} criteria. Publish it to score leads with it.")
        if done.made:
            self.stdout.write(f"Custom fields made: {', '.join(done.made)}")

    def _diff(self, options: dict[str, Any]) -> None:
        found = compare(options["before"], options["after"])
        if options["json"]:
            self.stdout.write(json.dumps({"differences": [vars(difference) for difference in found]}))
            return
        for one in found:
            told = " → ".join(filter(None, [one.before, one.after]))
            self.stdout.write(f"{one.kind:8} {one.place} · {one.name}: {told}")
        if not found:
            self.stdout.write("They say the same.")

    def _publish(self, options: dict[str, Any]) -> None:
        found = find(options["model"])
        if isinstance(found, Version):
            raise CommandError("a version is published already; name the model to publish its draft")
        publication = publishing.publish(found, by=None, note=options["note"])
        if options["wait"]:
            while publication.finished_at is None:
                if not publishing.run(publication):
                    time.sleep(0.1)  # a worker holds the last pages
                publication.refresh_from_db()
            if publication.abandoned:
                raise CommandError(f"it could not be scored: {publication.problem or 'somebody stopped it'}")
        live = publication.finished_at is not None
        said = {"model": found.slug, "version": publication.version.number, "live": live, "leads": publication.leads}
        if options["json"]:
            self.stdout.write(json.dumps(said))
        else:
            state = "live" if live else "being scored"
            self.stdout.write(f"Version {said['version']} of {found.slug} is {state}; {publication.leads} leads.")
