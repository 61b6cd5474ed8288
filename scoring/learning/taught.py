"""Whether past leads taught a model: on these it looks better than it is, so it is judged on others."""

from typing import Any

from scoring.models import Learning, LearningState, Version
from scoring.sample import Question, sample


def leads_behind(version: Version) -> frozenset[int]:
    """The leads a version was learned from; nobody where people wrote it. Two queries at most."""
    row = learning_behind(version.model_id, version.definition, finished_at__lte=version.published_at)
    return frozenset(lead for lead, _ in sample(Question(**row.question), row.asked_at).moments) if row else frozenset()


def learning_behind(model: int, definition: dict[str, Any], **until: Any) -> Learning | None:
    """The last learning of which the definition still has a criterion as it was learned."""
    there = {(rule["name"], rule["points"]) for rule in definition["criteria"]}
    learnings = Learning.objects.filter(draft=model, state=LearningState.DONE, **until)
    return next((row for row in learnings if there & _criteria(row)), None)


def _criteria(learning: Learning) -> set[tuple[str, int]]:
    return {(row["name"], row["points"]) for row in learning.result["criteria"]}
