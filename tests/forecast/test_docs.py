"""docs/forecast.md says what the code says."""

from pathlib import Path

import pytest

from reports.forecast.page import TABLES

DOCS = (Path(__file__).parents[2] / "docs" / "forecast.md").read_text()


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_figure_is_defined_as_it_is_shown(table):
    section = DOCS.split(f"\n## {table.title}\n")[1].split("\n## ")[0]
    rows = [tuple(line.strip("| ").split(" | ")) for line in section.splitlines() if line.startswith("| ")]
    assert f"`{table.name}`: {table.about}" in section
    assert rows[1:] == [(figure.heading, figure.means) for figure in table.figures.values()]
