"""What publishing the draft would change, as its preview has counted it: to be read right before it is done."""

from dataclasses import dataclass
from datetime import datetime

from scoring.capacity import SalesCapacity, sales_capacity
from scoring.models import Preview, PreviewStage, ScoringModel
from scoring.preview import job


@dataclass(frozen=True)
class Consequences:
    """Leads of all teams that would get another label (of them `up` a better one) or another grade.

    `hot`: leads a week that become Hot, by the live version (None where nothing is live) and by the draft.
    """

    leads: int
    labels: int
    up: int
    grades: int
    hot: tuple[float | None, float]
    capacity: SalesCapacity
    facts_at: datetime

    @property
    def down(self) -> int:
        return self.labels - self.up


def consequences(model: ScoringModel) -> Consequences | None:
    """From the cached preview; None where nobody has counted the draft as it is, beside what is live now."""
    last = model.previews.filter(stage=PreviewStage.DONE).order_by("-pk").first()
    return _told(last) if last and job.current(last) else None


def _told(preview: Preview) -> Consequences:
    moves, weekly = preview.result["moves"], preview.result["weekly"]
    return Consequences(
        leads=moves["leads"], labels=moves["up"] + moves["down"], up=moves["up"],
        grades=sum(leads for was, then, leads in moves["grades"] if was != then),
        hot=(weekly["live"], weekly["draft"]), capacity=sales_capacity(), facts_at=preview.facts_at,
    )  # fmt: skip
