"""How fast leads are scored, as ratios measured side by side in one run.

SCALE=10k | 100k | 1m sets the number of leads, with ten events each and a model of 40 criteria (bench/models.py). The
floor is an UPDATE of one number in every standing: what any way of scoring has to write at least. Each pair is measured
alternately; a ratio is between medians of processor seconds (bench/clock.py), except for one lead and for two workers,
where what counts is how long it takes. Answers are compared: every way must give the same totals.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench import clock
from bench.database import database, fill, scale

ROUNDS = int(os.environ.get("ROUNDS", "3"))
SAMPLE = 300  # leads for the ways that go lead by lead


def main() -> None:
    name, leads = scale()
    print(f"{name}: {leads:,} leads, {leads * 10:,} events; {ROUNDS} rounds, medians", flush=True)
    with database():
        began = time.monotonic()
        fill(leads)
        print(f"filled in {time.monotonic() - began:.0f} s", flush=True)
        ratios = measure()
    print(f"\n{'ratio':34}{'measured':>10}")
    for key, value in ratios.items():
        print(f"{key:34}{value:>10}")
    print(json.dumps({"bench": "engine", "scale": name, "measure": clock.MEASURE, "ratios": ratios}))


def measure() -> dict[str, float]:
    from bench import ways
    from bench.models import event_criteria, field_criteria, version

    criteria = field_criteria() + event_criteria()
    versions = [version(criteria, shift) for shift in range(ROUNDS + 2)]
    small, large = version(criteria[::4][:10]), version(criteria * 2)
    ways.publish(versions[0])
    ways.check_against_loop(versions[0], SAMPLE)

    floor, rescore, unchanged = Timer("floor: UPDATE of every standing"), Timer("rescore, every row changes"), Timer(
        "rescore, nothing changes"
    )  # fmt: skip
    for later in versions[1 : ROUNDS + 1]:
        floor.take(ways.floor)
        ways.vacuum()
        rescore.take(lambda later=later: ways.publish(later))
        ways.vacuum()
        unchanged.take(ways.rescore_unchanged)
        ways.vacuum()
    total = ways.count()
    per_lead = rescore.median / total
    ratios = {
        "rescore_all_vs_floor": rescore.median / floor.median,
        "rescore_unchanged_vs_floor": unchanged.median / floor.median,
        "orm_loop_vs_rescore_per_lead": once("per-lead ORM loop", ways.orm_loop, SAMPLE) / SAMPLE / per_lead,
        "chunks_in_python_vs_rescore_per_lead": once("chunks in Python", ways.chunks, 2000) / 2000 / per_lead,
    }
    if ways.zen_is_here():
        ratios["zen_vs_rescore_per_lead"] = once("zen-engine per lead", ways.zen, SAMPLE) / SAMPLE / per_lead
    ratios |= one_lead(ways) | due_1000(ways) | two_workers(ways, versions[-1]) | growth(ways, small, large)
    return {key: round(value, 2) for key, value in ratios.items()}


class Timer:
    def __init__(self, name: str, clock: Callable[[], float] = clock.seconds):
        self.name, self.clock, self.taken = name, clock, []

    def take(self, act: Callable[[], Any]) -> None:
        wall, began = time.perf_counter(), self.clock()
        act()
        self.taken.append(self.clock() - began)
        print(f"  {self.name}: {self.taken[-1]:.3f} s, on the wall {time.perf_counter() - wall:.3f} s", flush=True)

    @property
    def median(self) -> float:
        return statistics.median(self.taken)


def once(name: str, act: Callable[[int], Any], count: int) -> float:
    timer = Timer(f"{name}, {count} leads")
    timer.take(lambda: act(count))
    return timer.median


def one_lead(ways: Any) -> dict[str, float]:
    """One lead counted again after an event, against an UPDATE of one standing: 95th percentiles."""
    update, rescore = [], []
    for pk in ways.some_leads(200):
        for act, taken in ((ways.touch_one, update), (ways.rescore_one, rescore)):
            began = time.perf_counter()
            act(pk)
            taken.append(time.perf_counter() - began)
    p95 = [statistics.quantiles(taken, n=20)[-1] for taken in (rescore, update)]
    print(f"  one lead, p95: {p95[0] * 1000:.2f} ms; one UPDATE: {p95[1] * 1000:.2f} ms", flush=True)
    return {"one_lead_p95_vs_update": p95[0] / p95[1]}


def due_1000(ways: Any) -> dict[str, float]:
    floor, rescore = Timer("UPDATE of 1,000 standings"), Timer("1,000 due leads")
    for _ in range(max(5, ROUNDS)):
        ids = ways.some_leads(1000)
        floor.take(lambda ids=ids: ways.touch_many(ids))
        ways.make_due(ids)
        rescore.take(ways.rescore_page)
    return {"due_1000_vs_floor": rescore.median / floor.median}


def two_workers(ways: Any, version: Any) -> dict[str, float]:
    """The pages of a publication, by one worker and by two: how many times as fast."""
    one, two = (Timer(f"pages, {name}", time.perf_counter) for name in ("one worker", "two workers"))
    for _ in range(ROUNDS):
        one.take(lambda: ways.pages(ways.open_publication(version)))
        publication = ways.open_publication(version)
        with ThreadPoolExecutor(2) as pool:
            two.take(lambda publication=publication: list(pool.map(ways.pages_apart, [publication.pk] * 2)))
    return {"two_workers_vs_one": one.median / two.median}


def growth(ways: Any, small: Any, large: Any) -> dict[str, float]:
    """Evaluating 80 criteria against 10, without writing."""
    ten, eighty = Timer("10 criteria"), Timer("80 criteria")
    for _ in range(ROUNDS):
        ten.take(lambda: ways.evaluate_all(small))
        eighty.take(lambda: ways.evaluate_all(large))
    return {"criteria_80_vs_10": eighty.median / ten.median}


if __name__ == "__main__":
    sys.exit(main())
