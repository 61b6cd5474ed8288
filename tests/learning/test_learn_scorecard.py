"""manage.py learn_scorecard: any CSV file in, a card or a refusal out; and the measured data sets where they are."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from tests.learning.invented import chance_leads, leads

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def write(path: Path, seed: int = 0, n: int = 1_500, *, by_chance: bool = False) -> Path:
    table = chance_leads(n, seed) if by_chance else leads(n, seed)
    source, visits, call, weather = table.columns
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["Lead number", "Source", "Visits", "Wants a call", "Weather", "Status", "Won", ""])
        for row in range(n):
            seen = visits.values[row]
            outcome = "yes" if table.won[row] else "no"
            lines.writerow([
                1000 + row, source.words[source.values[row]], "" if np.isnan(seen) else int(seen),
                call.words[call.values[row]], f"{weather.values[row]:.3f}", "Closed", outcome, "",
            ])  # fmt: skip
    return path


def run(*args: Any) -> tuple[int, dict[str, Any]]:
    """(status, what was printed)."""
    out = io.StringIO()
    try:
        call_command("learn_scorecard", *map(str, args), "--json", stdout=out)
    except SystemExit as status:
        return int(str(status)), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def test_a_file_gives_a_card(tmp_path: Path) -> None:
    status, told = run(write(tmp_path / "leads.csv"), "--label", "Won", "--budget", "10")
    assert (status, told["proposed"], told["ordered_by"]) == (0, True, "Lead number")
    assert told["auc"] > 0.75
    assert told["brier"] < 0.2
    assert 3 <= len(told["criteria"]) <= 10
    assert {one["column"] for one in told["left_out"]} == {"Lead number", "Status"}


def test_a_test_file_is_what_it_is_measured_on(tmp_path: Path) -> None:
    train, test = write(tmp_path / "a.csv"), write(tmp_path / "b.csv", seed=5, n=4_000)
    _, told = run(train, "--label", "Won", "--test", test, "--ignore", "Weather, Source")
    assert (told["evaluated_on"], told["evaluated"]) == ("the test file", 4_000)
    assert not any("Source" in one["criterion"] for one in told["criteria"])


def test_the_whole_recipe_is_cross_validated(tmp_path: Path) -> None:
    _, told = run(write(tmp_path / "leads.csv"), "--label", "Won", "--budget", "5", "--folds", "2")
    folds = told["cross_validated"]
    assert folds.keys() == {"folds", "auc", "pr_auc", "brier", "lift", "calibration_error"}
    assert folds["auc"] == pytest.approx(told["auc"], abs=0.05)


def test_in_words(tmp_path: Path) -> None:
    out = io.StringIO()
    call_command("learn_scorecard", str(write(tmp_path / "leads.csv")), "--label", "Won", stdout=out)
    assert "  Source is Referral  (" in out.getvalue()


def test_chance_is_refused_with_status_1(tmp_path: Path) -> None:
    status, told = run(write(tmp_path / "leads.csv", by_chance=True), "--label", "Won")
    assert (status, told["refused"]) == (1, "no_signal")


def test_too_few_are_refused_with_what_is_missing(tmp_path: Path) -> None:
    status, told = run(write(tmp_path / "leads.csv", n=120), "--label", "Won")
    assert (status, told["refused"]) == (1, "too_few")
    assert "80 more that are decided either way" in told["missing"]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--label", "Wonn"], "no column 'Wonn'"),
        (["--label", "Source"], "'Source' must say who won and who lost"),
        (["--label", "Won", "--ignore", "Nothing"], "no column 'Nothing'"),
        (["--label", "Won", "--budget", "0"], "--budget is between 1 and 100"),
        (["--label", "Won", "--folds", "1"], "--folds is between 2 and 20"),
    ],
)
def test_mistakes_say_what_to_write(tmp_path: Path, args: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        run(write(tmp_path / "leads.csv"), *args)


def test_files_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    sheet, empty = tmp_path / "leads.xlsx", tmp_path / "empty.csv"
    sheet.write_bytes(b"PK\x03\x04\0\0")
    empty.touch()
    for file, says in {
        tmp_path / "nothing.csv": "nothing.csv cannot be read: No such file",
        sheet: "leads.xlsx is not text; save the sheet as CSV", empty: "empty.csv has no rows",
    }.items():  # fmt: skip
        with pytest.raises(CommandError, match=says):
            run(file, "--label", "Won")


def test_dates_are_ages_from_the_moment(tmp_path: Path) -> None:
    chance = np.random.default_rng(2)
    lines = ["created,decided,result"]
    for row in range(2_000):
        age = int(chance.integers(0, 60))
        won = chance.random() < (0.7 if age < 20 else 0.2)
        start = np.datetime64("2025-01-01") + row % 300
        lines.append(f"{start},{start + age},{'won' if won else 'lost' if row % 50 else ''}")
    file = tmp_path / "dates.csv"
    file.write_text("\n".join(lines))
    _, told = run(file, "--label", "result", "--moment", "decided")
    assert told["undecided"] > 0
    assert told["criteria"][0]["criterion"].startswith("Days since created")


needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the measured data sets are not here: {SHARED}")


@needs_shared
def test_x_education_without_the_columns_written_later() -> None:
    written = "Tags,Lead Quality,Lead Profile,Last Notable Activity,Asymmetrique Activity Index,"
    written += "Asymmetrique Profile Index,Asymmetrique Activity Score,Asymmetrique Profile Score"
    kept = "What is your current occupation,What matters most to you in choosing a course"
    file = SHARED / "x_education" / "Leads.csv"
    _, told = run(file, "--label", "Converted", "--ignore", written, "--keep", kept, "--budget", "15")
    assert told["auc"] >= 0.885
    assert told["brier"] <= 0.131
    assert told["lift"] >= 2.45


@needs_shared
def test_leadforge() -> None:
    file = SHARED / "leadforge_sample" / "lead_snapshot_day30.csv"
    _, told = run(file, "--label", "converted_within_90_days", "--ignore", "total_touches_all,split")
    assert told["auc"] >= 0.64


@needs_shared
def test_maven_is_refused() -> None:
    file = SHARED / "maven_crm" / "sales_pipeline.csv"
    status, told = run(file, "--label", "deal_stage", "--ignore", "close_value,close_date")
    assert (status, told["refused"]) == (1, "no_signal")
