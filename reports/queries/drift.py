"""Do new leads meet the criteria as often as those before them did?"""

from dataclasses import dataclass
from typing import Annotated

from leads.statistics import Rate
from reports.figures import Figure, Report
from reports.scope import Scope
from scoring.findings import drift
from scoring.models import Health

SHOWN = 12


@dataclass(frozen=True)
class Drifted:
    criterion: Annotated[str, Figure("Criterion", "A criterion on fit of a model that is live.")]
    model: Annotated[str, Figure("Model", "The model it is of.")]
    now: Annotated[Rate, Figure("Now", "New leads of the last 30 days that meet it, of all that were scored.")]
    before: Annotated[Rate, Figure("Before", "The same of the 90 days before these.")]
    gap: Annotated[
        float | None, Figure("Change", "The share now minus the share before. Empty: too few to say.", kind="gap")
    ]
    low: Annotated[float | None, Figure("Change: low", "Low end of its 95 % interval (Newcombe).", aside=True)]
    high: Annotated[float | None, Figure("Change: high", "High end of it.", aside=True)]


def drifted(scope: Scope) -> list[Drifted]:
    """The largest change first, at most 12. Of all teams, now: a model is not of a team. One query."""
    rows = Health.objects.select_related("model").order_by("model")
    found = [
        Drifted(
            criterion=moved.name, model=health.model.name, now=moved.now, before=moved.before,
            gap=moved.change if moved.interval else None, low=moved.interval.low if moved.interval else None,
            high=moved.interval.high if moved.interval else None,
        )
        for health in (rows.filter(model=scope.model) if scope.model else rows) for moved in drift(health)
    ]  # fmt: skip
    return sorted(found, key=lambda row: (-abs(row.gap or 0), row.model, row.criterion))[:SHOWN]


REPORT = Report(
    name="drift",
    title="Drift of criteria",
    about="Criteria on fit that new leads meet more or less often than those before; of all teams, as of now.",
    row=Drifted,
    rows=drifted,
)
