"""Putting into the draft what its preview shows. Nothing is deleted, and every step can be taken back."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from scoring.engine.definition import freeze, load
from scoring.models import DraftStep, ScoringModel
from scoring.models.scoring_model import validate_thresholds
from scoring.preview.thresholds import threshold_of, with_limit
from scoring.revisions import keep, record

ORIGIN = "preview"


@transaction.atomic
def move_threshold(model: ScoringModel, limit: int, *, by: Any) -> DraftStep:
    """Have Hot begin at so many engagement points. Raises ValidationError where the limits would cross."""
    draft = ScoringModel.objects.select_for_update().get(pk=model.pk)
    definition = load(freeze(draft))
    place = threshold_of(definition)
    if place is None or not 0 < limit <= draft.axis_limit:
        raise ValidationError("Hot cannot begin there.")
    before, after = draft.engagement_limits, list(with_limit(definition, limit).engagement_limits)
    validate_thresholds(after)
    keep(draft)
    draft.engagement_limits = after
    draft.save(update_fields=["engagement_limits"])
    record(draft, by=by, origin=ORIGIN)
    words = f"Engagement for grade {place + 1} begins at {limit} instead of {before[place]}"
    return DraftStep.objects.create(model=draft, words=words, limits_before=before, limits_after=after, by=by)


@transaction.atomic
def switch_off(model: ScoringModel, criteria: Sequence[int], *, by: Any) -> DraftStep:
    """Criteria that give nothing from now on. Raises ValidationError where none would be left."""
    draft = ScoringModel.objects.select_for_update().get(pk=model.pk)
    rows = list(draft.criteria.filter(active=True, pk__in=criteria))
    if not rows:
        raise ValidationError("These criteria are switched off already.")
    if not draft.criteria.filter(active=True).exclude(pk__in=[row.pk for row in rows]).exists():
        raise ValidationError("A model needs at least one criterion.")
    keep(draft)
    draft.criteria.filter(pk__in=[row.pk for row in rows]).update(active=False)
    record(draft, by=by, origin=ORIGIN)
    words = f"Switched off: {rows[0].name}" if len(rows) == 1 else f"{len(rows)} criteria switched off"
    return DraftStep.objects.create(model=draft, words=words[:300], switched_off=[row.pk for row in rows], by=by)


@transaction.atomic
def undo(step: DraftStep, *, by: Any) -> bool:
    """As it was before the step; what somebody changed since stays theirs. False: it was undone already."""
    if not DraftStep.objects.filter(pk=step.pk, undone_at__isnull=True).update(undone_at=timezone.now()):
        return False
    model = ScoringModel.objects.filter(pk=step.model_id)
    keep(step.model)
    if step.limits_before:
        model.filter(engagement_limits=step.limits_after).update(engagement_limits=step.limits_before)
    step.model.criteria.filter(pk__in=step.switched_off).update(active=True)
    record(step.model, by=by, origin=ORIGIN)
    return True


def recent(model: ScoringModel) -> list[DraftStep]:
    """What was put into the draft since its last version and can be taken back, newest first."""
    steps = model.steps.filter(undone_at__isnull=True).select_related("by")
    last = model.versions.order_by("-published_at").values_list("published_at", flat=True).first()
    return list((steps.filter(at__gt=last) if last else steps)[:10])
