"""What did sales do with what it was handed, by label?"""

from dataclasses import dataclass
from typing import Annotated, Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from leads.enums import HandoffState, Label
from leads.medians import Median
from leads.models import Handoff
from leads.statistics import Rate
from reports.figures import Figure, Report
from reports.scope import Scope

ANSWERED = (HandoffState.ACCEPTED, HandoffState.REJECTED)


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
            kind="hours", behind="answered",
        ),
    ]  # fmt: skip

    @property
    def only(self) -> dict[str, str]:
        return {"label": self.label or "none"}


def handoffs_by_label(scope: Scope) -> list[LabelHandoffs]:
    """Best label first, those without a label last. Two queries."""
    now = timezone.now()
    counted = (
        scope.handoffs()
        .values("label")
        .annotate(
            handed_off=Count("pk"),
            accepted=Count("pk", filter=Q(state=HandoffState.ACCEPTED)),
            rejected=Count("pk", filter=Q(state=HandoffState.REJECTED)),
            recycled=Count("pk", filter=Q(state=HandoffState.RECYCLED)),
            waiting=Count("pk", filter=Q(state=HandoffState.OPEN)),
            late=Count("pk", filter=Q(state=HandoffState.OPEN, due_at__lte=now)),
        )
        .order_by()
    )
    rows: dict[str, Any] = {row["label"]: row for row in counted}
    hours = hours_to_decide(scope)
    return [_row(rows[label], hours.get(label)) for label in (*Label.values, "") if label in rows]


def hours_to_decide(scope: Scope) -> dict[str, float]:
    """The median of the working hours an answer took, by label."""
    return dict(answered(scope).order_by().values_list("label").annotate(median=Median("hours_taken")))


def answered(scope: Scope) -> QuerySet[Handoff]:
    """Those with an answer. Recycled handoffs count: they were looked at."""
    return scope.handoffs().filter(hours_taken__isnull=False).exclude(state=HandoffState.EXPIRED)


def _row(counts: dict[str, Any], hours: float | None) -> LabelHandoffs:
    return LabelHandoffs(
        label=counts["label"],
        handed_off=counts["handed_off"],
        accepted=Rate(counts["accepted"], counts["accepted"] + counts["rejected"]),
        rejected=counts["rejected"],
        recycled=counts["recycled"],
        waiting=counts["waiting"],
        late=counts["late"],
        hours_to_decide=hours,
    )


REPORT = Report(
    name="handoffs",
    title="Handoffs by label",
    about="Handoffs opened in the period and what sales answered.",
    row=LabelHandoffs,
    rows=handoffs_by_label,
)
