import json
from datetime import datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from leads.identity import current_id
from leads.models import Lead, LedgerLine
from scoring.engine.evaluate import Result
from scoring.models import Override, Version
from scoring.replay import replay


class Command(BaseCommand):
    help = "Count where a lead stood at a past moment, from its facts as they were then."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("lead", help="number or e-mail address")
        parser.add_argument("--as-of", required=True, help="2026-03-01 (its end) or 2026-03-01T12:00:00+01:00")
        parser.add_argument("--version", type=int, help="number of the version; default: the live one", dest="number")
        parser.add_argument("--model", help="slug of the model, where there are several")
        parser.add_argument("--as-known", action="store_true", help="only with what had been learned by then")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # Django gives every command --version; here it is the version of a model.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def handle(self, *args: Any, **options: Any) -> None:
        lead, moment, version = _lead(options["lead"]), _moment(options["as_of"]), _version(options)
        results = replay(version, [lead.pk], moment, as_known=options["as_known"])
        if not results:
            raise CommandError(f"{lead} was not there at {moment.isoformat()}, or outside the audience of {version}")
        result, lines = results[0], LedgerLine.objects.of([version.pk])[version.pk]
        by_hand = Override.objects.at(moment).filter(lead=lead).first()
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(lead, moment, version, result, lines, by_hand)))
            return
        self.stdout.write(f"{lead}, {moment:%Y-%m-%d %H:%M %Z}, {version}")
        for line, points in zip(lines, result.points, strict=True):
            if points:
                self.stdout.write(f"{points:+5d}  {line.name}")
        self.stdout.write(f"{result.total:5d}  {result.grade} {result.label}")
        if by_hand:
            self.stdout.write(f"{by_hand.label} by hand until {by_hand.until}: {by_hand.reason}")


def _lead(text: str) -> Lead:
    leads = Lead.objects.filter(pk=current_id(int(text))) if text.isdigit() else Lead.objects.filter(email=text.lower())
    found = list(leads[:2])
    if len(found) != 1:
        raise CommandError(f"no lead {text!r}" if not found else f"several leads have {text!r}: give the number")
    return found[0]


def _moment(text: str) -> datetime:
    try:
        if (moment := parse_datetime(text)) and len(text) > 10:
            return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
        if day := parse_date(text):
            return datetime.combine(day, time.max, timezone.get_default_timezone())
    except ValueError:
        pass
    raise CommandError(f"{text!r} is no moment; give 2026-03-01 or 2026-03-01T12:00:00+01:00")


def _version(options: dict[str, Any]) -> Version:
    versions = Version.objects.select_related("model")
    if options["model"]:
        versions = versions.filter(model__slug=options["model"])
    versions = versions.filter(number=options["number"]) if options["number"] else versions.live()
    found = list(versions[:2])
    if len(found) != 1:
        raise CommandError("no such version" if not found else "several models have it: give --model")
    return found[0]


def _as_json(
    lead: Lead, moment: datetime, version: Version, result: Result, lines: list[LedgerLine], by_hand: Override | None
) -> dict[str, Any]:
    return {
        "lead": lead.pk,
        "as_of": moment.isoformat(),
        "model": version.model.slug,
        "version": version.number,
        "fit": result.fit,
        "engagement": result.engagement,
        "total": result.total,
        "grade": result.grade,
        "label": by_hand.label if by_hand else result.label,
        "automatic_label": result.label if by_hand else None,
        "lines": [
            {"criterion": line.name, "kind": line.kind, "group": line.group, "axis": line.axis, "points": points}
            for line, points in zip(lines, result.points, strict=True)
        ],
    }
