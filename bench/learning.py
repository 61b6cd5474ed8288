"""How well a readable card sorts leads, beside what machines and others reach: `make bench-learning`.

Data sets lie in LEARNING_DATA (see docs/learning.md); those that are absent are left out. References need
requirements-bench.txt. One thread each. ARGS=speed measures 100,000 leads with 60 fields instead,
ARGS=database the same from a database.
"""

import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from bench import learning_database
from bench.learning_references import REFERENCES
from scoring.accuracy import auc, average_precision, brier, tenths
from scoring.learning.csvfile import read_csv
from scoring.learning.learn import ANCHORED, EVIDENCE, Size, learn, train
from scoring.learning.report import calibration_error
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
SETS = {
    "x_education": ("x_education/Leads.csv", "Converted", ["Prospect ID", *WRITTEN_LATER]),
    "x_education, strict": ("x_education/Leads.csv", "Converted", ["Prospect ID", *WRITTEN_LATER, *SUSPECT]),
    "leadforge": ("leadforge_sample/lead_snapshot_day30.csv", "converted_within_90_days",
                  ["account_id", "contact_id", "lead_id", "total_touches_all", "split"]),
    "maven (chance)": ("maven_crm/sales_pipeline.csv", "deal_stage", ["opportunity_id", "close_value"]),
}  # fmt: skip
Scores = np.ndarray
Fit = Callable[[Table, Table], Scores]  # learns from the first, gives probabilities of the second


def card(size: Size) -> Fit:
    def fit(old: Table, new: Table) -> Scores:
        learned = train(old, size)
        return learned.probability(learned.totals(new))

    return fit


WAYS: dict[str, Fit] = {
    "card 15": card(Size(15)),
    "card 15, 5 pairs": card(Size(15, 5)),
    "card 25, 8 pairs": card(Size(25, 8)),
    "evidence 15, 5 pairs": card(Size(15, 5, EVIDENCE)),
    "evidence 25, 8 pairs": card(Size(25, 8, EVIDENCE)),
    "anchored 15": card(Size(15, way=ANCHORED)),
    **REFERENCES,
}


def main(args: list[str]) -> None:
    if args == ["speed"]:
        speed()
        return
    if args == ["database"]:
        learning_database.main()
        return
    for name, (file, label, out) in SETS.items():
        if not (DATA / file).exists():
            print(f"{name}: no file {DATA / file}")
            continue
        table = read_csv(DATA / file, label).table.without(out)
        print(f"\n{name}: {len(table):,} leads, {table.wins:,} won, {len(table.columns)} columns")
        print(f"{'':22}{'5-fold AUC':>11}{'time AUC':>10}{'PR AUC':>8}{'Brier':>8}{'lift':>7}{'ECE':>7}{'s':>7}")
        for way, fit in WAYS.items():
            print(f"{way:22}{_line(fit, table)}", flush=True)
        print(_verdict(table))


def _line(fit: Fit, table: Table) -> str:
    folded = np.empty(len(table))
    for old, new in folds(table):
        folded[new] = fit(table.take(old), table.take(new))
    old, new = by_time(table)
    begun = time.process_time()
    p, won = fit(table.take(old), table.take(new)), table.won[new]
    spent = time.process_time() - begun
    return (
        f"{_mean_auc(folded, table):11.4f}{auc(p, won).value:10.4f}{average_precision(p, won):8.3f}{brier(p, won):8.4f}"
        f"{tenths(p, won)[0].lift:7.2f}{calibration_error(p, won):7.3f}{spent:7.2f}"
    )


def _mean_auc(folded: Scores, table: Table) -> float:
    return float(np.mean([auc(folded[new], table.won[new]).value for _, new in folds(table)]))


def folds(table: Table, parts: int = 5, seed: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Stratified."""
    fold = np.empty(len(table), int)
    chance = np.random.default_rng(seed)
    for outcome in (True, False):
        rows = np.flatnonzero(table.won == outcome)
        fold[chance.permutation(rows)] = np.arange(len(rows)) % parts
    for part in range(parts):
        yield np.flatnonzero(fold != part), np.flatnonzero(fold == part)


def by_time(table: Table) -> tuple[np.ndarray, np.ndarray]:
    ranked = np.argsort(table.order, kind="stable")
    at = len(table) - round(0.2 * len(table))
    return ranked[:at], ranked[at:]


def _verdict(table: Table) -> str:
    learned = learn(table, keep={column.name for column in table.columns})
    if learned.card is None:
        return f"the learner: {learned.missing}"
    return f"the learner: {learned.chosen.name}, {[f'{t.size.name}: {t.auc.value:.4f}' for t in learned.tried]}"


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
