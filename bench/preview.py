"""What a preview costs, as ratios to the floor measured in the same run.

SCALE=10k | 100k | 1m sets the number of leads, with ten events each, a live model of 40 criteria, a draft with other
points, and a won deal for every twentieth lead. The floor is an UPDATE of one number in every standing, as in
bench/engine.py. Processor seconds (bench/clock.py); per 100k leads.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bench import clock
from bench.database import database, fill, scale


def main() -> None:
    name, leads = scale()
    print(f"{name}: {leads:,} leads, {leads * 10:,} events", flush=True)
    with database():
        fill(leads)
        taken = measure()
    floor = taken["floor"]
    ratios = {f"{key}_vs_floor": round(seconds / floor, 2) for key, seconds in taken.items() if key != "floor"}
    print(f"\n{'seconds per 100k leads':34}{'cpu':>10}")
    for key, seconds in taken.items():
        print(f"{key:34}{seconds * 100_000 / leads:>10.2f}")
    print(json.dumps({"bench": "preview", "scale": name, "measure": clock.MEASURE, "ratios": ratios}))


def measure() -> dict[str, float]:
    from bench import ways
    from bench.models import event_criteria, field_criteria, version
    from scoring.engine.definition import load
    from scoring.models import Preview
    from scoring.preview import job
    from scoring.preview.weekly import hot_per_week

    live, later = (version(field_criteria() + event_criteria(), shift) for shift in (0, 1))
    ways.publish(live)
    sell()
    draft = draft_of(later)
    taken = {"floor": spent("floor: UPDATE of every standing", ways.floor)}
    ways.vacuum()
    preview = job.start(draft, by=None)
    definitions = [load(live.definition), load(preview.definition)]
    taken["leads"] = spent("every lead by the draft", lambda: job._count_leads(preview, lambda: False))
    told: list[Any] = []
    taken["backtest"] = spent("backtest of both", lambda: told.append(prove(definitions, preview)))
    taken["weekly"] = spent("Hot per week", lambda: hot_per_week(definitions, preview.facts_at))
    taken["preview"] = spent("the whole preview", lambda: job.run(job.start(draft, by=None)))
    print(f"  backtest of {told[0].n:,} leads, {told[0].won:,} won; {Preview.objects.get().stage}", flush=True)
    return taken


def prove(definitions: list[Any], preview: Any) -> Any:
    from scoring.backtest import backtest
    from scoring.sample import Question

    return backtest(definitions, Question(within=90), preview.facts_at)


def sell() -> None:
    """A won deal for every twentieth lead, between three weeks and three months after it came."""
    from leads.models import Deal, Lead, Source

    source = Source.objects.get()
    bought = Lead.objects.order_by("pk")[::20]
    Deal.objects.bulk_create(
        Deal(team_id=lead.team_id, lead=lead, source=source, external_id=f"d{lead.pk}", name="Deal", state="won",
             opened_at=lead.created_at, closed_at=lead.created_at + timedelta(days=21 + lead.pk % 70), amount=1000)
        for lead in bought
    )  # fmt: skip


def draft_of(version: Any) -> Any:
    """The model's draft, as this version says."""
    from scoring.models import Criterion, Group

    groups = [Group.objects.create(model=version.model, position=i, **group)
              for i, group in enumerate(version.definition["groups"])]  # fmt: skip
    for i, rule in enumerate(version.definition["criteria"]):
        rest = {name: value for name, value in rule.items() if name not in ("id", "group")}
        Criterion.objects.create(model=version.model, group=groups[rule["group"]], position=i, **rest)
    return version.model


def spent(name: str, act: Callable[[], Any]) -> float:
    wall, began = time.perf_counter(), clock.seconds()
    act()
    taken = clock.seconds() - began
    print(f"  {name}: {taken:.2f} s, on the wall {time.perf_counter() - wall:.2f} s", flush=True)
    return taken


if __name__ == "__main__":
    sys.exit(main())
