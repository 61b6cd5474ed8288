"""Where does it take long, and where do leads stay behind?"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Aggregate, Count, F, FloatField, Q
from django.utils import timezone

from leads.statistics import Rate
from reports.figures import Figure, Report
from reports.queries.outcomes import Days, sums
from reports.scope import Scope

# A lead is stuck when it waits longer than three quarters of those that went on took, and a week at least.
AT_LEAST = 7.0


class Quartiles(Aggregate):
    """The three quartiles, as PostgreSQL computes them: an array, or None of nothing."""

    function = "percentile_cont"
    template = "%(function)s(array[0.25,0.5,0.75]) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = ArrayField(FloatField())
    allow_distinct = False


@dataclass(frozen=True)
class Passage:
    step: Annotated[str, Figure("From one step to the next", "A step, and the one that follows it.")]
    passed: Annotated[
        Rate,
        Figure(
            "Went on",
            "Leads created in the period that reached the next step, of those that reached this one.",
            behind="next",
        ),
    ]
    quarter: Annotated[
        float | None, Figure("A quarter within", "Days in which a quarter of those that went on did.", kind="days")
    ]
    half: Annotated[float | None, Figure("Half within", "Days in which half of those that went on did.", kind="days")]
    three_quarters: Annotated[
        float | None,
        Figure("Three quarters within", "Days in which three quarters of those that went on did.", kind="days"),
    ]
    waiting: Annotated[
        int | None,
        Figure(
            "Still here",
            "Accepted leads without a deal, and opportunities that are open; handoffs that wait are in the queue.",
            behind="here",
        ),
    ]
    stuck: Annotated[
        int | None,
        Figure(
            "Stuck",
            "Of those still here: longer than three quarters of those that went on took, and longer than a week.",
            behind="stuck",
        ),
    ]  # fmt: skip
    only: dict[str, str] = field(default_factory=dict)


# name, this step, the next, the moments of both, who is still here
_STEPS = (
    ("Lead to handed off (MQL)", "leads", "mql", "created_at", "handed_at", None),
    ("Handed off to accepted (SAL)", "mql", "sal", "handed_at", "accepted_at", None),
    ("Accepted to opportunity (SQL)", "sal", "sql", "accepted_at", "opened_at", Q(sal=1, sql=0)),
    ("Opportunity to customer", "sql", "won_sql", "opened_at", "won_at", Q(open_sql=1)),
)  # fmt: skip
HERE = {this: (here, since) for _, this, _, since, _, here in _STEPS if here is not None}


def stages(scope: Scope) -> list[Passage]:
    """The four passages of the funnel. Three queries."""
    totals = sums(scope)
    took = scope.facts().filter(mql=1).aggregate(
        **{after: Quartiles(Days(F(end), F(start)), filter=Q(**{after: 1, f"{end}__gte": F(start)}))
           for _, _, after, start, end, _ in _STEPS}
    )  # fmt: skip
    limits = {this: stuck_after(took[after]) for _, this, after, *_ in _STEPS}
    still = scope.facts().filter(mql=1).aggregate(**_waiting(limits))
    return [_passage(step, totals, took, limits, still) for step in _STEPS]


def stuck_after(quartiles: list[float] | None) -> float:
    """In days."""
    return max(AT_LEAST, quartiles[2]) if quartiles else AT_LEAST


def _waiting(limits: dict[str, float]) -> dict[str, Any]:
    now = timezone.now()
    counts: dict[str, Any] = {}
    for this, (here, since) in HERE.items():
        late = Q(**{f"{since}__lte": now - timedelta(days=limits[this])})
        counts |= {f"{this}_here": Count("pk", filter=here), f"{this}_stuck": Count("pk", filter=here & late)}
    return counts


def _passage(step: Any, totals: Any, took: Any, limits: Any, still: Any) -> Passage:
    name, this, after, _, _, here = step
    days = took[after] or [None, None, None]
    return Passage(
        step=name, passed=Rate(totals[after], totals[this]), quarter=days[0], half=days[1], three_quarters=days[2],
        waiting=still[f"{this}_here"] if here is not None else None,
        stuck=still[f"{this}_stuck"] if here is not None else None,
        only={"at": this, "came": after, "days": f"{limits[this]:.1f}"},
    )  # fmt: skip


REPORT = Report(
    name="stages",
    title="Time between the steps",
    about="How long leads created in the period took from step to step, and who waits longer than usual.",
    row=Passage,
    rows=stages,
)
