"""Columns that know the outcome because of the outcome. What it finds is left out unless somebody keeps it.

It sees what is loud. A quiet leak (a count that goes on after the decision) looks like an honest column: the real guard
is to take each lead as it stood at the decision moment (docs/learning.md).
"""

import re
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leads.statistics import wilson
from scoring.accuracy import auc
from scoring.learning.bins import EMPTY, Bins, Codes, bins_of
from scoring.learning.table import NUMBER, TEXT, Column, Table

ALONE, EMPTINESS = 0.78, 0.60
SURELY = 0.58  # the lower end of the interval of EMPTINESS: of few that won, a share may differ by chance
SURE_WON, SURE_LOST, COVERS = 0.9, 0.97, 0.05
USUAL = 0.9  # an outcome that so many have anyway
Z99 = 2.575829  # many values are looked at
FOLDS = 5
NAMES = re.compile(
    r"\b(status|stage|tags?|owner|sales rep|rep|lead (quality|profile)|reason|outcome|converted|conversion|amount"
    r"|deal value|(lost|closed?|won|loss|win|disqualified|disqualification) (reason|date|at|on|value|amount)"
    r"|last (notable|modified)( \w+)*|modified (at|on|date)|updated (at|on|date))\b"
)
IDENTITIES = re.compile(r"\b(id|uuid|guid|number|prospect id|email|e mail|phone|mobile|name|first name|last name)$")


@dataclass(frozen=True)
class LeftOut:
    column: str
    reason: str


def left_out(table: Table, seed: int = 0) -> list[LeftOut]:
    """The columns not to learn from, each with the first reason that holds."""
    found = [LeftOut(column.name, reason) for column in table.columns if (reason := _why(column, table, seed))]
    told = {one.column for one in found}
    return found + [one for one in _empty_together(table, told) if one.column not in told]


def _why(column: Column, table: Table, seed: int) -> str:
    words = re.sub(r"[^a-z0-9]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column.name).lower()).strip()
    if _names_one(column, words):
        return "it tells one lead from another: a number or a name, nothing to learn from"
    if NAMES.search(words):
        return "by its name it is written while sales works the lead, or after"
    bins = bins_of(column)
    codes = bins.codes(column)
    return _empty(column, table) or _alone(codes, bins, table, seed) or _sure(codes, bins, table)


def _names_one(column: Column, words: str) -> bool:
    known = column.values[~column.empty]
    distinct = len(np.unique(known))
    if len(known) < 20:
        return False
    if column.kind == TEXT:
        return distinct > 0.9 * len(known) or distinct > 0.3 * len(known) and bool(IDENTITIES.search(words))
    return distinct == len(known) and bool(np.all(known == np.floor(known))) and bool(IDENTITIES.search(words))


def _empty(column: Column, table: Table) -> str:
    empty = column.empty.astype(float)
    found = max(
        filter(None, (auc(side, table.won) for side in (empty, -empty))), key=lambda one: one.value, default=None
    )
    if found is None or found.value < EMPTINESS or found.low < SURELY:
        return ""
    return (
        f"whether it is empty tells won from lost (AUC {found.value:.2f}): filled in because of what came of the lead"
    )


def _alone(codes: Codes, bins: Bins, table: Table, seed: int) -> str:
    found = _auc_alone(codes, bins.size, table.won, seed)
    return f"alone it predicts too well (AUC {found:.2f})" if found >= ALONE else ""


def _auc_alone(codes: Codes, size: int, won: NDArray[np.bool_], seed: int) -> float:
    """Leads sorted by the share of winners that other folds have in their bin; the mean over the folds."""
    folds = np.random.default_rng(seed).integers(0, FOLDS, len(won))
    n, k, rate = np.bincount(codes, minlength=size), np.bincount(codes, won, size), float(won.mean())
    reached = []
    for fold in range(FOLDS):
        inside = folds == fold
        others = n - np.bincount(codes[inside], minlength=size)
        wins = k - np.bincount(codes[inside], won[inside], size)
        found = auc(((wins + rate) / (others + 1))[codes[inside]], won[inside])
        reached += [found.value] if found else []
    return float(np.mean(reached)) if reached else 0.5


def _sure(codes: Codes, bins: Bins, table: Table) -> str:
    """A value with which nearly everybody won, or lost; measured against how many do so anyway. Where nine in ten lose
    in any case, a value with which all do says nothing of the kind: no trainee buys.
    """
    if bins.kind == NUMBER:
        return ""
    rate = float(table.won.mean())
    sure_won, sure_lost = max(SURE_WON, 1 - (1 - rate) / 4), max(SURE_LOST, 1 - rate / 4)
    for bin_ in range(EMPTY + 1, len(bins.words) + 1):
        inside = codes == bin_
        n, k = int(inside.sum()), int(table.won[inside].sum())
        if n < COVERS * len(table):
            continue
        interval = wilson(k, n, Z99)
        if (interval.low > sure_won and rate < USUAL) or (1 - interval.high > sure_lost and 1 - rate < USUAL):
            return f"of {n:,} leads with “{bins.words[bin_ - 1]}” {k:,} won: too sure to have been known before"
    return ""


def _empty_together(table: Table, told: set[str]) -> list[LeftOut]:
    """Columns empty in the very rows in which one that was left out is: written at the same occasion."""
    alike: dict[bytes, list[Column]] = defaultdict(list)
    for column in table.columns:
        if COVERS <= column.empty.mean() < 1:
            alike[column.empty.tobytes()].append(column)
    return [
        LeftOut(column.name, f"it is empty in the same leads as {guilty[0]}, which is left out")
        for columns in alike.values()
        if (guilty := [one.name for one in columns if one.name in told])
        for column in columns
    ]
