"""Somebody looks at a live model and says that it still holds."""

from typing import Any

from django.utils import timezone

from scoring.models import Review, ScoringModel


def review(model: ScoringModel, *, by: Any, note: str = "") -> Review:
    """Noted with the moment and the person: for ninety days nobody is asked again."""
    return Review.objects.create(model=model, by=by, at=timezone.now(), note=note)
