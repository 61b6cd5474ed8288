"""How are we doing, against the period before?"""

from dataclasses import dataclass
from typing import Annotated, Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import Extract

from leads.enums import DealState, HandoffState
from leads.medians import Median
from leads.models import Deal
from leads.statistics import Rate
from reports.figures import Figure, Report
from reports.queries.handoffs import answered
from reports.queries.outcomes import CUSTOMER
from reports.scope import Scope

SECONDS_OF_A_DAY = 86_400


@dataclass(frozen=True)
class Overview:
    leads: Annotated[int, Figure("New leads", "Leads created in the period.")]
    lead_to_customer: Annotated[
        Rate,
        Figure("Lead to customer", "Leads created in the period that have a won deal by now, however they got there."),
    ]
    days_to_close: Annotated[
        float | None,
        Figure("Median time to close", "Days from the lead's creation to the day its deal was won: half took less."),
    ]
    average_deal: Annotated[
        float | None,
        Figure(
            "Average deal",
            "Mean amount of the won deals of leads created in the period; deals without an amount are left out.",
        ),
    ]
    won_deals: Annotated[int, Figure("Won deals", "Won deals of leads created in the period: the n of time to close.")]
    priced_deals: Annotated[int, Figure("Won deals with an amount", "The n of the average deal.")]
    accepted: Annotated[
        Rate, Figure("Accepted by sales", "Handoffs opened in the period: accepted, of those accepted or rejected.")
    ]
    hours_to_decide: Annotated[
        float | None,
        Figure("Median time to decide", "Working hours from handoff to answer, of handoffs opened in the period."),
    ]
    decided: Annotated[int, Figure("Answers", "Handoffs opened in the period with an answer: the n of time to decide.")]


def overview(scope: Scope) -> Overview:
    """The key figures of a period. Four queries."""
    leads = scope.leads().annotate(won=CUSTOMER).aggregate(n=Count("pk"), k=Count("pk", filter=Q(won=True)))
    deals = _won_deals(scope)
    answers = scope.handoffs().aggregate(
        accepted=Count("pk", filter=Q(state=HandoffState.ACCEPTED)),
        rejected=Count("pk", filter=Q(state=HandoffState.REJECTED)),
    )
    hours = answered(scope).aggregate(median=Median("hours_taken"), n=Count("pk"))
    return Overview(
        leads=leads["n"],
        lead_to_customer=Rate(leads["k"], leads["n"]),
        days_to_close=deals["seconds"] / SECONDS_OF_A_DAY if deals["seconds"] is not None else None,
        average_deal=float(deals["mean"]) if deals["mean"] is not None else None,
        won_deals=deals["closed"],
        priced_deals=deals["priced"],
        accepted=Rate(answers["accepted"], answers["accepted"] + answers["rejected"]),
        hours_to_decide=hours["median"],
        decided=hours["n"],
    )


def _won_deals(scope: Scope) -> dict[str, Any]:
    took = ExpressionWrapper(F("closed_at") - F("lead__created_at"), output_field=DurationField())
    won = Deal.objects.filter(lead__in=scope.leads(), state=DealState.WON)
    return won.aggregate(
        seconds=Median(Extract(took, "epoch")), mean=Avg("amount"), closed=Count("closed_at"), priced=Count("amount")
    )


REPORT = Report(
    name="overview",
    title="Overview",
    about="The key figures of the period.",
    row=Overview,
    rows=lambda scope: [overview(scope)],
)
