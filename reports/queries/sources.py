"""Which sources bring leads that buy, and what does a customer from there cost?"""

from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, Any

from leads.access import teams_with
from leads.enums import Label
from leads.statistics import Rate
from reports.figures import Figure, Report
from reports.models import SourceCost
from reports.queries.outcomes import closing_by, sums_by
from reports.scope import READ, Scope

GOOD = (Label.HOT, Label.WARM)


@dataclass(frozen=True)
class SourceOutcome:
    source: Annotated[str, Figure("Source", "The channel the leads came from. Empty: it is not known.")]
    leads: Annotated[int, Figure("Leads", "Leads created in the period.", behind="leads")]
    good: Annotated[
        Rate, Figure("Hot or Warm", "Leads with one of these labels when it mattered, of all.", behind="good")
    ]
    handed_off: Annotated[int, Figure("Handed off", "Leads handed off to sales.", behind="mql", aside=True)]
    accepted: Annotated[Rate, Figure("Accepted", "Accepted by sales, of those handed off.", behind="sal")]
    customers: Annotated[
        Rate, Figure("Customers", "With a won deal by now, however they got there, of the leads.", behind="customers")
    ]
    half: Annotated[
        int | None,
        Figure(
            "Half closed",
            "Days by which half of those who close had closed, leads still open counted as long as they were watched "
            "(Kaplan–Meier).", kind="days", behind="closed",
        ),
    ]  # fmt: skip
    average_deal: Annotated[
        float | None, Figure("Average deal", "Mean amount of the won deals that have one.", kind="money")
    ]
    priced: Annotated[int, Figure("Won deals with an amount", "The n of the average deal.", aside=True)]
    revenue: Annotated[float, Figure("Revenue", "Sum of their won deals.", kind="money", behind="customers")]
    cost: Annotated[
        float | None,
        Figure("Cost", "What was entered for the months of the period, a month in part by its days.", kind="money"),
    ]
    per_lead: Annotated[float | None, Figure("Cost of a lead", "Cost divided by leads.", kind="money", aside=True)]
    per_customer: Annotated[
        float | None, Figure("Cost of a customer", "Cost divided by customers so far.", kind="money")
    ]
    only: dict[str, str] = field(default_factory=dict)


def sources(scope: Scope, *, timed: bool = True) -> list[SourceOutcome]:
    """Most leads first. Five queries, three where they are not `timed`."""
    rows: dict[str, dict[str, Any]] = defaultdict(lambda: defaultdict(int))
    for row in sums_by(scope.tallies(), "source", "label"):
        group = rows[row["source"]]
        group["good"] += row["leads"] if row["label"] in GOOD else 0
        for name in ("leads", "mql", "sal", "customers", "priced", "value"):
            group[name] += row[name]
    closings, spent = closing_by(scope, "source") if timed else {}, costs(scope)
    for source in spent:
        rows[source]
    found = [_row(name, group, closings.get(name), spent.get(name)) for name, group in rows.items()]
    return sorted((row for row in found if row.leads or row.cost), key=lambda row: (-row.leads, row.source))


def costs(scope: Scope) -> dict[str, float]:
    """Source → what was spent in the period; of a month that is only in part in it, the part of its days."""
    first = scope.first.replace(day=1)
    rows = SourceCost.objects.filter(month__gte=first, month__lte=scope.last, team__in=teams_with(scope.user, READ))
    if scope.team:
        rows = rows.filter(team=scope.team)
    spent: dict[str, float] = defaultdict(float)
    for row in rows.filter(source=scope.source) if scope.source else rows:
        spent[row.source] += float(row.amount) * _part(row.month, scope)
    return dict(spent)


def _part(month: date, scope: Scope) -> float:
    days = monthrange(month.year, month.month)[1]
    last = month + timedelta(days=days - 1)
    return ((min(last, scope.last) - max(month, scope.first)).days + 1) / days


def _row(name: str, group: dict[str, Any], closed: Any, cost: float | None) -> SourceOutcome:
    leads, customers = group["leads"], group["customers"]
    return SourceOutcome(
        source=name, leads=leads, good=Rate(group["good"], leads), handed_off=group["mql"],
        accepted=Rate(group["sal"], group["mql"]), customers=Rate(customers, leads),
        half=closed.quantile(0.5) if closed else None,
        average_deal=float(group["value"]) / group["priced"] if group["priced"] else None,
        priced=group["priced"], revenue=float(group["value"]), cost=cost,
        per_lead=cost / leads if cost is not None and leads else None,
        per_customer=cost / customers if cost is not None and customers else None,
        only={"source": name or "none"},
    )  # fmt: skip


REPORT = Report(
    name="sources",
    title="Sources",
    about="Leads created in the period by the channel they came from: how many, how good, what it cost.",
    row=SourceOutcome,
    rows=sources,
)
