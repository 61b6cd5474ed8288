"""A card becomes a draft: a model of its own, or the draft of a model that is there. Nothing is published by it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from leads.retry import retried
from scoring.modelfile.apply import apply, import_as_new
from scoring.modelfile.read import ModelFileError
from scoring.models import Learning, ScoringModel

ORIGIN = "learned from past leads"


@retried
@transaction.atomic
def make_draft(learning: Learning, *, into: ScoringModel | None = None, by: Any) -> ScoringModel:
    """The criteria as rows to edit, preview and publish like any others.

    Labels and who is handed to sales stay what they are with `into`, or with the version it was compared with. What the
    draft was before stays in its history. Raises ValidationError where there is no card, or where
    it asks a field that is gone.
    """
    held = Learning.objects.select_for_update(of=("self",)).select_related("live__model").get(pk=learning.pk)
    if held.file is None:
        raise ValidationError("There is no card to make a draft of.")
    file = held.file | _kept(into, held)
    try:
        if into is None:
            made = import_as_new(file, by=by, origin=ORIGIN).model
        else:
            made = apply(file | {"slug": into.slug, "audience": into.audience}, by=by, origin=ORIGIN).model
    except ModelFileError as error:  # a field it asks is gone by now
        raise ValidationError(error.problems) from None
    held.draft = made
    held.save(update_fields=["draft"])
    return made


def _kept(into: ScoringModel | None, learning: Learning) -> dict[str, Any]:
    """The labels of the grades, and those that hand a lead to sales: a decision of people, not of past leads."""
    if into is not None:
        return {"labels": into.labels, "handed_to_sales": into.handoff_labels, "description": into.description}
    if learning.live is None:
        return {}
    live = learning.live.definition
    return {"labels": live["labels"], "handed_to_sales": live["handoff_labels"]}
