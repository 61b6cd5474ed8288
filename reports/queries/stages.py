"""Where does it take long, and where do leads stay behind?"""

from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
from django.db.models import Count, DateTimeField, F, Q, Value
from django.utils import timezone

from leads.medians import Numbers, numbers
from leads.statistics import Rate
from reports.figures import Figure, Report
from reports.queries.outcomes import Days, sums
from reports.scope import Scope
from reports.survival import FEWEST

# A lead is stuck when it waits longer than three quarters of those that went on took, and a week at least.
AT_LEAST = 7.0


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
        float | None,
        Figure(
            "A quarter within", "Days in which a quarter of those that went on did. Empty: fewer than 10.", kind="days"
        ),
    ]
    half: Annotated[
        float | None,
        Figure("Half within", "Days in which half of those that went on did. Empty: fewer than 10.", kind="days"),
    ]
    three_quarters: Annotated[
        float | None,
        Figure(
            "Three quarters within",
            "Days in which three quarters of those that went on did. Empty: fewer than 10.",
            kind="days",
        ),
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
            "Of those still here: longer than three quarters of those that went on took (where 10 did), and a week.",
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
    """The four passages of the funnel. Two queries."""
    totals, days = sums(scope), _days(scope)
    return [_passage(step, totals, days) for step in _STEPS]


def _days(scope: Scope) -> dict[str, Any]:
    """How long each passage took those that went on (`mql`, …); of those still here how many, and since how long."""
    asked: dict[str, Any] = {}
    for _, this, after, start, end, here in _STEPS:
        went_on = Q(**{after: 1, f"{end}__gte": F(start)})
        asked[f"took_{after}"] = Numbers(Days(F(end), F(start)), filter=went_on)
        if here is not None:
            asked[f"here_{this}"] = Count("pk", filter=here)
            asked[f"since_{this}"] = Numbers(Days(Value(timezone.now(), DateTimeField()), F(start)), filter=here)
    return scope.facts().filter(mql=1).aggregate(**asked)


def stuck_after(quartiles: list[float] | None) -> float:
    """In days. None: too few went on to say what is usual."""
    return max(AT_LEAST, quartiles[2]) if quartiles else AT_LEAST


def _passage(step: Any, totals: Any, days: dict[str, Any]) -> Passage:
    name, this, after, _, _, here = step
    took = numbers(days[f"took_{after}"])
    quartiles = np.quantile(took, (0.25, 0.5, 0.75)).tolist() if len(took) >= FEWEST else None
    limit = stuck_after(quartiles)
    quarter, half, three_quarters = quartiles or (None, None, None)
    return Passage(
        step=name, passed=Rate(totals[after], totals[this]), quarter=quarter, half=half, three_quarters=three_quarters,
        waiting=None if here is None else days[f"here_{this}"],
        stuck=None if here is None else int((numbers(days[f"since_{this}"]) >= limit).sum()),
        only={"at": this, "came": after, "days": f"{limit:.1f}"},
    )  # fmt: skip


REPORT = Report(
    name="stages",
    title="Time between the steps",
    about="How long leads created in the period took from step to step, and who waits longer than usual.",
    row=Passage,
    rows=stages,
)
