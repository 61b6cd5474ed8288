"""Which sources bring leads that buy, and what does a customer from there cost?"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, Any

from leads.statistics import Rate
from reports.figures import Figure, Report
from reports.models import SourceCost
from reports.queries.outcomes import EVERYBODY, closing_by, sums_by
from reports.scope import NONE, Scope
from reports.survival import Closing

# What is said of a source as of each of its campaigns (reports/queries/campaigns.py).
Leads = Annotated[int, Figure("Leads", "Leads created in the period.", behind="leads")]
Good = Annotated[Rate, Figure("Hot or Warm", "Leads with one of these labels when it mattered, of all.", behind="good")]
HandedOff = Annotated[int, Figure("Handed off", "Leads handed off to sales.", behind="mql", aside=True)]
Accepted = Annotated[Rate, Figure("Accepted", "Accepted by sales, of those handed off.", behind="sal")]
Customers = Annotated[
    Rate, Figure("Customers", "With a won deal by now, however they got there, of the leads.", behind="customers")
]
AverageDeal = Annotated[
    float | None, Figure("Average deal", "Mean amount of the won deals that have one.", kind="money", n="priced")
]
Priced = Annotated[int, Figure("Won deals with an amount", "The n of the average deal.", aside=True)]
Revenue = Annotated[float, Figure("Revenue", "Sum of their won deals.", kind="money", behind="customers")]
Cost = Annotated[
    float | None,
    Figure(
        "Cost",
        "What was entered for the months of the period, a month in part by its days. "
        "Empty where the report is about one model: it was spent on all leads.",
        kind="money",
    ),
]
PerLead = Annotated[float | None, Figure("Cost of a lead", "Cost divided by leads.", kind="money", aside=True)]
PerCustomer = Annotated[
    float | None, Figure("Cost of a customer", "Cost divided by customers so far.", kind="money")
]  # fmt: skip


@dataclass(frozen=True)
class SourceOutcome:
    source: Annotated[
        str, Figure("Source", "The channel the leads came from. Empty: it is not known.", behind="campaigns")
    ]
    leads: Leads
    good: Good
    handed_off: HandedOff
    accepted: Accepted
    customers: Customers
    half: Annotated[
        int | None,
        Figure(
            "Half closed",
            "Days by which half of those who close had closed, leads still open counted as long as they were watched "
            "(Kaplan–Meier).", kind="days", behind="closed",
        ),
    ]  # fmt: skip
    average_deal: AverageDeal
    priced: Priced
    revenue: Revenue
    cost: Cost
    per_lead: PerLead
    per_customer: PerCustomer
    only: dict[str, str] = field(default_factory=dict)


def sources(scope: Scope, *, timed: bool = True) -> list[SourceOutcome]:
    """Most leads first. Four queries, two where they are not `timed`."""
    return _each(scope, closing_by(scope, "source") if timed else {})


def sources_and_all(scope: Scope) -> tuple[list[SourceOutcome], SourceOutcome]:
    """The same, and all of them together. Four queries."""
    closings = closing_by(scope, "source")
    rows = _each(scope, closings)
    known = [row.cost for row in rows if row.cost is not None]
    group = {
        "leads": sum(row.leads for row in rows), "good": sum(row.good.k for row in rows),
        "mql": sum(row.handed_off for row in rows), "sal": sum(row.accepted.k for row in rows),
        "customers": sum(row.customers.k for row in rows), "value": sum(row.revenue for row in rows),
        "priced": sum(row.priced for row in rows),
    }  # fmt: skip
    half = closings[EVERYBODY].quantile(0.5) if EVERYBODY in closings else None
    return rows, SourceOutcome(source="All sources", half=half, **worth(group, sum(known) if known else None))


def _each(scope: Scope, closings: Mapping[Any, Closing]) -> list[SourceOutcome]:
    sums, spent = outcomes_by(scope, "source"), costs(scope, "source")
    found = [
        SourceOutcome(
            source=name, half=closings[name].quantile(0.5) if name in closings else None,
            only={"source": name or NONE}, **worth(sums.get((name,)), spent.get((name,))),
        )
        for (name,) in sums.keys() | spent.keys()
    ]  # fmt: skip
    return largest_first(found)


def outcomes_by(scope: Scope, *by: str) -> dict[tuple[str, ...], dict[str, Any]]:
    """What came of the leads of each group."""
    return {tuple(row[name] for name in by): row for row in sums_by(scope, *by)}


def worth(group: Mapping[str, Any] | None, cost: float | None) -> dict[str, Any]:
    """The figures of a source or campaign that are counted or divided."""
    group = group or defaultdict(int)
    leads, customers = group["leads"], group["customers"]
    return {
        "leads": leads, "good": Rate(group["good"], leads), "handed_off": group["mql"],
        "accepted": Rate(group["sal"], group["mql"]), "customers": Rate(customers, leads),
        "average_deal": float(group["value"]) / group["priced"] if group["priced"] else None,
        "priced": group["priced"], "revenue": float(group["value"]), "cost": cost,
        "per_lead": cost / leads if cost is not None and leads else None,
        "per_customer": cost / customers if cost is not None and customers else None,
    }  # fmt: skip


def largest_first(rows: list[Any]) -> list[Any]:
    """Most leads first; without what brought nobody and cost nothing."""
    return sorted((row for row in rows if row.leads or row.cost), key=lambda row: (-row.leads, *row.only.values()))


def costs(scope: Scope, *by: str) -> dict[tuple[str, ...], float]:
    """What was spent in the period, on each source or campaign; of a month that is only in part in it, its days.

    Nothing where leads are narrowed to a model: the money was spent on all of them.
    """
    if scope.model:
        return {}
    rows = scope.mine(SourceCost.objects.filter(month__range=(scope.first.replace(day=1), scope.last)))
    spent: dict[tuple[str, ...], float] = defaultdict(float)
    for row in rows.filter(source=scope.source) if scope.source else rows:
        spent[tuple(getattr(row, name) for name in by)] += float(row.amount) * _part(row.month, scope)
    return dict(spent)


def _part(month: date, scope: Scope) -> float:
    days = monthrange(month.year, month.month)[1]
    last = month + timedelta(days=days - 1)
    return ((min(last, scope.last) - max(month, scope.first)).days + 1) / days


REPORT = Report(
    name="sources",
    title="Sources",
    about="Leads created in the period by the channel they came from: how many, how good, what it cost.",
    row=SourceOutcome,
    rows=sources,
)
