"""docs/metrics.md says what the code says."""

from pathlib import Path

import pytest

from reports.queries import REPORTS

DOCS = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()


def documented(title):
    section = DOCS.split(f"\n## {title}\n")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return section, [tuple(row) for row in rows[1:]]


@pytest.mark.parametrize("report", REPORTS.values(), ids=lambda report: report.name)
def test_every_definition_is_documented_as_it_is_shown(report):
    section, rows = documented(report.title)
    assert f"`{report.name}`: {report.about}" in section
    assert rows == [(figure.heading, figure.means) for figure in report.figures.values()]


def test_no_report_is_documented_that_is_not_there():
    assert {line[3:] for line in DOCS.splitlines() if line.startswith("## ")} == {
        report.title for report in REPORTS.values()
    }
