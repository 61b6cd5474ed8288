"""Columns that know the outcome are left out, with the reason; honest ones stay."""

import numpy as np
import pytest

from scoring.learning.guard import left_out
from scoring.learning.learn import learn
from scoring.learning.table import Column, Table, number_column, text_column
from tests.learning.invented import leads, with_column


def reasons(table: Table) -> dict[str, str]:
    return {one.column: one.reason for one in left_out(table)}


def words(meets: np.ndarray, yes: str, no: str) -> list[str]:
    return [yes if one else no for one in meets]


def test_honest_columns_stay() -> None:
    assert reasons(leads()) == {}


@pytest.mark.parametrize(
    "name",
    [
        "Lead Status",
        "Stage",
        "Tags",
        "owner_id",
        "Lead Quality",
        "Lost Reason",
        "Close Date",
        "Deal amount",
        "dealStage",
    ],
)
def test_by_name(name: str) -> None:
    table = with_column(leads(), text_column(name, words(np.arange(3_000) % 2 == 0, "a", "b")))
    assert list(reasons(table)) == [name]


@pytest.mark.parametrize("name", ["Specialization", "Reported revenue", "Percentage of staff", "First page"])
def test_a_name_that_only_looks_alike_stays(name: str) -> None:
    table = with_column(leads(), text_column(name, words(np.arange(3_000) % 2 == 0, "a", "b")))
    assert reasons(table) == {}


def test_what_predicts_too_well_alone() -> None:
    table = leads()
    noise = np.random.default_rng(3).random(3_000) < 0.15
    table = with_column(table, text_column("Welcome pack", words(table.won ^ noise, "sent", "not sent")))
    assert reasons(table)["Welcome pack"].startswith("alone it predicts too well (AUC 0.8")


def test_what_is_filled_in_after_the_outcome() -> None:
    table, chance = leads(), np.random.default_rng(3)
    there = np.where(table.won, chance.random(3_000) < 0.8, chance.random(3_000) < 0.5)
    size = np.where(there, chance.integers(1, 9, 3_000), np.nan)
    table = with_column(table, Column("Training group", "number", size))
    assert reasons(table)["Training group"].startswith("whether it is empty tells won from lost")


def test_a_value_that_is_too_sure() -> None:
    table = leads()
    mark = table.won & (np.random.default_rng(3).random(3_000) < 0.25)
    table = with_column(table, text_column("Letter", words(mark, "Congratulations", "None yet")))
    assert "with “Congratulations”" in reasons(table)["Letter"]


def test_where_few_win_a_value_that_loses_is_no_proof() -> None:
    chance = np.random.default_rng(3)
    table = Table((text_column("Source", words(chance.random(5_000) < 0.5, "a", "b")),), chance.random(5_000) < 0.02)
    assert reasons(table) == {}


def test_empty_in_the_rows_of_one_that_was_left_out() -> None:
    table, chance = leads(), np.random.default_rng(3)
    there = chance.random(3_000) < 0.7
    for name in ("Lead profile", "Hobby"):
        table = with_column(table, Column(name, "number", np.where(there, chance.integers(0, 9, 3_000), np.nan)))
    assert reasons(table)["Hobby"] == "it is empty in the same leads as Lead profile, which is left out"


def test_what_tells_one_lead_from_another() -> None:
    table = with_column(leads(), number_column("Lead number", [float(i) for i in range(3_000)]))
    table = with_column(table, text_column("Full name", [f"Person {i}" for i in range(3_000)]))
    assert list(reasons(table)) == ["Lead number", "Full name"]


def test_kept_where_somebody_says_so_and_ignored_where_somebody_does() -> None:
    table = leads()
    table = with_column(table, text_column("Status", words(table.won, "done", "open")))
    kept, left = learn(table, keep={"Status"}), learn(table, ignore={"Source"})
    assert [one.column for one in kept.left_out] == []
    assert [one.column for one in left.left_out] == ["Status"]
    assert "Source" not in {column.name for column in left.table.columns}
