"""Learning on invented leads: the truth is found, chance is refused, and the card means what it says."""

from dataclasses import replace

import numpy as np
import pytest

from scoring.accuracy import auc
from scoring.learning.bins import NOWHERE, bins_of
from scoring.learning.card import card_of
from scoring.learning.learn import learn
from scoring.learning.report import card_as_data, report
from scoring.learning.shape import data_of
from scoring.learning.sizes import ANCHORED, Size, chosen, parted, sizes_for, train
from scoring.learning.splits import grow, shrink
from scoring.learning.table import Table, number_column, text_column
from scoring.learning.wording import sentence
from tests.learning.invented import chance_leads, leads


class TestBins:
    def test_numbers_are_cut_at_round_numbers_and_empty_is_on_its_own(self) -> None:
        bins = bins_of(number_column("Seconds", [None] * 100 + list(map(float, range(0, 2000, 2)))))
        assert all(cut % 10 == 0 for cut in bins.cuts if cut > 100)
        codes = bins.codes(number_column("Seconds", [None, -5, 0, bins.cuts[0], 1e9]))
        assert codes.tolist() == [0, 1, 1, 2, bins.size - 1]

    def test_years_keep_their_four_digits(self) -> None:
        bins = bins_of(number_column("Founded", [float(1980 + i % 40) for i in range(400)]))
        assert bins.cuts[0] < 1985
        assert len(bins.cuts) > 15

    def test_a_rare_value_is_any_other_one_and_one_never_seen_is_nowhere(self) -> None:
        common = bins_of(text_column("City", ["Ghent"] * 50 + ["Bruges"] * 50))
        assert common.codes(text_column("City", ["ghent ", "", "Ostend"])).tolist() == [1, 0, NOWHERE]
        rare = bins_of(text_column("City", ["Ghent"] * 50 + ["Bruges"] * 50 + ["Ypres"]))
        assert rare.codes(text_column("City", ["Ostend"])).tolist() == [3]


class TestTruth:
    def test_a_planted_truth_is_found(self) -> None:
        learned = learn(leads())
        assert learned.card is not None
        points = {sentence(learned.card, one): one.points for one in learned.card.criteria}
        assert points["Source is Referral"] > 0 > points["Source is Bought list"]
        assert max(points, key=lambda told: points[told] * told.startswith("Visits at least")).startswith(
            "Visits at least 1"
        )
        assert points["Visits is unknown"] < 0
        pair = [told for told in points if "Source is Web" in told and "Wants a call is Yes" in told]
        assert [points[told] > 0 for told in pair] == [True]
        assert not any("Weather" in told for told in points)

    def test_it_sorts_new_leads_nearly_as_the_truth_does(self) -> None:
        learned, new = learn(leads()), leads(20_000, seed=9)
        assert learned.card is not None
        reached = auc(learned.card.totals(new), new.won)
        assert reached is not None
        assert reached.value == pytest.approx(0.815, abs=0.03)

    def test_the_promise_holds_on_new_leads(self) -> None:
        learned, new = learn(leads(6_000), budget=15), leads(20_000, seed=9)
        told = report(learned, new)
        assert told["calibration_error"] < 0.025
        for band in told["bands"]:
            assert band["n"] < 200 or band["promised"] == pytest.approx(band["share"], abs=0.06)

    def test_few_conversions_are_tried_with_anchored_weights(self) -> None:
        learned = learn(leads(900))
        assert learned.tried[0].size == Size(15, way=ANCHORED)
        assert learned.card is not None


