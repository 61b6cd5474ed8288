"""What could not be taken as it was: for the page, and as a file to correct and import again."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from leads.models import Import, ImportProblem

MOST_KINDS = 8
SHOWN_LINES = 5
# A spreadsheet would run a cell that begins with one of these.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def problem_kinds(problems: Iterable[ImportProblem]) -> list[dict[str, Any]]:
    """Problems of one kind together: what happens, how often, the first lines. Skipped rows first, then most rows."""
    kinds: dict[tuple[str, str, str], list[ImportProblem]] = {}
    for problem in problems:
        kinds.setdefault((problem.outcome, problem.column, problem.message), []).append(problem)
    worst_first = sorted(kinds.items(), key=lambda kind: (kind[0][0] != ImportProblem.REJECTED, -len(kind[1])))
    return [
        {
            "outcome": outcome,
            "column": column,
            "message": message,
            "count": len(same),
            "lines": [problem.line for problem in same[:SHOWN_LINES]],
            "value": same[0].value,
        }
        for (outcome, column, message), same in worst_first[:MOST_KINDS]
    ]


def problems_csv(job: Import) -> Iterator[str]:
    """Every problem with its line, column, value, what to do, and the cells of the row as they came; line by line."""
    yield _line(["Line", "What happened", "Column", "Value", "What to do", *job.columns])
    for problem in job.problems.iterator(chunk_size=1000):
        said = [str(problem.line), problem.get_outcome_display(), problem.column, problem.value, problem.message]
        yield _line([*said, *problem.row])


def neutral(cell: str) -> str:
    """The cell so that a spreadsheet shows it and does not run it."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([neutral(cell) for cell in cells])
    return buffer.getvalue()
