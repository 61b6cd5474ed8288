"""Why does sales say no?"""

from dataclasses import dataclass, field
from typing import Annotated

from django.db.models import Count

from leads.models import Feedback
from leads.statistics import Rate
from reports.figures import Figure, Report
from reports.scope import Scope


@dataclass(frozen=True)
class ReasonGiven:
    reason: Annotated[str, Figure("Reason", "What sales chose from the list of reasons.")]
    given: Annotated[
        Rate,
        Figure(
            "Given", "Rejections of handoffs opened in the period with that reason, of all rejections.",
            behind="rejected",
        ),
    ]  # fmt: skip
    only: dict[str, str] = field(default_factory=dict)


def rejection_reasons(scope: Scope) -> list[ReasonGiven]:
    """The most frequent first. One query."""
    rejections = Feedback.objects.filter(handoff__in=scope.handoffs(), verdict=Feedback.REJECTED)
    counted = list(
        rejections.values_list("reason__label", "reason")
        .annotate(count=Count("pk"))
        .order_by("-count", "reason__label")
    )
    total = sum(count for *_, count in counted)
    return [ReasonGiven(label, Rate(count, total), {"reason": slug}) for label, slug, count in counted]


REPORT = Report(
    name="reasons",
    title="Reasons for rejection",
    about="What sales answered when it rejected handoffs opened in the period.",
    row=ReasonGiven,
    rows=rejection_reasons,
)
