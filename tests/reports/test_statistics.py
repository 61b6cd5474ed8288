"""Time to close and how scores sort, against a textbook, a count by hand, and the slow way."""

import random
from collections import Counter

import numpy as np
import pytest

from reports.accuracy import sorted_by, tenths
from reports.survival import closing
from scoring.accuracy import auc


def by_the_book(rows):
    """Kaplan–Meier straight from the definition: rows of (age, day it closed or None)."""
    share, left = [], 1.0
    for day in range(max(age for age, _ in rows) + 1):
        risk = sum(1 for age, closed in rows if (age if closed is None else closed) >= day and age >= day)
        left *= 1 - sum(1 for _, closed in rows if closed == day) / risk if risk else 1
        share.append(1 - left)
    return share


def summed(rows):
    ages = Counter(age for age, _ in rows)
    customers = [(age, day) for age, day in rows if day is not None]
    return closing(np.array([*ages.items()], int).reshape(-1, 2), np.array(customers, int).reshape(-1, 2))


def test_the_share_closed_counts_leads_as_long_as_they_were_watched():
    """40 leads are 10 days old and 40 are 2; 10 closed on day 5: a quarter, not an eighth."""
    curve = summed([(10, 5)] * 10 + [(10, None)] * 30 + [(2, None)] * 40)
    assert list(curve.share) == [0] * 5 + [0.25] * 6
    assert (curve.quantile(0.5), curve.by(10), curve.by(11), curve.events) == (5, 0.25, None, 10)
    assert curve.low[5] < 0.25 < curve.high[5]


@pytest.mark.parametrize("seed", range(4))
def test_it_is_kaplan_meier(seed):
    dice = random.Random(seed)
    rows = []
    for _ in range(300):
        age = dice.randrange(60)
        closed = dice.randrange(40)
        rows.append((age, closed if closed <= age and dice.random() < 0.5 else None))
    curve, book = summed(rows), by_the_book(rows)
    assert len(curve.share) > 30
    assert curve.share == pytest.approx(book[: len(curve.share)])


def test_the_curve_ends_where_few_are_left_and_quartiles_want_ten():
    assert len(summed([(9, None)] * 29 + [(4, 2)] * 5).share) == 5
    assert summed([(9, 3)] * 9 + [(9, None)] * 40).quantile(0.5) is None
    assert len(summed([(3, None)] * 29).share) == 0
    assert summed([]).quantile(0.5) is None


@pytest.mark.parametrize("leads", [31, 33, 42])
def test_where_exactly_half_have_closed_half_have(leads):
    """12 bought, one a day from day 1 on: the sixth is half of them, however the products of the curve are rounded."""
    assert summed([(99, day) for day in range(1, 13)] + [(99, None)] * (leads - 12)).quantile(0.5) == 6


def test_customers_older_than_all_leads_that_are_tallied_yet():
    """Between two queries, or while all is counted for the first time, a customer can be known before the others."""
    curve = closing(np.array([[0, 40]]), np.array([[90, 5]]))
    assert len(curve.share) == 1


def test_greenwood_by_hand():
    """10 of 100 on day 1, 9 of 90 on day 2: the variance of S is S² (10/(100·90) + 9/(90·81))."""
    curve = summed([(2, 1)] * 10 + [(2, 2)] * 9 + [(2, None)] * 81)
    error = 1.959964 * 0.81 * (10 / 9000 + 9 / 7290) ** 0.5
    assert curve.high[2] - curve.share[2] == pytest.approx(error)


@pytest.mark.parametrize("seed", range(3))
def test_sorting_by_counts_is_sorting_lead_by_lead(seed):
    dice = np.random.default_rng(seed)
    scores = dice.integers(0, 30, 500)
    won = dice.random(500) < scores / 60
    values = sorted(set(scores.tolist()))
    yes = [int((won & (scores == value)).sum()) for value in values]
    no = [int((~won & (scores == value)).sum()) for value in values]
    slow, quick = auc(scores, won), sorted_by(values, yes, no)
    assert quick.value == pytest.approx(slow.value)
    assert (quick.low, quick.high) == (pytest.approx(slow.low, abs=0.01), pytest.approx(slow.high, abs=0.01))


def test_few_are_not_sorted():
    assert sorted_by([1, 2], [4, 5], [40, 40]).value is None
    assert sorted_by([1, 2], [0, 20], [40, 0]).value == 1.0


def test_tenths_never_part_equal_scores_and_add_up():
    parts = tenths([10, 20, 30], [50, 30, 20], [1, 2, 3])
    assert parts == [(30, 30, 20, 3), (20, 20, 30, 2), (10, 10, 50, 1)]
    parts = tenths(list(range(100)), [3] * 100, [0] * 100)
    assert [n for *_, n, _ in parts] == [30] * 10
    assert parts[0][:2] == (90, 99)
