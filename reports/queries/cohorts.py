"""Does each month's leads come further than those of the months before?"""

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

from leads.statistics import Rate
from reports.figures import Figure, Report
from reports.queries.outcomes import sums_by
from reports.scope import Scope


@dataclass(frozen=True)
class Cohort:
    month: Annotated[date, Figure("Month", "The month in which the leads were created.", kind="month")]
    leads: Annotated[
        int, Figure("Leads", "Leads created in that month, as far as it lies in the period.", behind="leads")
    ]
    mql: Annotated[Rate, Figure("Handed off", "Handed off to sales, of the leads.", behind="mql")]
    sal: Annotated[Rate, Figure("Accepted", "Accepted by sales, of those handed off.", behind="sal")]
    sql: Annotated[Rate, Figure("Opportunity", "With a deal, of those accepted.", behind="sql")]
    won: Annotated[Rate, Figure("Won", "With a won deal, of the opportunities.", behind="won_sql")]
    customers: Annotated[
        Rate, Figure("Customers", "With a won deal by now, however they got there, of the leads.", behind="customers")
    ]
    revenue: Annotated[float, Figure("Revenue", "Sum of their won deals.", kind="money", behind="customers")]
    only: dict[str, str] = field(default_factory=dict)


def cohorts(scope: Scope) -> list[Cohort]:
    """The earliest month first. One query."""
    rows = sorted(sums_by(scope, "month"), key=lambda row: row["month"])
    return [
        Cohort(
            month=row["month"], leads=row["leads"], mql=Rate(row["mql"], row["leads"]),
            sal=Rate(row["sal"], row["mql"]), sql=Rate(row["sql"], row["sal"]), won=Rate(row["won_sql"], row["sql"]),
            customers=Rate(row["customers"], row["leads"]), revenue=float(row["value"]),
            only={"month": f"{row['month']:%Y-%m}"},
        )
        for row in rows if row["leads"]
    ]  # fmt: skip


REPORT = Report(
    name="cohorts",
    title="Funnel by month",
    about="Leads by the month in which they were created, and how far those of each month have come by now.",
    row=Cohort,
    rows=cohorts,
)
