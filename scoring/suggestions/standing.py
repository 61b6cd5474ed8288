"""Whether what was adopted still stands: a draft may be replaced, or taken back to what it was before."""

from typing import Any

from django.db import transaction

from scoring.engine.definition import load
from scoring.models import Revision, ScoringModel, Suggestion, SuggestionState, Version
from scoring.revisions import restore
from scoring.suggestions.edits import EVERY

Rules = dict[int, dict[str, Any]]


@transaction.atomic
def restore_draft(source: Revision | Version, *, by: Any) -> Revision | None:
    """Make the draft what it was then (scoring/revisions.py), with the suggestions that stood in it."""
    done = restore(source, by=by)
    settle(source.model)
    return done


def settle(model: ScoringModel) -> int:
    """Call it after a draft was replaced or taken back, in the same transaction. What was adopted and is neither in the
    draft nor in the live version is open again; what came back with the draft is adopted again. Returns how many.
    """
    draft, live, changed = _draft(model), _live(model), 0
    decided = model.suggestions.filter(decided_at__isnull=False).exclude(state=SuggestionState.DISMISSED)
    for row in decided.select_for_update():
        stands = _stands(row, draft, live)
        state = SuggestionState.ADOPTED if stands else SuggestionState.OPEN
        if row.state != state:
            changed += Suggestion.objects.filter(pk=row.pk).update(state=state)
    return changed


def _stands(row: Suggestion, draft: Rules, live: Rules) -> bool:
    if row.kind == Suggestion.NEW:
        return any(rule["condition"] == row.edit["condition"] for rule in [*draft.values(), *live.values()])
    mine, public = draft.get(row.criterion or 0), live.get(row.criterion or 0)
    in_draft = mine is not None and mine != row.before  # by hand it may have become something else again
    return in_draft or (public is not None and public == {**(row.before or {}), **row.edit})


def _draft(model: ScoringModel) -> Rules:
    return {row.pk: {name: getattr(row, name) for name in EVERY} for row in model.criteria.all()}


def _live(model: ScoringModel) -> Rules:
    live = Version.objects.live().filter(model=model).first()
    rules = load(live.definition).criteria if live else ()
    return {
        rule.id: {"points": rule.points, "condition": rule.condition, "at_most": rule.at_most, "active": True}
        for rule in rules
    }
