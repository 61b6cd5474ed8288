"""How good and how fast the forecast is.

The demo, whose truth is hidden from the product: SEEDS worlds of LEADS leads, from seed FIRST on, are replayed month by
month with only what was known then, beside what simpler rules would have said (bench/forecast_references.py). They are
the worlds of one day, TODAY, so that every day prints the same figures. MAVEN=folder adds the CRM of Maven Analytics
(sales_pipeline.csv, sales_teams.csv: 8,800 deals over four quarters, outcomes that nothing known beforehand explains).
INVENTED=n: so many worlds of deals alone, whose truth stands still (tests/forecast/worlds.py). SCALE=10k | 100k | 1m:
how long counting, simulating and the page take on so many leads with a deal for every twentieth; 0: that is left out.
"""

import csv
import json
import os
import resource
import statistics
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from math import isnan
from pathlib import Path
from typing import Any

from bench import clock
from bench.database import database, fill, scale

SEEDS = int(os.environ.get("SEEDS", "2"))
FIRST = int(os.environ.get("FIRST", "1"))
LEADS = int(os.environ.get("LEADS", "3000"))
INVENTED = int(os.environ.get("INVENTED", "0"))
TODAY = date(2026, 11, 22)
ROUNDS = 5


def main() -> None:
    worlds, other = [], []
    for seed in range(FIRST, FIRST + SEEDS):
        with database():
            print(f"demo {seed}", flush=True)
            worlds.append(demo(seed))
    if folder := os.environ.get("MAVEN"):
        with database():
            print("maven", flush=True)
            other.append(maven(Path(folder)))
    ratios = {}
    for name, each in (("demo", worlds), ("maven", other)):
        ratios |= report(name, each) if each else {}
    if INVENTED:
        with database():
            invented()
    if os.environ.get("SCALE") != "0":
        ratios |= speed()
    print(json.dumps({"bench": "forecast", "measure": clock.MEASURE, "ratios": ratios}))


def demo(seed: int) -> "Replay":
    from scoring.demo.build import make

    make(LEADS, 13, seed, lambda line: None, TODAY)
    return replayed(TODAY.replace(day=1))


def maven(folder: Path) -> "Replay":
    """Deals as they are in the file: an agent's office is the team, those never engaged are no deals yet."""
    from leads.models import Deal, Source, Team

    offices = {row["sales_agent"]: row["regional_office"] for row in _rows(folder / "sales_teams.csv")}
    teams = {name: Team.objects.create(name=name, slug=name.lower()) for name in sorted(set(offices.values()))}
    sources = {name: Source.objects.named(team, "Maven", "crm") for name, team in teams.items()}
    Deal.objects.bulk_create(
        Deal(
            team=teams[offices[row["sales_agent"]]], source=sources[offices[row["sales_agent"]]],
            external_id=row["opportunity_id"], name=row["account"] or row["product"],
            state={"Won": "won", "Lost": "lost"}.get(row["deal_stage"], "open"),
            amount=row["close_value"] or None if row["deal_stage"] == "Won" else None,
            opened_at=_noon(row["engage_date"]), closed_at=_noon(row["close_date"]) if row["close_date"] else None,
        )
        for row in _rows(folder / "sales_pipeline.csv") if row["engage_date"]
    )  # fmt: skip
    return replayed(datetime(2018, 1, 1, tzinfo=UTC).date())


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def _noon(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)


@dataclass(frozen=True)
class Replay:
    """One world: what was said of all teams, of each, and of months added up; what was known then, and what came."""

    said: list[Any]
    teams: dict[str, list[Any]]
    sums: list[Any]
    known: dict[date, Any]
    came: dict[date, float]


def replayed(until: date) -> Replay:
    from bench.forecast_references import known_at, month_ahead, said_by_us
    from leads.models import Team
    from reports.forecast.replay import replay
    from reports.management.commands.forecast_backtest import line

    every = []
    for one in replay(until):
        every.append(one)
        print(f"  {line(one)}", flush=True)
    said = said_by_us(every, lambda one: one.together)
    known = {made: known_at(made) for made in {one.made for one in said}}
    teams = {team.name: said_by_us(every, partial(_of_team, team.pk)) for team in Team.objects.all()}
    sums = said_by_us(every, lambda one: one.sums)
    return Replay(said, teams, sums, known, {month_ahead(one): one.actual for one in said})


def _of_team(team: int, one: Any) -> list[Any]:
    return one.teams.get(team, [])


def compare(worlds: list[Replay]) -> dict[str, Any]:
    """By who says it, of the same months: overall and by months ahead."""
    from bench.forecast_references import RULES, said_by, said_by_truth

    told = {"the forecast": [one for world in worlds for one in world.said]}
    for name, rule in RULES.items():
        told[name] = [one for world in worlds for one in said_by(rule, world.said, world.known)]
    if len(worlds) > 2:
        told["the hidden truth"] = [
            one for world in worlds
            for one in said_by_truth(world.said, [other.came for other in worlds if other is not world])
        ]  # fmt: skip
    return told


