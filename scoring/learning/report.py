"""What was learned, as plain data: the same for the command, the API and a page."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from leads.statistics import wilson
from scoring.accuracy import auc, average_precision, brier, tenths
from scoring.learning.card import Card, Criterion, bands
from scoring.learning.learn import Learned, best_card
from scoring.learning.sizes import LARGE, NEWEST, in_parts
from scoring.learning.table import Table
from scoring.learning.wording import sentence

JUDGED = {False: "the older leads, each left out once", True: "the newest of the older leads"}
Promised = NDArray[np.floating[Any]]


def report(learned: Learned, test: Table | None = None) -> dict[str, Any]:
    """`accuracy` is of leads the card had not seen: those of `test`, else the newest with the card of all others."""
    table = learned.table
    told = {
        "proposed": learned.card is not None,
        "refused": learned.refused or None,
        "missing": learned.missing or None,
        "early": learned.early,
        "leads": len(table),
        "won": table.wins,
        "lost": table.losses,
        "left_out": [{"column": one.column, "reason": one.reason} for one in learned.left_out],
        "sizes_judged_on": JUDGED[len(table) * (1 - NEWEST) > LARGE],
        "sizes": [
            {"size": one.size.name, "auc": one.auc.value, "low": one.auc.low, "high": one.auc.high,
             "criteria": one.criteria, "chosen": one.size == learned.chosen}
            for one in learned.tried
        ],
    }  # fmt: skip
    if learned.card is None:
        return told
    return told | _accuracy(learned, test) | card_as_data(learned.card)


def card_as_data(card: Card) -> dict[str, Any]:
    return {
        "base": card.base,
        "probability": {"constant": card.constant, "slope": card.slope},
        "rate": card.rate,
        "criteria": [_criterion(card, one) for one in card.criteria],
    }


def _criterion(card: Card, one: Criterion) -> dict[str, Any]:
    interval = wilson(one.won, one.n)
    share = one.won / one.n
    return {
        "criterion": sentence(card, one), "points": one.points, "n": one.n, "won": one.won,
        "share": share, "share_low": interval.low, "share_high": interval.high,
        "lift": share / card.rate, "lift_low": interval.low / card.rate, "lift_high": interval.high / card.rate,
    }  # fmt: skip


def _accuracy(learned: Learned, test: Table | None) -> dict[str, Any]:
    if test is not None:
        assert learned.card is not None
        return {"evaluated_on": "the test file", **measures(learned.card, test)}
    assert learned.proof is not None
    held = learned.table.take(learned.held)
    return {
        "evaluated_on": "the newest 20 %" if learned.by_time else "20 % by lot", **measures(learned.proof, held)
    }  # fmt: skip


def cross_validated(table: Table, budget: int | None, parts: int, seed: int) -> dict[str, Any]:
    """The whole recipe in so many parts: leads of each are judged by a card whose size and points the others chose."""
    told = np.empty(len(table))
    folds = list(in_parts(table, parts, seed))
    for old, new in folds:
        card, judge = best_card(table.take(old), budget, seed)[0], table.take(new)
        told[new] = card.probability(card.totals(judge))
    return {"folds": parts, **mean_measures(told, table.won, [new for _, new in folds])}


def mean_measures(promised: Promised, won: NDArray[np.bool_], parts: list[NDArray[np.intp]]) -> dict[str, float]:
    """The mean over the parts; the calibration error of all together, since parts are small. Parts are stratified."""
    each = [quality(promised[part], won[part]) for part in parts]
    mean = {name: float(np.mean([one[name] for one in each])) for name in each[0]}
    return mean | {"calibration_error": calibration_error(promised, won)}


def quality(promised: Promised, won: NDArray[np.bool_]) -> dict[str, float]:
    """Both outcomes must be there."""
    reached = auc(promised, won)
    assert reached is not None
    return {
        "auc": reached.value, "pr_auc": average_precision(promised, won), "brier": brier(promised, won),
        "lift": tenths(promised, won)[0].lift, "calibration_error": calibration_error(promised, won),
    }  # fmt: skip


def measures(card: Card, table: Table) -> dict[str, Any]:
    """Accuracy on leads the card has not seen; of leads with one outcome only there is none."""
    totals, won = card.totals(table), table.won
    reached = auc(totals, won)
    if reached is None:
        return {"evaluated": len(won), "auc": None}
    return {
        "evaluated": len(won), "auc_low": reached.low, "auc_high": reached.high,
        **quality(card.probability(totals), won),
        "bands": [
            {"from": one.low, "to": one.high, "n": one.rate.n, "won": one.rate.k, "promised": one.promised,
             "share": one.rate.k / one.rate.n if one.rate.n else None, "low": one.interval.low,
             "high": one.interval.high}
            for one in bands(card, totals, won)
        ],
    }  # fmt: skip


def calibration_error(promised: Promised, won: NDArray[np.bool_], parts: int = 10) -> float:
    """How far a promise is off, on average, in ten equal parts by promise.

    Expected calibration error with bins of equal mass: Nixon et al. (2019), "Measuring calibration in deep learning".
    """
    order = np.argsort(promised, kind="stable")
    parted = [part for part in np.array_split(order, parts) if len(part)]
    return float(sum(len(part) * abs(promised[part].mean() - won[part].mean()) for part in parted) / len(won))
