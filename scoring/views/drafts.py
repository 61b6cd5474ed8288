"""The history of a draft, two states of a model side by side, and the way back."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from leads.conditions.vocabulary import Vocabulary
from leads.requests import Request, whole
from scoring.models import Revision, ScoringModel, Version
from scoring.revisions import history
from scoring.suggestions.standing import restore_draft
from scoring.versions import DRAFT, compared

SHOWN = 30
MAY_VIEW = permission_required("scoring.view_scoringmodel", raise_exception=True)
MAY_CHANGE = permission_required("scoring.change_scoringmodel", raise_exception=True)


@require_safe
@MAY_VIEW
def changes(request: Request, pk: int) -> HttpResponse:
    """Who changed what in the draft, the newest first."""
    model = get_object_or_404(ScoringModel, pk=pk)
    before = request.GET.get("before", "")
    rows = history(model, Vocabulary.load(), most=SHOWN, before=whole(before) or None)
    older = rows[-1].revision.pk if len(rows) == SHOWN else None
    context = {"model": model, "rows": rows, "older": older, "newest": not before}
    return render(request, "scoring/changes.html", context)


class ComparisonForm(forms.Form):
    """`before` and `after`: the number of a version, or the draft."""

    before = forms.ChoiceField(label="Before")
    after = forms.ChoiceField(label="After")

    def __init__(self, model: ScoringModel, asked: Mapping[str, Any]):
        super().__init__(asked)
        choices = [(DRAFT, "The draft")]
        choices += [
            (str(v.number), f"Version {v.number} ({v.get_state_display().lower()})") for v in model.versions.all()
        ]
        for name in ("before", "after"):
            self.fields[name] = forms.ChoiceField(label=name.capitalize(), choices=choices)


@require_safe
@MAY_VIEW
def comparison(request: Request, pk: int) -> HttpResponse:
    """Any two versions, or one and the draft."""
    model = get_object_or_404(ScoringModel, pk=pk)
    last = model.versions.order_by("-number").values_list("number", flat=True).first()
    form = ComparisonForm(model, request.GET or {"before": last or DRAFT, "after": DRAFT})
    found = compared(model, **form.cleaned_data) if form.is_valid() else None
    context = {"model": model, "form": form, "differences": found, "words": _words(form)}
    return render(request, "scoring/comparison.html", context, status=200 if found is not None else 422)


def _words(form: ComparisonForm) -> str:
    names = [form.cleaned_data.get(name, DRAFT) for name in ("before", "after")]
    return " → ".join("Draft" if name == DRAFT else f"Version {name}" for name in names)


@require_POST
@MAY_CHANGE
def restore_version(request: Request, pk: int, number: int) -> HttpResponse:
    """Make the draft what the version was."""
    return _restored(request, get_object_or_404(Version, model=pk, number=number))


@require_POST
@MAY_CHANGE
def restore_revision(request: Request, pk: int, revision: int) -> HttpResponse:
    """Make the draft what it was then."""
    return _restored(request, get_object_or_404(Revision, model=pk, pk=revision))


def _restored(request: Request, source: Version | Revision) -> HttpResponse:
    done = restore_draft(source, by=request.user)
    said = "The draft is restored. What it was before stands in the history." if done else "The draft is that already."
    messages.success(request, said)
    return redirect("scoring:changes", source.model_id)
