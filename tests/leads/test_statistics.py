"""The formulas, against published values."""

import pytest

from leads.medians import Median
from leads.models import Company
from leads.statistics import ENOUGH, Rate, difference, wilson
from tests.sales import make_team

# Newcombe (1998), "Two-sided confidence intervals for the single proportion", Table I, method 3.
WILSON = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@pytest.mark.parametrize(("k", "n", "low", "high"), WILSON)
def test_wilson(k, n, low, high):
    interval = wilson(k, n)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


@pytest.mark.parametrize(("k", "n", "low", "high"), WILSON)
def test_wilson_is_the_same_seen_from_the_other_side(k, n, low, high):
    interval = wilson(n - k, n)
    assert (round(1 - interval.high, 4), round(1 - interval.low, 4)) == (low, high)


def test_of_nothing_nothing_is_known():
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0, 1)


def test_under_thirty_cases_there_is_no_share():
    few, enough = Rate(11, ENOUGH - 1), Rate(11, ENOUGH)
    assert (few.share, few.interval) == (None, None)
    assert enough.share == 11 / 30
    assert enough.interval == wilson(11, 30)


def test_difference():
    """Newcombe (1998), "Interval estimation for the difference…", Table II (a), method 10: 56/70 − 48/80."""
    interval = difference(Rate(56, 70), Rate(48, 80))
    assert interval is not None
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.0524, 0.3339)


def test_no_difference_of_few():
    assert difference(Rate(5, 10), Rate(48, 80)) is None


@pytest.mark.parametrize(("numbers", "middle"), [([3], 3), ([1, 9, 2], 2), ([1, 2, 4, 9], 3), ([], None)])
@pytest.mark.django_db
def test_median(numbers, middle):
    team = make_team()
    for number in numbers:
        Company.objects.create(team=team, employees=number)
    assert Company.objects.aggregate(middle=Median("employees"))["middle"] == middle
