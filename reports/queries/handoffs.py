"""What did sales do with what it was handed, by label?"""

from dataclasses import dataclass
from typing import Annotated

from leads.enums import HandoffState, Label
from leads.statistics import Rate
from reports.columns import Rows, accepted, answered, handoffs, in_state, labelled, late, median, picked
from reports.figures import Figure, Report
from reports.scope import NONE, Scope


@dataclass(frozen=True)
class LabelHandoffs:
    label: Annotated[str, Figure("Label", "The label on the day of the handoff. Empty: not scored then.", kind="label")]
    handed_off: Annotated[int, Figure("Handed off", "Handoffs opened in the period.", behind="handoffs")]
    accepted: Annotated[
        Rate, Figure("Accepted", "Accepted by sales, of those accepted or rejected.", behind="accepted")
    ]
    rejected: Annotated[int, Figure("Rejected", "Rejected by sales, with a reason.", behind="rejected")]
    recycled: Annotated[
        int, Figure("Recycled", "Put to rest until a later day: neither accepted nor rejected.", behind="recycled")
    ]
    waiting: Annotated[int, Figure("Waiting", "Still open.", behind="waiting")]
    late: Annotated[int, Figure("Late", "Still open although the promised time to answer has passed.", behind="late")]
    hours_to_decide: Annotated[
        float | None,
        Figure(
            "Median time to decide",
            "Working hours, by the calendar of the team, from handoff to answer: half of the answers took less.",
            kind="hours", behind="answered", n="answers",
        ),
    ]  # fmt: skip
    answers: Annotated[int, Figure("Answers", "The n of time to decide.", behind="answered", aside=True)]

    @property
    def only(self) -> dict[str, str]:
        return {"label": self.label or NONE}


def handoffs_by_label(scope: Scope, rows: Rows | None = None) -> list[LabelHandoffs]:
    """Best label first, those without a label last. One query, none where the `rows` of the range are there already."""
    rows = handoffs(scope) if rows is None else rows
    return [_row(label, part) for label in (*Label.values, "") if len(part := picked(rows, labelled(rows, label)))]


def _row(label: str, rows: Rows) -> LabelHandoffs:
    return LabelHandoffs(
        label=label,
        handed_off=len(rows),
        accepted=accepted(rows),
        rejected=int(in_state(rows, HandoffState.REJECTED).sum()),
        recycled=int(in_state(rows, HandoffState.RECYCLED).sum()),
        waiting=int(in_state(rows, HandoffState.OPEN).sum()),
        late=int(late(rows).sum()),
        hours_to_decide=median(rows["hours"]),
        answers=int(answered(rows).sum()),
    )


REPORT = Report(
    name="handoffs",
    title="Handoffs by label",
    about="Handoffs opened in the period and what sales answered.",
    row=LabelHandoffs,
    rows=handoffs_by_label,
)
