"""Whether past leads taught a model: on these it looks better than it is, so it is judged on others."""

from typing import Any

from scoring.models import Learning, LearningState, Version
from scoring.sample import Question, sample


def leads_behind(version: Version) -> frozenset[int]:
    """The leads a version was learned from; nobody where people wrote it. Two queries at most."""
    row = learning_behind(version.model_id, version.definition, finished_at__lte=version.published_at)
    return frozenset(lead for lead, _ in sample(Question(**row.question), row.asked_at).moments) if row else frozenset()


def learning_behind(model: int, definition: dict[str, Any], **until: Any) -> Learning | None:
    """The last learning that speaks in the definition: by any criterion as it was learned where its draft was this
    model, by most of them wherever it was, since an experiment takes over the draft of another model.
    """
    there = {(rule["name"], rule["points"]) for rule in definition["criteria"]}
    learnings = Learning.objects.filter(state=LearningState.DONE, **until).defer("file")
    return next((row for row in learnings if _speaks(row, model, there)), None)


def _speaks(learning: Learning, model: int, there: set[tuple[str, int]]) -> bool:
    learned = {(row["name"], row["points"]) for row in learning.result.get("criteria", ())}
    kept = len(learned & there)
    return kept > 0 and (learning.draft_id == model or 2 * kept > len(learned))