def invented() -> None:
    """Of a truth that stands still: the only worlds in which all that is not known is drawn anew each time."""
    from reports.forecast.simulation import world
    from tests.forecast.test_coverage import covered
    from tests.forecast.worlds import evidence_of, truth

    found = [covered(world(evidence_of(truth(seed))), truth(seed)) for seed in range(INVENTED)]
    inside, ratio = [one for one, _ in found], [each for _, each in found]
    months, sums = (sum(sum(one[part]) for one in inside) for part in (slice(6), slice(6, 7)))
    print(f"\ninvented: inside {months} of {6 * INVENTED} months, {sums} of {INVENTED} sums of six; "
              f"mean {statistics.mean(ratio) - 1:+.1%} (± {statistics.stdev(ratio) / INVENTED**0.5:.1%})")  # fmt: skip


def speed() -> dict[str, float]:
    name, leads = scale()
    with database():
        found = measure(leads)
    print(f"\n{name}: counting {found['count_s']:.1f} s, simulating {found['simulate_s']:.1f} s of processor, "
          f"the page {found['page_ms']:.0f} ms; at most {found['megabytes']:.0f} MB")  # fmt: skip
    return {key: round(value, 2) for key, value in found.items()}


def measure(leads: int) -> dict[str, float]:
    """Processor seconds of counting and simulating, milliseconds of the page."""
    from django.test import Client
    from django.utils import timezone

    from leads.models import User
    from reports.forecast import store
    from reports.forecast.counting import count

    print(f"{leads:,} leads", flush=True)
    fill(leads, events_per_lead=1)
    sell(timezone.now())
    began = clock.seconds()
    count()
    counted = clock.seconds() - began
    store.ask()
    store.run_asked()
    began = clock.seconds()
    store.simulate_again()
    simulated = clock.seconds() - began
    for month in store.record_due():
        store.keep(month)
    browser = Client()
    browser.force_login(User.objects.create_superuser("bench@example.com", name="Bench"))
    taken = []
    for _ in range(ROUNDS):
        began = clock.seconds()
        assert browser.get("/reports/forecast/", headers={"host": "localhost"}).status_code == 200
        taken.append(1000 * (clock.seconds() - began))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"count_s": counted, "simulate_s": simulated, "page_ms": sorted(taken)[ROUNDS // 2], "megabytes": most}


_LABELS = """
INSERT INTO scoring_entry (lead_id, seq, cause, as_of, recorded_at, grade_before, label_before, grade, label, points)
SELECT l.id, s, 'activity', l.created_at + s * interval '20 days', l.created_at + s * interval '20 days', '', '', 'B2',
       (ARRAY['cold','cool','warm','hot'])[1 + ((l.id + s) %% 4)], '{}'
  FROM leads_lead l, generate_series(1, 3) AS s WHERE l.created_at + s * interval '20 days' < now()
"""


def sell(now: datetime) -> None:
    """Three labels for each lead, one after another; a deal for every twentieth lead, five weeks long, half won."""
    from django.db import connection

    from leads.models import Deal, Lead, Source

    with connection.cursor() as cursor:
        cursor.execute(_LABELS.replace("%%", "%"))
    source = Source.objects.get()
    rows = []
    for lead in Lead.objects.order_by("pk")[::20]:
        opened = lead.created_at + timedelta(days=10 + lead.pk % 60)
        closed = opened + timedelta(days=10 + lead.pk % 50)
        if opened < now:
            state = "open" if closed > now else "won" if lead.pk % 40 else "lost"
            rows.append(Deal(
                team_id=lead.team_id, lead=lead, source=source, external_id=f"d{lead.pk}", name="Deal", state=state,
                opened_at=opened, closed_at=None if state == "open" else closed, amount=1000 + lead.pk % 9000,
            ))  # fmt: skip
    Deal.objects.bulk_create(rows, batch_size=5000)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE leads_deal, scoring_entry")


def report(world: str, worlds: list[Replay]) -> dict[str, float]:
    """Print who errs how much; returns the mean errors."""
    from bench.forecast_references import quality

    told = compare(worlds)
    print(f"\n{world}")
    for who, said in told.items():
        print(_line(who, quality(said)))
    ours, rule = told["the forecast"], told["mean of 3 months"]
    for ahead in range(1, 7):
        for who, every in (("the forecast", ours), ("mean of 3 months", rule)):
            if some := [one for one in every if one.ahead == ahead]:
                print(_line(f"  {ahead} ahead, {who}", quality(some)))
    print(_line("months added up", quality([one for each in worlds for one in each.sums])))
    print(_line("  six of them", quality([one for each in worlds for one in each.sums if one.ahead == 6])))
    for team in worlds[0].teams:
        print(_line(f"team {team}", quality([one for each in worlds for one in each.teams[team]])))
    return {f"{world} {who}": round(quality(said).error, 3) for who, said in told.items()}


def _line(who: str, found: Any) -> str:
    """`chance`: as many inside as 80 % intervals may hold of so many months, 19 times in 20."""
    from bench.forecast_references import allowed

    interval = (
        "" if isnan(found.width) else f"inside {found.inside:>4} chance {'{}–{}'.format(*allowed(found.n)):>7} "
        f"width {found.width:>5.0%} score {found.score:5.2f}"
    )  # fmt: skip
    return f"{who:32} n {found.n:>4} error {found.error:>5.0%} bias {found.bias:>+5.0%} {interval}"


if __name__ == "__main__":
    sys.exit(main())
