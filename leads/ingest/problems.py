"""What could not be taken as it was: for the page, and as a file to correct and import again."""

from collections.abc import Iterable, Iterator
from typing import Any

from leads.models import Import, ImportProblem

MOST_KINDS = 8
SHOWN_LINES = 5


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


def problem_lines(job: Import) -> tuple[list[str], Iterator[list[str]]]:
    """(head, lines): every problem with its line, column, value, what to do, and the cells of its row as they came."""
    head = ["Line", "What happened", "Column", "Value", "What to do", *job.columns]
    rows = job.problems.iterator(chunk_size=1000)
    return head, (
        [str(row.line), row.get_outcome_display(), row.column, row.value, row.message, *row.row] for row in rows
    )
