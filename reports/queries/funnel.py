"""How far do leads come: lead → MQL → SAL → SQL → customer?"""

from dataclasses import dataclass, field
from typing import Annotated

from leads.statistics import Rate
from reports.figures import Figure, Report
from reports.queries.outcomes import sums
from reports.scope import Scope

STEPS = ("New leads", "Handed off (MQL)", "Accepted (SAL)", "Opportunity (SQL)", "Customer")
REACHED = ("leads", "mql", "sal", "sql", "won_sql")


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
    leads: Annotated[int, Figure("Leads", "Leads created in the period that came this far, up to now.", behind="leads")]
    of_previous: Annotated[Rate | None, Figure("Of previous", "Share of the leads of the step before.")]
    of_all: Annotated[Rate, Figure("Of all", "Share of all leads created in the period.")]
    only: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Funnel:
    """The steps, and what became of the opportunities of the fourth."""

    steps: list[Step]
    open: int
    lost: int
    another_way: int  # customers who were never accepted through a handoff

    @property
    def leak(self) -> int | None:
        """The place of the step that loses the largest part of what sales was handed; None: too few to say."""
        later = [at for at in range(2, len(self.steps)) if _share(self.steps[at]) is not None]
        return min(later, key=lambda at: _share(self.steps[at]) or 0.0, default=None)


def funnel(scope: Scope) -> Funnel:
    """Leads created in the period, followed until now. One query."""
    counted = sums(scope)
    return Funnel(
        steps=_steps([counted[name] for name in REACHED]),
        open=counted["open_sql"],
        lost=counted["sql"] - counted["won_sql"] - counted["open_sql"],
        another_way=counted["customers"] - counted["won_sql"],
    )


def _steps(reached: list[int]) -> list[Step]:
    previous = [None, *reached]
    return [
        Step(name, count, None if before is None else Rate(count, before), Rate(count, reached[0]), {"came": came})
        for name, count, before, came in zip(STEPS, reached, previous, REACHED, strict=False)
    ]


def _share(step: Step) -> float | None:
    return step.of_previous.share if step.of_previous else None


REPORT = Report(
    name="funnel",
    title="Funnel",
    about="Leads created in the period and how far they have come by now.",
    row=Step,
    rows=lambda scope: funnel(scope).steps,
)