class TestSize:
    def test_none_is_larger_than_the_budget(self) -> None:
        table = leads()
        assert {size.budget for size in sizes_for(table, 25)} == {15, 25}
        assert {size.budget for size in sizes_for(table, None)} == {15, 25, 40}
        assert {size.budget for size in sizes_for(table, 8)} == {8}

    def test_the_simplest_that_loses_next_to_nothing(self) -> None:
        learned = learn(leads())
        best = max(one.auc.value for one in learned.tried)
        tried = next(one for one in learned.tried if one.size == learned.chosen)
        assert learned.chosen == chosen(learned.tried)
        assert best - tried.auc.value <= 0.25 * (tried.auc.high - tried.auc.low) / 3.9

    def test_the_newest_have_no_say_in_it(self) -> None:
        """With other outcomes among the newest, the proof is the same card of the same size."""
        table = leads(900)
        _, newest = parted(table, 0)
        turned = table.won.copy()
        turned[newest] = np.random.default_rng(1).permutation(turned[newest])
        keep = {column.name for column in table.columns}
        one, other = learn(table, keep=keep), learn(Table(table.columns, turned, table.order), keep=keep)
        assert one.proof == other.proof
        assert one.tried == other.tried


class TestCard:
    def test_whole_points_lose_next_to_nothing(self) -> None:
        table = leads()
        data = data_of(table)
        fitted = shrink(data, grow(data, 22)[-1], 15)
        rounded, exact = auc(card_of(data, fitted).totals(table), table.won), auc(fitted.p, table.won)
        assert rounded is not None
        assert exact is not None
        assert exact.value - rounded.value <= 0.001

    def test_points_are_whole_and_most_leads_lie_between_0_and_100(self) -> None:
        table = leads()
        card = train(table, Size(15))
        totals = card.totals(table)
        assert {type(one.points) for one in card.criteria} == {int}
        assert ((totals >= -1) & (totals <= 101)).mean() >= 0.985

    @pytest.mark.parametrize("budget", [1, 3, 15])
    def test_the_budget_holds(self, budget: int) -> None:
        learned = learn(leads(), budget=budget)
        assert learned.card is not None
        assert 1 <= len(learned.card.criteria) <= budget

    def test_the_counts_beside_a_criterion_are_those_of_the_leads(self) -> None:
        table = leads()
        learned = learn(table)
        assert learned.card is not None
        row = next(one for one in card_as_data(learned.card)["criteria"] if one["criterion"] == "Source is Referral")
        inside = table.columns[0].values == table.columns[0].words.index("Referral")
        assert (row["n"], row["won"]) == (inside.sum(), table.won[inside].sum())
        assert row["lift_low"] < row["lift"] < row["lift_high"]

    def test_the_same_leads_and_seed_give_the_same_card(self) -> None:
        without_order = replace(leads(), order=None)
        first, again, other = (report(learn(without_order, seed=seed)) for seed in (4, 4, 5))
        assert first == again
        assert first["auc"] != other["auc"]

    def test_leads_in_another_order_of_rows_give_the_same_points(self) -> None:
        table = leads()
        mixed = table.take(np.random.default_rng(1).permutation(len(table)))
        first, again = train(table, Size(15, 5)), train(mixed, Size(15, 5))
        assert first.totals(table).tolist() == again.totals(table).tolist()


class TestRefusals:
    def test_too_few_leads(self) -> None:
        learned = learn(leads(150))
        assert (learned.refused, learned.card) == ("too_few", None)
        assert learned.missing.endswith("50 more that are decided either way")

    def test_too_few_that_won(self) -> None:
        table = leads(1_000)
        won = table.won & (np.cumsum(table.won) <= 30)
        assert learn(Table(table.columns, won, table.order)).missing == (
            "to learn from, leads are missing: 10 more that won"
        )

    def test_newest_leads_of_one_kind(self) -> None:
        table = leads(1_000)
        won = table.won & (np.arange(1_000) < 700)
        assert learn(Table(table.columns, won, table.order)).refused == "too_few"

    def test_chance_has_no_signal(self) -> None:
        """At most 5 % of 40 tables that say nothing may be taken for something."""
        refused = [learn(chance_leads(500, seed)).refused for seed in range(40)]
        assert refused.count("no_signal") >= 38

    def test_a_refusal_is_told_in_words(self) -> None:
        told = report(learn(chance_leads(500, 1)))
        assert (told["proposed"], told["refused"]) == (False, "no_signal")
        assert told["missing"].startswith("no signal: on the newest leads the best card reaches an AUC of 0.")
        assert "criteria" not in told
