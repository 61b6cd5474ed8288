"""How many duplicates are found, how many of what is found are some, and how long it takes.

SCALE=10k | 100k | 1m leads of which 5 % are a second record of another (bench/generated_leads.py says how they differ).
All of them are due at once, as after the first import. Then one more lead is checked, as on any day. The floor is
reading the same leads once from the database. Precision and recall are of pairs, at the confidence from which pairs are
shown and at the one from which the page offers to merge them together.
"""

import json
import statistics
import time
from collections import Counter
from typing import Any

from bench.database import database, scale
from bench.generated_leads import CHANGES, Made, made

SHOWN, SURE = 50, 95


def main() -> None:
    name, count = scale()
    print(f"{name}: {count:,} leads, 5 % of them twice", flush=True)
    with database():
        figures = measure(made(count))
    for key, value in figures.items():
        print(f"{key:34}{value:>12}")
    print(json.dumps({"bench": "duplicates", "scale": name, "ratios": figures}))


def measure(world: Made) -> dict[str, Any]:
    """Store the leads, find, and compare with what is known."""
    from leads.identity.finding import check_due
    from leads.models import Likeness, Team

    team = Team.objects.create(name="Bench", slug="bench")
    ids = store(world, team)
    floor = _timed(lambda: _read(ids))
    found = _timed(lambda: _all(check_due))
    one = statistics.median(_one(ids[n], Likeness, check_due) for n in range(20))
    return accuracy(world, ids) | {
        "seconds": round(found, 1),
        "leads_per_second": round(len(ids) / found),
        "find_all_vs_read_all": round(found / floor, 1),
        "one_lead_ms": round(1000 * one, 1),
    }


def store(world: Made, team: Any) -> list[int]:
    """The leads in the database: their ids, in order."""
    from leads.models import Company, Lead, LeadIdentity, Source

    names = sorted({row["company"] for row in world.rows if row["company"] is not None})  # type: ignore[type-var]
    made_ = Company.objects.bulk_create(
        [Company(team=team, name=f"Company {n}", domain=f"c{n}.example") for n in names], batch_size=5000
    )
    companies = dict(zip(names, made_, strict=True))
    leads, taken = [], set()
    for row in world.rows:
        values = {name: value for name, value in row.items() if name not in ("company", "crm")}
        if values["email"] in taken:
            values["email"] = ""
        taken.add(values["email"])
        leads.append(Lead(team=team, company=companies.get(row["company"]), **values))
    Lead.objects.bulk_create(leads, batch_size=5000)
    sources = [Source.objects.named(team, name, "crm") for name in ("CRM", "Old CRM")]
    seen: set[Any] = set()
    identities = []
    for lead, row in zip(leads, world.rows, strict=True):
        if row["crm"]:
            second = row["crm"] in seen
            seen.add(row["crm"])
            identities.append(
                LeadIdentity(lead=lead, source=sources[second], kind=LeadIdentity.EXTERNAL, value=str(row["crm"]))
            )
    LeadIdentity.objects.bulk_create(identities, batch_size=5000)
    return [lead.pk for lead in leads]


def accuracy(world: Made, ids: list[int]) -> dict[str, Any]:
    """Precision and recall in percent; recall also by the way in which the second record differs."""
    from leads.models import DuplicatePair

    place = {pk: n for n, pk in enumerate(ids)}
    pairs = DuplicatePair.objects.filter(low__in=ids).values_list("low", "high", "confidence")
    found = {(place[low], place[high]): confidence for low, high, confidence in pairs}
    figures: dict[str, Any] = {}
    for name, least in (("shown", SHOWN), ("sure", SURE)):
        listed = {pair for pair, confidence in found.items() if confidence >= least}
        right = listed & world.twins
        figures[f"pairs_{name}"] = len(listed)
        figures[f"precision_{name}"] = round(100 * len(right) / len(listed), 1) if listed else None
        figures[f"recall_{name}"] = round(100 * len(right) / len(world.twins), 1)
    hit = Counter(world.kinds[pair] for pair in world.twins & found.keys())
    every = Counter(world.kinds.values())
    return figures | {f"recall_{kind}": round(100 * hit[kind] / every[kind], 1) for kind in CHANGES}


def _all(check_due: Any) -> None:
    while check_due():
        pass


def _one(pk: int, likeness: Any, check_due: Any) -> float:
    likeness.objects.filter(pk=pk).update(checked=0)
    return _timed(check_due)


def _read(ids: list[int]) -> None:
    from leads.identity.finding import people

    for start in range(0, len(ids), 1000):
        people(ids[start : start + 1000])


def _timed(act: Any) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
