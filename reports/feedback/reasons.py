"""Why does sales say no, and which criterion had promised otherwise?"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Annotated

from django.db.models import BooleanField, Case, Count, When

from leads.models import Feedback
from leads.statistics import Rate
from reports.figures import Figure, Report
from reports.scope import Scope

SHOWN = 3


@dataclass(frozen=True)
class Reason:
    reason: Annotated[str, Figure("Reason", "What sales chose from the list of reasons.")]
    given: Annotated[
        Rate, Figure("Given", "Rejections of handoffs opened in the period with that reason, of all rejections.")
    ]
    before: Annotated[Rate, Figure("Given before", "The same in the period before.")]
    misled_by: Annotated[
        str, Figure("Misled by", "The criteria sales named most often as what misled, with how often; at most three.")
    ]


def reasons_given(scope: Scope) -> list[Reason]:
    """The most frequent first. One query."""
    now = Case(When(opened_at__gte=scope.span[0], then=True), default=False, output_field=BooleanField())
    rejections = scope.with_before().filter(feedback__verdict=Feedback.REJECTED).annotate(now=now)
    said = rejections.values_list("feedback__reason__label", "feedback__misled_by", "now")
    counted = said.annotate(Count("feedback"))
    given: dict[tuple[str, bool], int] = defaultdict(int)
    named: dict[str, dict[str, int]] = defaultdict(dict)
    totals: dict[bool, int] = defaultdict(int)
    for reason, misled_by, period, count in counted.order_by():
        given[reason, period] += count
        totals[period] += count
        if period and misled_by:
            named[reason][misled_by] = count
    reasons = sorted({reason for reason, period in given if period}, key=lambda reason: (-given[reason, True], reason))
    return [
        Reason(
            reason=reason,
            given=Rate(given[reason, True], totals[True]),
            before=Rate(given[reason, False], totals[False]),
            misled_by=_most(named[reason]),
        )
        for reason in reasons
    ]


def _most(named: dict[str, int]) -> str:
    """Asked for pricing (12), Manager (3)."""
    most = sorted(named, key=lambda name: (-named[name], name))[:SHOWN]
    return ", ".join(f"{name} ({named[name]:,})" for name in most)


REPORT = Report(
    name="reasons",
    title="Reasons given",
    about="What sales answered when it rejected, and what it says misled.",
    row=Reason,
    rows=reasons_given,
)
