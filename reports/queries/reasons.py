"""Why does sales say no?"""

from dataclasses import dataclass, field
from typing import Annotated

from leads.enums import HandoffState
from leads.models import RejectionReason
from leads.statistics import Rate
from reports.columns import Rows, counted, handoffs, in_state, picked, words
from reports.figures import Figure, Report
from reports.scope import Scope

# What is said of a reason here and among the feedback (reports/feedback/reasons.py).
Chosen = Annotated[str, Figure("Reason", "What sales chose from the list of reasons.")]
Given = Annotated[
    Rate,
    Figure(
        "Given", "Rejections of handoffs opened in the period with that reason, of all rejections.", behind="rejected"
    ),
]


@dataclass(frozen=True)
class ReasonGiven:
    reason: Chosen
    given: Given
    only: dict[str, str] = field(default_factory=dict)


def rejection_reasons(scope: Scope, rows: Rows | None = None) -> list[ReasonGiven]:
    """The most frequent first. Three queries, two where the `rows` of the range are there already."""
    rows = handoffs(scope) if rows is None else rows
    rejected = picked(rows, in_state(rows, HandoffState.REJECTED))
    given = counted(rejected["reason"])
    slugs, labels = words(given), dict(RejectionReason.objects.values_list("slug", "label"))
    found = [
        ReasonGiven(labels.get(slugs[word], ""), Rate(count, len(rejected)), {"reason": slugs[word]})
        for word, count in given.items()
    ]
    return sorted(found, key=lambda row: (-row.given.k, row.reason, row.only["reason"]))


REPORT = Report(
    name="reasons",
    title="Reasons for rejection",
    about="What sales answered when it rejected handoffs opened in the period.",
    row=ReasonGiven,
    rows=rejection_reasons,
)
