"""How far do leads come: lead → MQL → SAL → SQL → customer?"""

from dataclasses import dataclass
from typing import Annotated

from django.db.models import Count, Q

from leads.statistics import Rate
from reports.figures import Figure, Report
from reports.queries.outcomes import ACCEPTED, CUSTOMER, HANDED_OFF, OPPORTUNITY, STILL_OPEN
from reports.scope import Scope

STEPS = ("New leads", "Handed off (MQL)", "Accepted (SAL)", "Opportunity (SQL)", "Customer")


@dataclass(frozen=True)
class Step:
    step: Annotated[
        str,
        Figure(
            "Step",
            "Each step counts the leads that also passed the ones before: handed off to sales, accepted by sales, "
            "a deal opened, a deal won.",
        ),
    ]
    leads: Annotated[int, Figure("Leads", "Leads created in the period that came this far, up to now.")]
    of_previous: Annotated[Rate | None, Figure("Of previous", "Share of the leads of the step before.")]
    of_all: Annotated[Rate, Figure("Of all", "Share of all leads created in the period.")]


@dataclass(frozen=True)
class Funnel:
    """The steps, and what became of the opportunities of the fourth."""

    steps: list[Step]
    open: int
    lost: int
    another_way: int  # customers who were never accepted through a handoff


def funnel(scope: Scope) -> Funnel:
    """Leads created in the period, followed until now. One query."""
    mql = Q(mql=True)
    sal, sql = mql & Q(sal=True), mql & Q(sal=True, sql=True)
    won = Q(won=True)
    counts = (
        scope.leads()
        .annotate(mql=HANDED_OFF, sal=ACCEPTED, sql=OPPORTUNITY, won=CUSTOMER, open=STILL_OPEN)
        .aggregate(
            leads=Count("pk"),
            mqls=Count("pk", filter=mql),
            sals=Count("pk", filter=sal),
            sqls=Count("pk", filter=sql),
            wons=Count("pk", filter=sql & won),
            opens=Count("pk", filter=sql & ~won & Q(open=True)),
            customers=Count("pk", filter=won),
        )
    )
    reached = [counts[name] for name in ("leads", "mqls", "sals", "sqls", "wons")]
    return Funnel(
        steps=_steps(reached),
        open=counts["opens"],
        lost=counts["sqls"] - counts["wons"] - counts["opens"],
        another_way=counts["customers"] - counts["wons"],
    )


def _steps(reached: list[int]) -> list[Step]:
    previous = [None, *reached]
    return [
        Step(name, count, None if before is None else Rate(count, before), Rate(count, reached[0]))
        for name, count, before in zip(STEPS, reached, previous, strict=False)
    ]


REPORT = Report(
    name="funnel",
    title="Funnel",
    about="Leads created in the period and how far they have come by now.",
    row=Step,
    rows=lambda scope: funnel(scope).steps,
)
