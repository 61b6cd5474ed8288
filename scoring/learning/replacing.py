"""What a learned card would take the place of: a draft that people worked on since it was published."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError

from leads.conditions.vocabulary import Vocabulary
from scoring.diff import Difference, differences
from scoring.engine.definition import freeze, load
from scoring.models import ScoringModel, Version


@dataclass(frozen=True)
class Unpublished:
    """How the draft of `model` differs from what is live of it; from nothing, where nothing is (`since` is None)."""

    model: ScoringModel
    since: Version | None
    lost: list[Difference]

    @property
    def words(self) -> str:
        changes = "1 change" if len(self.lost) == 1 else f"{len(self.lost):,} changes"
        since = f" since version {self.since.number}" if self.since else ""
        return f"The draft of {self.model} holds {changes}{since}, which would go."


class WouldReplace(ValidationError):
    """A draft with unpublished edits is replaced only where somebody says so."""

    def __init__(self, unpublished: Unpublished) -> None:
        super().__init__(unpublished.words)
        self.unpublished = unpublished


def unpublished(model: ScoringModel) -> Unpublished:
    """Two queries and those of the draft."""
    since = Version.objects.live().filter(model=model).first()
    before = load(since.definition) if since else None
    return Unpublished(model, since, differences(before, load(freeze(model)), Vocabulary.load()))
