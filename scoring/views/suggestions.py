"""Suggestions for the drafts of live models, and what somebody does about one."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from leads.requests import Request
from leads.wake import wake
from scoring.models import ScoringModel, Suggestion
from scoring.suggestions import counting
from scoring.suggestions.deciding import adopt, bring_back, dismiss
from scoring.suggestions.page import suggestions_page
from scoring.tasks import count_suggestions

MAY_SEE = permission_required("scoring.view_suggestion", raise_exception=True)
MAY_CHANGE = permission_required("scoring.change_suggestion", raise_exception=True)


@require_safe
@MAY_SEE
def suggestions(request: Request) -> HttpResponse:
    """What past leads and sales speak for, for every live model."""
    return render(request, "scoring/suggestions.html", {"models": suggestions_page()})


@require_POST
@MAY_CHANGE
def counts(request: Request, pk: int) -> HttpResponse:
    """Weigh the evidence for a model's draft again, now."""
    counting.ask(get_object_or_404(ScoringModel, pk=pk))
    wake(count_suggestions)
    messages.success(request, "The evidence is being weighed. It takes some seconds to a minute.")
    return redirect("scoring:suggestions")


@require_POST
@MAY_CHANGE
def adoption(request: Request, pk: int) -> HttpResponse:
    """Put it into the draft."""
    row = get_object_or_404(Suggestion.objects.select_related("model"), pk=pk)
    said = f"In the draft of {row.model}: {row.words}. Preview it before you publish; its history takes it back."
    return _decided(request, lambda: adopt(row, by=request.user), said)


@require_POST
@MAY_CHANGE
def dismissal(request: Request, pk: int) -> HttpResponse:
    """Keep it away until the evidence changes."""
    row = get_object_or_404(Suggestion, pk=pk)
    return _decided(request, lambda: dismiss(row, by=request.user), "Dismissed. It stays away until evidence changes.")


@require_POST
@MAY_CHANGE
def return_(request: Request, pk: int) -> HttpResponse:
    """Show a dismissed one again."""
    bring_back(get_object_or_404(Suggestion, pk=pk))
    return redirect("scoring:suggestions")


def _decided(request: Request, verb: Callable[[], Any], said: str) -> HttpResponse:
    try:
        verb()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, said)
    return redirect("scoring:suggestions")
