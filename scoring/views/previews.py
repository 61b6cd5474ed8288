"""A draft before it goes live: counting it, what it would do, and putting what was learned into it."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from leads.asked import at_cursor
from leads.requests import Request, whole
from leads.wake import wake
from scoring.models import DraftStep, Preview, PreviewStage, ScoringModel
from scoring.preview import job, steps
from scoring.preview.movers import GRADE, LABEL, movers
from scoring.preview.page import preview_page
from scoring.sample import ACCEPTED, CREATED, HANDOFF, WON, Question
from scoring.tasks import run_previews

MAY_SEE = permission_required("scoring.view_scoringmodel", raise_exception=True)
MAY_CHANGE = permission_required("scoring.change_scoringmodel", raise_exception=True)


class QuestionForm(forms.Form):
    """What is asked of past leads."""

    outcome = forms.ChoiceField(
        label="What counts", choices=[(WON, "Became a customer"), (ACCEPTED, "Accepted by sales")]
    )
    within = forms.TypedChoiceField(
        coerce=int, label="Within", choices=[(days, f"{days} days") for days in (30, 60, 90, 180, 365)]
    )
    moment = forms.ChoiceField(
        label="Score as it stood", choices=[(CREATED, "Some days after creation"), (HANDOFF, "At the first handoff")]
    )
    after = forms.TypedChoiceField(
        coerce=int, label="Days after creation", choices=[(days, str(days)) for days in (0, 3, 7, 14, 30, 60)]
    )

    def question(self) -> Question:
        return Question(**self.cleaned_data)


@require_safe
@MAY_SEE
def preview(request: Request, pk: int) -> HttpResponse:
    """What the draft would do, as it was counted last; how far the count is that runs."""
    model = get_object_or_404(ScoringModel, pk=pk)
    latest = list(Preview.objects.filter(model=model).select_related("model", "by")[:2])
    counting = next((one for one in latest if not one.finished_at), None)
    if request.htmx:
        return _progress(request, counting)
    last = next((one for one in latest if one.finished_at), None)
    asked = latest[0].question if latest else vars(Question())
    context = {
        "model": model, "counting": counting, "last": last, "steps": steps.recent(model),
        "form": QuestionForm(initial=asked, auto_id=False),
    }  # fmt: skip
    if last and last.stage == PreviewStage.DONE:
        context |= preview_page(last, request.GET.get("hot", ""))
    response = render(request, "scoring/preview.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _progress(request: Request, counting: Preview | None) -> HttpResponse:
    if counting is None:
        return HttpResponseClientRefresh()
    return render(request, "scoring/preview/_counting.html", {"counting": counting, "model": counting.model})


@require_POST
@MAY_CHANGE
def counts(request: Request, pk: int) -> HttpResponse:
    """Count the draft as it is now."""
    model = get_object_or_404(ScoringModel, pk=pk)
    form = QuestionForm(request.POST)
    try:
        job.start(model, by=request.user, question=form.question() if form.is_valid() else None)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        wake(run_previews)
    return redirect("scoring:preview", pk)


@require_POST
@MAY_CHANGE
def threshold(request: Request, pk: int) -> HttpResponse:
    """Have Hot begin elsewhere, in the draft; `show` only says what it would do."""
    model = get_object_or_404(ScoringModel, pk=pk)
    limit = request.POST.get("hot", "")
    if request.POST.get("show"):
        return redirect(f"{reverse('scoring:preview', args=[pk])}?{urlencode({'hot': limit})}#h-cap")
    return _stepped(request, pk, lambda: steps.move_threshold(model, whole(limit), by=request.user))


@require_POST
@MAY_CHANGE
def omissions(request: Request, pk: int) -> HttpResponse:
    """Switch criteria off, in the draft."""
    model = get_object_or_404(ScoringModel, pk=pk)
    ids = [whole(given) for given in request.POST.getlist("criterion")]
    return _stepped(request, pk, lambda: steps.switch_off(model, ids, by=request.user))


@require_POST
@MAY_CHANGE
def withdrawal(request: Request, pk: int, step: int) -> HttpResponse:
    """Take back what was put into the draft."""
    found = get_object_or_404(DraftStep, model=pk, pk=step)
    if steps.undo(found, by=request.user):
        messages.success(request, f"Taken back: {found}.")
    else:
        messages.error(request, "It was taken back already.")
    return redirect("scoring:preview", pk)


def _stepped(request: Request, pk: int, verb: Any) -> HttpResponse:
    try:
        step = verb()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"In the draft: {step}. Count again to see what it does.")
    return redirect("scoring:preview", pk)


@require_safe
@MAY_SEE
def leads(request: Request, pk: int) -> HttpResponse:
    """The leads behind a number of the preview, as far as they are in the viewer's teams."""
    last = get_object_or_404(Preview.objects.filter(finished_at__isnull=False).select_related("model"), model=pk)
    given = request.GET
    by = GRADE if given.get("by") == GRADE else LABEL
    was, then = (_word(given.get(name)) for name in ("was", "then"))
    found = at_cursor(request, partial(movers, last, request.user, by=by, was=was, then=then))
    query = urlencode({"by": by} | ({"was": was, "then": then} if was is not None and then is not None else {}))
    context = {"model": last.model, "preview": last, "movers": found, "page": found.page, "by": by,
               "was": was, "then": then, "query": query}  # fmt: skip
    return render(request, "scoring/preview/leads.html", context)


def _word(given: str | None) -> str | None:
    return given[:12].replace("\0", "") if given is not None else None
