"""Criteria and audiences that ask for a field or a kind of event, which therefore cannot be deleted."""

from collections.abc import Iterator

from leads import uses
from scoring.engine.definition import load
from scoring.models import Criterion, ScoringModel, Version
from scoring.models.version import VersionState

SCORE = (VersionState.SCORING, VersionState.LIVE, VersionState.TRIAL)


@uses.register
def conditions_with(key: str) -> Iterator[str]:
    """Criteria and audiences of drafts, and of the versions that score leads now, which ask for the key."""
    for criterion in Criterion.objects.select_related("model"):
        if uses.asks(criterion.condition, key):
            yield f"criterion “{criterion}” of {criterion.model}"
    for model in ScoringModel.objects.exclude(audience=None):
        if uses.asks(model.audience, key):
            yield f"the audience of {model}"
    for version in Version.objects.filter(state__in=SCORE).select_related("model"):
        if any(uses.asks(condition, key) for condition in load(version.definition).conditions):
            yield f"{version}, which scores leads"
