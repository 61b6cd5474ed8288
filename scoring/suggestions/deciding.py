"""What somebody does about a suggestion: into the draft with one click, away until the evidence changes, or back."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from leads.retry import retried
from scoring.models import Criterion, Group, ScoringModel, Suggestion, SuggestionState
from scoring.revisions import keep, record
from scoring.suggestions.edits import EVERY, GROUPS

ORIGIN = "suggestion"
MORE = 1.5  # so many times the cases are new evidence…


@retried
@transaction.atomic
def adopt(suggestion: Suggestion, *, by: Any) -> Suggestion:
    """Put the edit into the draft, with a row of its own in the history, from which it can be taken back.

    Raises ValidationError where the criterion is no longer what the suggestion was about, or it was decided already.
    """
    model = ScoringModel.objects.select_for_update().get(pk=suggestion.model_id)
    held = Suggestion.objects.select_for_update().get(pk=suggestion.pk)
    if held.state != SuggestionState.OPEN:
        raise ValidationError(f"It was decided already: {held.get_state_display().lower()}.")
    keep(model)
    if held.kind == Suggestion.NEW:
        _make(model, held)
    else:
        _change(model, held)
    record(model, by=by, origin=ORIGIN, apart=True)
    return _decided(held, SuggestionState.ADOPTED, by)


@retried
@transaction.atomic
def dismiss(suggestion: Suggestion, *, by: Any) -> Suggestion:
    """Keep it away until the evidence changes. Raises ValidationError where it was decided already."""
    held = Suggestion.objects.select_for_update().get(pk=suggestion.pk)
    if held.state != SuggestionState.OPEN:
        raise ValidationError(f"It was decided already: {held.get_state_display().lower()}.")
    held.dismissed_evidence = held.evidence
    return _decided(held, SuggestionState.DISMISSED, by)


@retried
@transaction.atomic
def bring_back(suggestion: Suggestion) -> bool:
    """Show a dismissed one again. False: it was not dismissed."""
    rows = Suggestion.objects.filter(pk=suggestion.pk, state=SuggestionState.DISMISSED)
    return bool(rows.update(state=SuggestionState.OPEN, dismissed_evidence=None, decided_at=None, decided_by=None))


def changed(then: Any, now: dict[str, Any]) -> bool:
    """Whether evidence is other than it was when somebody dismissed it: half as many cases more, or a share of those
    it is about that lies outside what the old cases allowed for. A few cases more or less are none.
    """
    if not then or then["outcome"] != now["outcome"]:
        return True
    (k, n), (was_k, was_n) = now["with"], then["with"]
    if n >= MORE * was_n:
        return True
    rest, was_rest = now["without"], then["without"]
    gap = k / max(n, 1) - rest[0] / max(rest[1], 1)
    if then["low"] is None:
        return bool(abs(gap - (was_k / max(was_n, 1) - was_rest[0] / max(was_rest[1], 1))) > 0.1)
    return not then["low"] <= gap <= then["high"]


def _decided(held: Suggestion, state: str, by: Any) -> Suggestion:
    held.state, held.decided_at, held.decided_by = state, timezone.now(), by
    held.save(update_fields=["state", "dismissed_evidence", "decided_at", "decided_by"])
    return held


def _change(model: ScoringModel, held: Suggestion) -> None:
    row = model.criteria.filter(pk=held.criterion or 0).first()
    if row is None or {name: getattr(row, name) for name in EVERY} != held.before:
        raise ValidationError(f"“{held.name}” has changed since this was found. Weigh the evidence again.")
    for name, value in held.edit.items():
        setattr(row, name, value)
    row.full_clean(exclude=["model", "group"])
    row.save(update_fields=list(held.edit))


def _make(model: ScoringModel, held: Suggestion) -> None:
    made = dict(held.edit)
    axis = made.pop("axis")
    place = (model.groups.aggregate(n=Max("position"))["n"] or 0) + 1
    group, _ = Group.objects.get_or_create(model=model, name=GROUPS[axis], defaults={"axis": axis, "position": place})
    row = Criterion(model=model, group=group, position=group.criteria.count(), **made)
    row.full_clean(exclude=["model", "group"])
    row.save()
