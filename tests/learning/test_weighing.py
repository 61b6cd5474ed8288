"""The statistics of suggestions: what is there is found, what is not there is hardly ever."""

import numpy as np
import pytest
from numpy.typing import NDArray

from scoring.learning.logistic import probability
from scoring.suggestions.weighing import Scale, Weighed, believed

POINTS = np.array([20, 10, 10, 5, 15, -10])
SHARES = (0.1, 0.4, 0.3, 0.6, 0.15, 0.2)


def past(leads: int, seed: int, *, wrong: float = 0.0) -> tuple[NDArray, NDArray, NDArray]:
    """Six criteria and forty columns of no criterion. Right points, or `wrong` log odds too few for the second one."""
    chance = np.random.default_rng(seed)
    have = chance.random((leads, 6)) < SHARES
    others = chance.random((leads, 40)) < chance.uniform(0.05, 0.6, 40)
    totals = np.clip(have @ POINTS + 10, 0, 100)
    won = chance.random(leads) < probability(-2.5 + 0.06 * totals + wrong * have[:, 1])
    return totals, won, np.column_stack([have, others]).astype(float)


def found(totals: NDArray, won: NDArray, columns: NDArray) -> list[list[bool]]:
    weighed = Scale(totals, won).weigh(columns)
    return believed([weighed[:6], weighed[6:]])


def test_200_weeks_without_anything_to_find() -> None:
    """At most one week in twenty may bring a suggestion, chance allowed for (2.33 standard errors)."""
    weeks = [any(map(any, found(*past(600, seed)))) for seed in range(200)]
    assert sum(weeks) <= 200 * 0.05 + 2.33 * np.sqrt(200 * 0.05 * 0.95)


def test_without_the_guard_most_weeks_would() -> None:
    """Negative control: every comparison by itself at 5 %."""
    weeks = []
    for seed in range(40):
        totals, won, columns = past(600, seed)
        weeks.append(any(one.p is not None and one.p < 0.05 for one in Scale(totals, won).weigh(columns)))
    assert sum(weeks) > 30


def test_a_criterion_with_too_few_points_is_found() -> None:
    """1.2 log odds are 20 points at 0.06 a point."""
    totals, won, columns = past(3_000, 1, wrong=1.2)
    sure, _ = found(totals, won, columns)
    assert sure[1]
    change = Scale(totals, won).change(columns[:, 1])
    assert change.low < 20 < change.high
    assert 12 < change.points < 28


def test_what_was_picked_because_it_is_large_is_drawn_towards_nothing() -> None:
    totals, won, columns = past(400, 5, wrong=0.5)
    scale = Scale(totals, won)
    for place in range(6):
        change = scale.change(columns[:, place])
        assert abs(change.points) <= abs(change.low + change.high) / 2 + 1e-9


@pytest.mark.parametrize("have", [29, 371])
def test_too_few_either_way_is_no_comparison(have: int) -> None:
    totals, won, _ = past(400, 3)
    column = np.zeros((400, 1))
    column[:have] = 1
    assert Scale(totals, won).weigh(column)[0].p is None


def test_where_no_win_is_expected_nothing_is_said() -> None:
    totals, won, columns = past(400, 3)
    rare = won & (np.random.default_rng(0).random(400) < 0.03)
    assert all(one.p is None for one in Scale(totals, rare).weigh(columns[:, :1]))


def test_the_larger_family_does_not_drown_the_small_one() -> None:
    sure = Weighed(100, 50, 30.0, 0.001)
    noise = [Weighed(100, 30, 30.0, 0.9)] * 2_000
    assert believed([[sure, *noise[:10]], noise])[0][0]
    assert not any(believed([[], [sure, *noise]])[1])


def test_a_score_that_sorts_backwards_makes_nothing_else_look_right() -> None:
    """One criterion with points speaks against the outcome, the others say nothing: only that one is found."""
    chance, weeks = np.random.default_rng(4), []
    for _ in range(40):
        have = chance.random((800, 6)) < SHARES
        won = chance.random(800) < np.where(have[:, 1], 0.2, 0.6)
        weighed = Scale(have @ np.array([5, 30, 10, 5, 5, 5]), won).weigh(have.astype(float))
        weeks.append(believed([weighed])[0])
    assert sum(week[1] for week in weeks) == 40
    assert sum(any(week[:1] + week[2:]) for week in weeks) <= 4
