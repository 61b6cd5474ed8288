"""Accuracy against values worked out another way, and intervals against what they promise."""

import numpy as np
import pytest

from scoring.accuracy import auc, auc_gain, average_precision, brier, tenths

WON = np.array([True, True, False, True, False, False])


def pairs(scores: np.ndarray, won: np.ndarray) -> float:
    """AUC by its definition."""
    wins, losses = scores[won], scores[~won]
    return float(np.mean([(w > x) + (w == x) / 2 for w in wins for x in losses]))


class TestAuc:
    @pytest.mark.parametrize(
        ("scores", "expected"),
        [([9, 8, 7, 6, 5, 4], 8 / 9), ([1, 1, 1, 1, 1, 1], 0.5), ([4, 5, 6, 4, 5, 6], 0.5 / 9)],
    )
    def test_is_the_share_of_pairs_in_order(self, scores: list[int], expected: float) -> None:
        found = auc(np.array(scores), WON)
        assert found is not None
        assert found.value == pytest.approx(expected) == pytest.approx(pairs(np.array(scores), WON))
        assert 0 <= found.low <= found.value <= found.high <= 1

    def test_is_nothing_where_only_one_outcome_is_known(self) -> None:
        assert auc(np.array([1, 2]), np.array([True, True])) is None
        assert auc_gain(np.array([1, 2]), np.array([2, 1]), np.array([False, False])) is None

    def test_a_perfect_order_of_few_leads_is_not_certain(self) -> None:
        found = auc(np.array([3, 2, 1, 0]), np.array([True, True, False, False]))
        assert found is not None
        assert (found.value, found.low < 0.8) == (1.0, True)

    def test_its_interval_holds_the_truth_19_times_of_20(self) -> None:
        r, inside = np.random.default_rng(7), 0
        truth = 0.7602  # of two normal distributions one apart: Φ(1/√2)
        for _ in range(600):
            won = r.random(300) < 0.2
            found = auc(r.normal(won.astype(float), 1), won)
            inside += found is not None and found.low <= truth <= found.high
        assert 0.93 <= inside / 600 <= 0.97

    def test_scores_of_equal_worth_differ_beyond_chance_once_in_20(self) -> None:
        r, beyond = np.random.default_rng(8), 0
        for _ in range(600):
            won = r.random(300) < 0.2
            truth = r.normal(won.astype(float), 1)
            gain = auc_gain(truth + r.normal(0, 0.7, 300), truth + r.normal(0, 0.7, 300), won)
            assert gain is not None
            assert gain.beyond_chance == (gain.p < 0.05) or abs(gain.p - 0.05) < 0.001
            beyond += gain.beyond_chance
        assert beyond / 600 <= 0.08

    def test_a_better_score_is_found(self) -> None:
        r = np.random.default_rng(9)
        won = r.random(3000) < 0.2
        good = r.normal(won.astype(float), 1)
        gain = auc_gain(good + r.normal(0, 1.5, 3000), good, won)
        assert gain is not None
        assert gain.low > 0.03


class TestTenths:
    def test_best_first_and_they_add_up(self) -> None:
        scores, won = np.arange(100), np.arange(100) >= 80
        found = tenths(scores, won)
        assert [part.won for part in found] == [10, 10, *[0] * 8]
        assert found[0].lift == pytest.approx(5)

    def test_equal_scores_are_shared_out(self) -> None:
        found = tenths(np.zeros(20), np.arange(20) < 5)
        assert [part.won for part in found] == pytest.approx([0.5] * 10)


def test_average_precision_of_a_known_order() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6])
    assert average_precision(scores, np.array([True, False, True, False])) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(np.zeros(4), np.array([True, False, False, False])) == pytest.approx(0.25)


def test_brier() -> None:
    assert brier(np.array([0.0, 1.0, 0.5]), np.array([False, True, True])) == pytest.approx(0.25 / 3)
