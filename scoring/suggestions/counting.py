"""Weighing the evidence when it is due: each week for every model with a live version, and whenever somebody asks."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from leads.retry import retried
from scoring.engine.definition import Definition, freeze, load
from scoring.models import ScoringModel, Suggestion, SuggestionCount, SuggestionState, Version
from scoring.publishing import UNSCORABLE
from scoring.suggestions.deciding import changed
from scoring.suggestions.finding import Suggested, find

logger = logging.getLogger(__name__)
WEEK = timedelta(days=7)
LEASE = timedelta(minutes=10)


def ask(model: ScoringModel) -> SuggestionCount:
    """Weigh it again now."""
    return SuggestionCount.objects.update_or_create(model=model, defaults={"due_at": timezone.now()})[0]


def count_due() -> int:
    """What is due. Returns how many models."""
    live = set(Version.objects.live().values_list("model_id", flat=True))
    known = set(SuggestionCount.objects.values_list("model_id", flat=True))
    SuggestionCount.objects.bulk_create(
        [SuggestionCount(model_id=model) for model in sorted(live - known)], ignore_conflicts=True
    )
    due = SuggestionCount.objects.filter(_free(), due_at__lte=timezone.now()).select_related("model")
    return sum(count(row) for row in due)


def _free() -> Q:
    return Q(leased_until__isnull=True) | Q(leased_until__lt=timezone.now())


def count(row: SuggestionCount) -> bool:
    """Weigh one model's draft. False: somebody else does."""
    now = timezone.now()
    if not SuggestionCount.objects.filter(_free(), pk=row.pk).update(leased_until=now + LEASE):
        return False
    definition = load(freeze(row.model))
    try:
        found = find(definition, now)
    except UNSCORABLE as error:
        logger.exception("%s cannot be counted", row)
        SuggestionCount.objects.filter(pk=row.pk).update(
            problem=str(error), due_at=now + WEEK, leased_until=None, counted_at=now
        )
        return True
    _keep(row, definition, found.suggested, found.figures, now)
    return True


@retried
@transaction.atomic
def _keep(row: SuggestionCount, definition: Definition, found: list[Suggested], figures: Any, now: Any) -> None:
    """What is said from now on. What nothing speaks for any more is gone, except what somebody decided about."""
    model = ScoringModel.objects.select_for_update(no_key=True).get(pk=row.model_id)
    known = {one.key: one for one in model.suggestions.all()}
    for one in found:
        _write(model, known.pop(one.edit.key, None), one, definition, now)
    gone = [one.pk for one in known.values() if one.state == SuggestionState.OPEN]
    Suggestion.objects.filter(pk__in=gone).delete()
    ours = SuggestionCount.objects.filter(pk=row.pk)
    ours.filter(due_at__lte=now).update(due_at=now + WEEK)  # asked for again meanwhile, it is still due
    ours.update(figures=figures, problem="", counted_at=now, leased_until=None)


def _write(model: ScoringModel, was: Suggestion | None, one: Suggested, definition: Definition, now: Any) -> None:
    place = one.edit.idea.place
    values: dict[str, Any] = {
        "kind": one.edit.kind, "criterion": None if place is None else definition.criteria[place].id,
        "name": one.edit.name[:120], "words": one.edit.words[:300], "edit": one.edit.change,
        "before": one.edit.before, "evidence": one.evidence, "strength": one.strength,
    }  # fmt: skip
    if was is None:
        Suggestion.objects.create(model=model, key=one.edit.key, found_at=now, **values)
        return
    stays_away = was.state == SuggestionState.DISMISSED and not changed(was.dismissed_evidence, one.evidence)
    if not stays_away:
        values |= {"state": SuggestionState.OPEN, "dismissed_evidence": None}
    if was.state != SuggestionState.OPEN and not stays_away:
        values["found_at"] = now
    Suggestion.objects.filter(pk=was.pk).update(**values)


@dataclass(frozen=True)
class Waits:
    """A model with what is suggested for it; `counting` while a worker weighs, or soon will."""

    model: ScoringModel
    count: SuggestionCount | None
    counting: bool


def of_models() -> list[Waits]:
    """Every model that has a live version. Two queries."""
    models = ScoringModel.objects.filter(versions__state="live").distinct()
    counts = {row.model_id: row for row in SuggestionCount.objects.filter(model__in=models)}
    now = timezone.now()
    return [
        Waits(model, row, row is None or row.due_at <= now or bool(row.leased_until and row.leased_until > now))
        for model in models for row in [counts.get(model.pk)]
    ]  # fmt: skip
