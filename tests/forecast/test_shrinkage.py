"""Small groups borrow from the whole."""

import numpy as np
import pytest

from reports.forecast.simulation.shrinkage import hazards, ratios, spreads

DRAWS = 4000


def dice() -> np.random.Generator:
    return np.random.default_rng(1)


def test_a_large_group_speaks_for_itself_and_a_small_one_leans_on_the_whole():
    events, expected = np.array([400.0, 400.0, 3.0, 0.0]), np.array([200.0, 600.0, 1.0, 0.0])
    mean = ratios(events, expected, DRAWS, dice()).mean(axis=0)
    assert mean[:2] == pytest.approx([2.0, 0.667], rel=0.05)
    assert 1.0 < mean[2] < 2.6  # 3 by itself
    assert mean[3] == pytest.approx(1.0, abs=0.15)


def test_a_small_group_is_less_sure():
    events, expected = np.array([200.0, 2.0, 150.0]), np.array([200.0, 2.0, 200.0])
    low, high = np.quantile(ratios(events, expected, DRAWS, dice()), [0.1, 0.9], axis=0)
    assert (high - low)[1] > 2 * (high - low)[0]


def test_groups_that_differ_by_chance_alone_are_drawn_together():
    rng = np.random.default_rng(2)
    expected = np.full(40, 20.0)
    assert spreads(rng.poisson(expected), expected, DRAWS, dice()).mean() < 0.12
    apart = rng.poisson(expected * rng.gamma(4, 1 / 4, 40))  # a spread of a half
    assert spreads(apart, expected, DRAWS, dice()).mean() == pytest.approx(0.5, abs=0.15)


def test_an_age_nobody_reached_is_like_the_others_and_unsure():
    found = hazards(np.array([50.0, 50.0, 0.0]), np.array([500.0, 500.0, 0.0]), DRAWS, dice())
    assert found.mean(axis=0) == pytest.approx([0.1, 0.1, 0.1], rel=0.1)
    spread = found.std(axis=0)
    assert spread[2] > 5 * spread[0]


def test_the_same_dice_give_the_same_draws():
    events, expected = np.array([3.0, 9.0]), np.array([6.0, 6.0])
    assert (ratios(events, expected, 10, dice()) == ratios(events, expected, 10, dice())).all()
