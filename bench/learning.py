"""How well a readable card sorts leads, beside what machines and others reach: `make bench-learning`.

Data sets lie in LEARNING_DATA (see docs/learning.md); those that are absent are left out. The demo is made anew, in a
database of its own. References need requirements-bench.txt. One thread each. ARGS=files leaves the demo out, ARGS=demo
the files; ARGS=speed measures 100,000 leads with 60 fields instead, ARGS=database the same from a database.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from bench import learning_database, learning_demo
from bench.learning_references import REFERENCES
from scoring.accuracy import auc, auc_of_counts
from scoring.learning.csvfile import read_csv
from scoring.learning.learn import best_card, learn
from scoring.learning.report import mean_measures, quality
from scoring.learning.sizes import in_parts, parted
from scoring.learning.table import NUMBER, TEXT, Column, Table

DATA = Path(os.environ.get("LEARNING_DATA", "../shared/data"))
WRITTEN_LATER = [
    "Tags", "Lead Quality", "Lead Profile", "Last Notable Activity", "Asymmetrique Activity Index",
    "Asymmetrique Profile Index", "Asymmetrique Activity Score", "Asymmetrique Profile Score",
]  # fmt: skip
SUSPECT = [
    "What is your current occupation", "What matters most to you in choosing a course", "Last Activity",
    "Specialization", "City", "How did you hear about X Education",
]  # fmt: skip
# name: (file, label, columns left out)
FILES = {
    "x_education": ("x_education/Leads.csv", "Converted", ["Prospect ID", *WRITTEN_LATER]),
    "x_education, strict": ("x_education/Leads.csv", "Converted", ["Prospect ID", *WRITTEN_LATER, *SUSPECT]),
    "leadforge": ("leadforge_sample/lead_snapshot_day30.csv", "converted_within_90_days",
                  ["account_id", "contact_id", "lead_id", "total_touches_all", "split"]),
    "maven (chance)": ("maven_crm/sales_pipeline.csv", "deal_stage", ["opportunity_id", "close_value"]),
    "hubspot deals (chance)": ("import_samples/hubspot_deals.csv", "Deal Stage", ["Deal ID", "Deal Name"]),
}  # fmt: skip
BUDGET, FOLDS, DRAWS = 25, 5, 1_000
BOOSTINGS = ("HGB", "LightGBM")
Scores = np.ndarray
Parts = list[np.ndarray]


@dataclass(frozen=True)
class Set:
    """`given`: scores that nothing has to learn, such as the hidden truth of the demo."""

    name: str
    table: Table
    given: dict[str, Scores] = field(default_factory=dict)


def card(old: Table, new: Table) -> Scores:
    """The recipe that ships: size and way chosen by the older leads themselves."""
    learned = best_card(old, BUDGET)[0]
    return learned.probability(learned.totals(new))


WAYS: dict[str, Callable[[Table, Table], Scores]] = {"card": card, **REFERENCES}


def main(args: list[str]) -> None:
    if args[:1] == ["database"]:
        learning_database.main()
    elif args[:1] == ["speed"]:
        speed()
    else:
        sets = [*([] if args[:1] == ["demo"] else files()), *([] if args[:1] == ["files"] else [demo()])]
        told = {one.name: beside(one) for one in sets}
        print(json.dumps({"bench": "learning", "budget": BUDGET, "sets": told}))


def files() -> Iterator[Set]:
    for name, (file, label, out) in FILES.items():
        if (DATA / file).exists():
            yield Set(name, read_csv(DATA / file, label).table.without(out))
        else:
            print(f"{name}: no {DATA / file}")


def demo() -> Set:
    table, given = learning_demo.past()
    return Set("demo", table, given)


# --- One set, every way ------------------------------------------------------------------------------


def beside(one: Set) -> dict[str, Any]:
    table = one.table
    print(f"\n{one.name}: {len(table):,} leads, {table.wins:,} won, {len(table.columns)} columns. {verdict(table)}")
    if table.wins < 200 and not one.given:
        return {}
    print(f"{'':24}" + "".join(f"{when + name:>14}" for when in ("5-fold ", "newest ") for name in MEASURES.values()))
    parts, (_, newest) = [new for _, new in in_parts(table, FOLDS, 0)], parted(table, 0)
    folded, timed, told = {}, {}, {}
    for way, fit in WAYS.items():
        folded[way], timed[way] = out_of_fold(table, fit), on_newest(table, fit)
        told[way] = row(way, table, (folded[way], parts), (timed[way], [newest]))
    for way, scores in one.given.items():
        told[way] = row(way, table, (scores, parts), (scores, [newest]))
    for when, scores, of in (("5-fold", folded, parts), ("newest", timed, [newest])):
        told[f"card against the better boosting, {when}"] = against(scores, of, table.won, when)
    return told


MEASURES = {"auc": "AUC", "pr_auc": "PR AUC", "brier": "Brier", "lift": "lift", "calibration_error": "ECE"}


def row(way: str, table: Table, *both: tuple[Scores, Parts]) -> list[dict[str, float]]:
    found = [
        mean_measures(scores, table.won, parts) if len(parts) > 1 else quality(scores[parts[0]], table.won[parts[0]])
        for scores, parts in both
    ]
    print(f"{way:24}" + "".join(f"{one[name]:14.4f}" for one in found for name in MEASURES), flush=True)
    return found


def out_of_fold(table: Table, fit: Callable[[Table, Table], Scores]) -> Scores:
    told = np.empty(len(table))
    for old, new in in_parts(table, FOLDS, 0):
        told[new] = fit(table.take(old), table.take(new))
    return told


def on_newest(table: Table, fit: Callable[[Table, Table], Scores]) -> Scores:
    told = np.full(len(table), np.nan)
    old, new = parted(table, 0)
    told[new] = fit(table.take(old), table.take(new))
    return told


def against(scores: dict[str, Scores], parts: Parts, won: np.ndarray, when: str) -> list[float]:
    """AUC of the card minus that of the better boosting, with its 95 % interval: the same leads drawn anew for both,
    winners and losers of each part apart (Efron, Tibshirani 1993, "An Introduction to the Bootstrap").
    """

    def mean(way: str) -> float:
        return float(np.mean([auc(scores[way][part], won[part]).value for part in parts]))

    best = max(BOOSTINGS, key=mean)
    drawn = np.mean([_drawn(scores["card"][part], scores[best][part], won[part]) for part in parts], axis=0)
    low, high = np.quantile(drawn, [0.025, 0.975])
    gain = mean("card") - mean(best)
    print(f"{'':24}card − {best}, {when}: {gain:+.4f} ({low:+.4f} to {high:+.4f})")
    return [gain, float(low), float(high)]


def _drawn(ours: Scores, theirs: Scores, won: np.ndarray) -> np.ndarray:
    chance, places = np.random.default_rng(0), [np.unique(one, return_inverse=True)[1] for one in (ours, theirs)]
    sides = [np.flatnonzero(side) for side in (won, ~won)]
    gains = np.empty(DRAWS)
    for draw in range(DRAWS):
        wins, losses = (chance.choice(side, len(side)) for side in sides)
        reached = [
            auc_of_counts(
                np.bincount(at[wins], minlength=at.max() + 1), np.bincount(at[losses], minlength=at.max() + 1)
            )
            for at in places
        ]
        gains[draw] = reached[0] - reached[1]
    return gains


def verdict(table: Table) -> str:
    learned = learn(table, budget=BUDGET, keep={column.name for column in table.columns})
    if learned.card is None:
        return f"Refused: {learned.missing}."
    return f"Chosen: {learned.chosen.name}, {len(learned.card.criteria)} criteria."


# --- Speed -------------------------------------------------------------------------------------------


def speed(leads: int = 100_000, fields: int = 60) -> None:
    table = invented(leads, fields)
    begun, used = time.perf_counter(), time.process_time()
    learned = learn(table)
    spent, used = time.perf_counter() - begun, time.process_time() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{leads:,} leads x {fields} fields: {spent:.0f} s on the wall, {used:.0f} s of processor, {memory:.0f} MB,")
    print(f"{learned.chosen.name}, AUC {max(one.auc.value for one in learned.tried):.4f}")
    begun = time.process_time()
    REFERENCES["HGB"](table, table.take(np.arange(1000)))
    print(f"gradient boosting on the same: {time.process_time() - begun:.0f} s of processor")


def invented(leads: int, fields: int, seed: int = 1) -> Table:
    """Half numbers, half words; a dozen of them matter."""
    chance = np.random.default_rng(seed)
    columns, logit = [], np.full(leads, -1.5)
    for at in range(fields):
        if at % 2:
            values = np.where(chance.random(leads) < 0.1, np.nan, np.round(chance.lognormal(3, 1, leads)))
            effect = 0.5 * (np.nan_to_num(values) > 20)
            columns.append(Column(f"number {at}", NUMBER, values))
        else:
            places = np.minimum(chance.geometric(0.15, leads) - 1, 30).astype(np.int32)
            effect = 0.6 * np.isin(places, [1, 4, 9])
            columns.append(Column(f"words {at}", TEXT, places, tuple(f"value {word}" for word in range(31))))
        logit += effect * (at < 24)
    won = chance.random(leads) < 1 / (1 + np.exp(-logit))
    return Table(tuple(columns), won, np.arange(leads, dtype=float))


if __name__ == "__main__":
    main(sys.argv[1:])
