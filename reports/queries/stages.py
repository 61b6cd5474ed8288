"""Where does it take long, and where do leads stay behind?"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
from django.db.models import F, Q, Value
from django.utils import timezone
from numpy.typing import NDArray

from leads.statistics import Rate
from reports.figures import Figure, Report
from reports.joined import Joined, fetched, in_days, moments, sent_moment
from reports.queries.outcomes import sums
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
_STEPS: tuple[tuple[str, str, str, str, str, dict[str, int]], ...] = (
    ("Lead to handed off (MQL)", "leads", "mql", "created_at", "handed_at", {}),
    ("Handed off to accepted (SAL)", "mql", "sal", "handed_at", "accepted_at", {}),
    ("Accepted to opportunity (SQL)", "sal", "sql", "accepted_at", "opened_at", {"sal": 1, "sql": 0}),
    ("Opportunity to customer", "sql", "won_sql", "opened_at", "won_at", {"open_sql": 1}),
)
HERE = {this: (Q(**here), since) for _, this, _, since, _, here in _STEPS if here}
_REACHED = ("sal", "sql", "won_sql", "open_sql")
# Which of these a lead reached, as one number: to group by one takes half as long as to group by four.
_FAR = sum((F(name) * 2**at for at, name in enumerate(_REACHED)), Value(0))
_MOMENTS = ("created_at", "handed_at", "accepted_at", "opened_at", "won_at")
# How far some leads came, and the moments at which each of them did, in days.
_Alike = tuple[dict[str, int], dict[str, NDArray[np.float64]]]


def stages(scope: Scope) -> list[Passage]:
    """The four passages of the funnel. Two queries."""
    totals, leads, now = sums(scope), _handed_off(scope), in_days(timezone.now())
    return [_passage(step, totals, leads, now) for step in _STEPS]


def _handed_off(scope: Scope) -> list[_Alike]:
    """Leads handed off, those that came equally far together."""
    alike = scope.facts().filter(mql=1).order_by().annotate(far=_FAR).values("far")
    rows = alike.annotate(**{moment: Joined(sent_moment(moment)) for moment in _MOMENTS})
    return [
        (
            {"mql": 1} | {name: far >> at & 1 for at, name in enumerate(_REACHED)},
            {name: moments(joined) for name, joined in zip(_MOMENTS, each, strict=True)},
        )
        for far, *each in fetched(rows.values_list("far", *_MOMENTS))
    ]


def stuck_after(quartiles: list[float] | None) -> float:
    """In days and tenths, as the address of those it counts has it. None: too few went on to say what is usual."""
    return max(AT_LEAST, round(quartiles[2], 1)) if quartiles else AT_LEAST


def _passage(step: Any, totals: Any, leads: list[_Alike], now: float) -> Passage:
    name, this, after, start, end, here = step
    took = _days(at[end] - at[start] for reached, at in leads if reached[after])
    took = took[took >= 0]
    quartiles = np.quantile(took, (0.25, 0.5, 0.75)).tolist() if len(took) >= FEWEST else None
    waited = _days(now - at[start] for reached, at in leads if here.items() <= reached.items())
    limit = stuck_after(quartiles)
    quarter, half, three_quarters = quartiles or (None, None, None)
    return Passage(
        step=name, passed=Rate(totals[after], totals[this]), quarter=quarter, half=half, three_quarters=three_quarters,
        waiting=len(waited) if here else None,
        stuck=int((waited >= limit).sum()) if here else None,
        only={"at": this, "came": after, "days": str(limit)},
    )  # fmt: skip


def _days(parts: Iterable[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate([np.zeros(0), *parts])


REPORT = Report(
    name="stages",
    title="Time between the steps",
    about="How long leads created in the period took from step to step, and who waits longer than usual.",
    row=Passage,
    rows=stages,
)
