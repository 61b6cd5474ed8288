"""How good would the forecast have been: made again for every past month with what was known then."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from reports.forecast.record import Score
from reports.forecast.replay import Replayed, replay, verdict


class Command(BaseCommand):
    help = "Replay the forecast month by month on our own past deals, and hold it against what came. Writes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="One JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        told = []
        for one in replay():
            told.append(one)
            if not options["json"]:
                self.stdout.write(line(one))
        found = verdict(told)
        if options["json"]:
            self.stdout.write(json.dumps(as_json(told)))
            return
        self.stdout.write("")
        for ahead, each in found.ahead.items():
            self.stdout.write(f"{f'{ahead} months ahead':22}{words(each)}")
        self.stdout.write(f"{'all':22}{words(found.together)}")
        self.stdout.write(f"{'months added up':22}{words(found.sums)}")
        self.stdout.write(f"{'each team for itself':22}{words(found.teams)}")


def line(one: Replayed) -> str:
    """2026-05  128 (53 to 218) came 166 …, in thousands; ! is outside."""
    if one.missing:
        return f"{one.month:%Y-%m}  {one.missing}"
    months = (
        f"{check.expected / 1000:,.0f} ({check.low / 1000:,.0f} to {check.high / 1000:,.0f}) "
        f"came {check.actual / 1000:,.0f}{'' if check.inside else '!'}"
        for check in one.together
    )
    return f"{one.month:%Y-%m}  " + " · ".join(months)


def words(found: Score | None) -> str:
    if found is None:
        return "nothing to compare"
    naive = "" if found.naive_error is None else f", as before {found.naive_error:.0%}"
    return (
        f"inside {found.inside.k} of {found.inside.n}, mean error {found.mean_error:.0%}{naive}, "
        f"tendency {found.tendency:+.0%}"
    )


def as_json(told: list[Replayed]) -> dict[str, Any]:
    """{"forecasts", "inside", "n", "coverage", "mean_error", "tendency", "naive_error"}; all but the first also
    of sums, teams and ahead.
    """
    found = verdict(told)
    return {"forecasts": sum(not one.missing for one in told), **values(found.together), "sums": values(found.sums),
            "teams": values(found.teams),
            "ahead": {ahead: values(each) for ahead, each in found.ahead.items()}}  # fmt: skip


def values(found: Score | None) -> dict[str, Any]:
    if found is None:
        return {"n": 0}
    return {
        "inside": found.inside.k, "n": found.inside.n, "coverage": round(found.inside.k / found.inside.n, 3),
        "mean_error": round(found.mean_error, 3), "tendency": round(found.tendency, 3),
        "naive_error": found.naive_error and round(found.naive_error, 3),
    }  # fmt: skip
