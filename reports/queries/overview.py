"""How are we doing, against the period before?"""

from dataclasses import dataclass
from typing import Annotated

from django.db.models import Count

from leads.medians import Median
from leads.statistics import Rate
from reports.columns import Rows, accepted, answered, handoffs, median
from reports.figures import Figure, Report
from reports.queries.outcomes import sums, won
from reports.scope import Scope


@dataclass(frozen=True)
class Overview:
    leads: Annotated[int, Figure("New leads", "Leads created in the period.", behind="leads")]
    lead_to_customer: Annotated[
        Rate,
        Figure(
            "Lead to customer", "Leads created in the period that have a won deal by now, however they got there.",
            behind="customers",
        ),
    ]  # fmt: skip
    days_to_close: Annotated[
        float | None,
        Figure(
            "Median time to close",
            "Days from the lead's creation to the day its first deal was won: half of the customers took less.",
            kind="days", behind="closed",
        ),
    ]  # fmt: skip
    average_deal: Annotated[
        float | None,
        Figure(
            "Average deal",
            "Mean amount of the won deals of leads created in the period; deals without an amount are left out.",
            kind="money", behind="customers",
        ),
    ]  # fmt: skip
    closed: Annotated[
        int,
        Figure(
            "Customers with a day", "The n of the time to close: customers whose deal has a day on which it was won."
        ),
    ]
    priced_deals: Annotated[int, Figure("Won deals with an amount", "The n of the average deal.")]
    revenue: Annotated[
        float,
        Figure("Revenue", "Sum of the won deals of leads created in the period.", kind="money", behind="customers"),
    ]
    accepted: Annotated[
        Rate,
        Figure(
            "Accepted by sales", "Handoffs opened in the period: accepted, of those accepted or rejected.",
            behind="accepted",
        ),
    ]  # fmt: skip
    hours_to_decide: Annotated[
        float | None,
        Figure(
            "Median time to decide", "Working hours from handoff to answer, of handoffs opened in the period.",
            kind="hours", behind="answered",
        ),
    ]  # fmt: skip
    decided: Annotated[int, Figure("Answers", "Handoffs opened in the period with an answer: the n of time to decide.")]


def overview(scope: Scope, rows: Rows | None = None) -> Overview:
    """The key figures of a period. Three queries, two where the `rows` of its handoffs are there already."""
    rows = handoffs(scope) if rows is None else rows
    leads = sums(scope)
    took = won(scope.facts()).aggregate(median=Median("took"), n=Count("pk"))
    return Overview(
        leads=leads["leads"],
        lead_to_customer=Rate(leads["customers"], leads["leads"]),
        days_to_close=took["median"],
        average_deal=float(leads["value"]) / leads["priced"] if leads["priced"] else None,
        closed=took["n"],
        priced_deals=leads["priced"],
        revenue=float(leads["value"]),
        accepted=accepted(rows),
        hours_to_decide=median(rows["hours"]),
        decided=int(answered(rows).sum()),
    )


REPORT = Report(
    name="overview",
    title="Overview",
    about="The key figures of the period.",
    row=Overview,
    rows=lambda scope: [overview(scope)],
)
