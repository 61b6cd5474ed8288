import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from scoring.learning.csvfile import FileError, Read, read_csv
from scoring.learning.learn import Learned, learn
from scoring.learning.report import cross_validated, report


class Command(BaseCommand):
    help = (
        "Learn a scorecard from a CSV file of past leads. Status 0: a card; 1: refused, and why (too few leads, or no"
        " signal), or the file cannot be read."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="CSV, one lead a line")
        parser.add_argument("--label", required=True, help="the column that says who won")
        parser.add_argument("--test", type=Path, help="another file with the same columns, to measure on")
        parser.add_argument("--budget", type=int, help="most criteria; the leads choose 15, 25 or 40 up to it")
        parser.add_argument("--folds", type=int, help="also cross-validate the whole recipe in so many parts")
        parser.add_argument("--ignore", default="", help="columns to leave out, separated by commas")
        parser.add_argument("--keep", default="", help="columns to keep though they look as if they knew the outcome")
        parser.add_argument("--order", default="", help="the column that tells old from new")
        parser.add_argument("--moment", default="", help="the date of the decision; other dates become days before it")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["budget"] is not None and not 1 <= options["budget"] <= 100:
            raise CommandError("--budget is between 1 and 100")
        if options["folds"] is not None and not 2 <= options["folds"] <= 20:
            raise CommandError("--folds is between 2 and 20")
        reading = {"label": options["label"], "order": options["order"], "moment": options["moment"]}
        try:
            read = read_csv(options["file"], **reading)
            test = read_csv(options["test"], **reading, like=read.table) if options["test"] else None
        except FileError as error:
            raise CommandError(str(error)) from None
        told = self._learn(read, test, options)
        self.stdout.write(json.dumps(told) if options["json"] else _in_words(told))
        if not told["proposed"]:
            sys.exit(1)

    def _learn(self, read: Read, test: Read | None, options: dict[str, Any]) -> dict[str, Any]:
        ignore, keep = (_columns(options[name], read) for name in ("ignore", "keep"))
        learned: Learned = learn(read.table, budget=options["budget"], ignore=ignore, keep=keep, seed=options["seed"])
        told = report(learned, test.table if test else None)
        if options["folds"] and learned.card:
            told["cross_validated"] = cross_validated(
                learned.table, options["budget"], options["folds"], options["seed"]
            )
        out = [{"column": one.column, "reason": one.reason} for one in read.left_out if one.column not in ignore]
        told["left_out"] = [{"column": name, "reason": "you asked for it"} for name in ignore] + out + told["left_out"]
        return told | {"undecided": read.undecided, "ordered_by": read.ordered_by or None}


def _columns(given: str, read: Read) -> list[str]:
    there = {column.name for column in read.table.columns} | {one.column for one in read.left_out}
    wanted = [name.strip() for name in given.split(",") if name.strip()]
    if unknown := [name for name in wanted if name not in there]:
        raise CommandError(f"no column {unknown[0]!r}; there are: {', '.join(sorted(there))}")
    return wanted


def _in_words(told: dict[str, Any]) -> str:
    lines = [f"{told['leads']:,} leads: {told['won']:,} won, {told['lost']:,} lost"]
    lines += [f"left out: {one['column']} ({one['reason']})" for one in told["left_out"]]
    if not told["proposed"]:
        return "\n".join([*lines, told["missing"]])
    low, high = told["auc_low"], told["auc_high"]
    lines.append(
        f"{_quality(told)}, on {told['evaluated_on']} ({told['evaluated']:,} leads; AUC {low:.3f} to {high:.3f})"
    )
    if folds := told.get("cross_validated"):
        lines.append(f"{_quality(folds)}, cross-validated in {folds['folds']} parts")
    lines.append(f"{told['base']:+5d}  every lead")
    lines += [
        f"{one['points']:+5d}  {one['criterion']}  ({one['won']:,} of {one['n']:,} won, {one['share']:.1%}; lift"
        f" {one['lift']:.2f}, {one['lift_low']:.2f} to {one['lift_high']:.2f})"
        for one in told["criteria"]
    ]
    lines += [
        f"{band['from']}–{band['to']} points: {band['won']:,} of {band['n']:,} won, {band['promised']:.1%} promised"
        for band in told["bands"]
    ]
    return "\n".join(lines)


def _quality(told: dict[str, Any]) -> str:
    return (
        f"AUC {told['auc']:.3f}, PR AUC {told['pr_auc']:.3f}, Brier {told['brier']:.3f}, lift of the best tenth"
        f" {told['lift']:.2f}, promises off by {told['calibration_error']:.3f}"
    )
