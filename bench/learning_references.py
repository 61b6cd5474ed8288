"""What a card is compared with: two gradient boostings, logistic regression, Odoo's naive Bayes written anew."""

from typing import Any

import numpy as np

from scoring.learning.bins import bins_of
from scoring.learning.table import NUMBER, Column, Table

MOST_WORDS = 200


def _matrix(old: Table, new: Table) -> tuple[np.ndarray, np.ndarray, list[bool]]:
    """Numbers as they are, words as their place (the rare ones together); which columns are words."""
    pairs = [_encoded(a, b) for a, b in zip(old.columns, new.columns, strict=True)]
    words = [column.kind != NUMBER for column in old.columns]
    return np.column_stack([a for a, _ in pairs]), np.column_stack([b for _, b in pairs]), words


def _encoded(old: Column, new: Column) -> tuple[np.ndarray, np.ndarray]:
    if old.kind == NUMBER:
        return old.values, new.values
    common = np.argsort(-np.bincount(old.values + 1, minlength=len(old.words) + 1), kind="stable")[:MOST_WORDS]
    place = np.full(len(old.words) + 1, MOST_WORDS)
    place[common] = np.arange(len(common))
    return place[old.values + 1].astype(float), place[new.values + 1].astype(float)


def hist_gradient_boosting(old: Table, new: Table) -> np.ndarray:
    from sklearn.ensemble import HistGradientBoostingClassifier

    before, after, words = _matrix(old, new)
    model = HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=400, early_stopping=True, random_state=0, categorical_features=words
    )
    return model.fit(before, old.won).predict_proba(after)[:, 1]


def lightgbm(old: Table, new: Table) -> np.ndarray:
    from lightgbm import LGBMClassifier

    before, after, words = _matrix(old, new)
    model = LGBMClassifier(
        n_estimators=150, learning_rate=0.05, num_leaves=15, min_child_samples=30, subsample=0.8, subsample_freq=1,
        colsample_bytree=0.8, random_state=0, n_jobs=1, verbose=-1,
    )  # fmt: skip
    model.fit(before, old.won, categorical_feature=[at for at, word in enumerate(words) if word])
    return model.predict_proba(after)[:, 1]


def logistic(old: Table, new: Table) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    before, after = _one_hot(old, new)
    scaler = StandardScaler().fit(before)
    model = LogisticRegression(C=0.1, max_iter=1000).fit(scaler.transform(before), old.won)
    return model.predict_proba(scaler.transform(after))[:, 1]


def _one_hot(old: Table, new: Table) -> tuple[np.ndarray, np.ndarray]:
    before: list[Any] = []
    after: list[Any] = []
    for a, b in zip(old.columns, new.columns, strict=True):
        if a.kind == NUMBER:
            middle = np.nanmedian(a.values)
            for column, to in ((a, before), (b, after)):
                filled = np.where(column.empty, middle, column.values)
                to += [filled, np.log1p(np.abs(filled)), column.empty.astype(float)]
        else:
            bins = bins_of(a)
            for column, to in ((a, before), (b, after)):
                to += list((bins.codes(column)[:, None] == np.arange(bins.size)).T.astype(float))
    return np.column_stack(before), np.column_stack(after)


def odoo(old: Table, new: Table, *, deciles: bool = False) -> np.ndarray:
    """Odoo's predictive lead scoring (crm_lead.py, _pls_get_naive_bayes_probabilities, 17.0), from its description:
    P(won) · Π (won with the value + 0.1) / (won + 0.1 · values); empty fields are skipped.
    """
    wins, losses = old.wins, old.losses
    odds = np.full(len(new), np.log(wins / losses))
    for a, b in zip(old.columns, new.columns, strict=True):
        codes_old, codes_new, size = _values(a, b, deciles)
        known = codes_old >= 0
        if not known.any():
            continue
        won = np.bincount(codes_old[known & old.won], minlength=size) + 0.1
        lost = np.bincount(codes_old[known & ~old.won], minlength=size) + 0.1
        told = np.log(won / won.sum()) - np.log(lost / lost.sum())
        odds += np.where(codes_new >= 0, told[np.maximum(codes_new, 0)], 0)
    return 1 / (1 + np.exp(-np.clip(odds, -30, 30)))


def _values(a: Column, b: Column, deciles: bool) -> tuple[np.ndarray, np.ndarray, int]:
    """Each value a category of its own; -1 is empty, or was never seen."""
    if a.kind != NUMBER:
        return a.values, b.values, len(a.words)
    if deciles:
        cuts = np.unique(np.nanquantile(a.values, np.arange(1, 10) / 10))
        coded = [np.where(c.empty, -1, np.searchsorted(cuts, c.values, side="right")) for c in (a, b)]
        return coded[0], coded[1], len(cuts) + 1
    seen = np.unique(a.values[~a.empty])
    coded = []
    for column in (a, b):
        places = np.minimum(np.searchsorted(seen, column.values), len(seen) - 1)
        coded.append(np.where(column.empty | (seen[places] != column.values), -1, places))
    return coded[0], coded[1], len(seen)


def odoo_deciles(old: Table, new: Table) -> np.ndarray:
    return odoo(old, new, deciles=True)


REFERENCES = {
    "HGB": hist_gradient_boosting, "LightGBM": lightgbm, "logistic regression": logistic,
    "Odoo's naive Bayes": odoo, "the same, deciles": odoo_deciles,
}  # fmt: skip
