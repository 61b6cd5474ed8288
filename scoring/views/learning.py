"""Learning from past leads: are there enough, a card on its way, what came out, and a draft of it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from leads.requests import Request, whole
from leads.wake import wake
from scoring.learning import job
from scoring.learning.draft import make_draft
from scoring.learning.page import learned_page, question_words
from scoring.learning.readiness import readiness, usual_question
from scoring.learning.refresh import set_refresh
from scoring.learning.replacing import WouldReplace
from scoring.models import Learning, Refresh, ScoringModel
from scoring.sample import Question
from scoring.tasks import run_learnings
from scoring.views.previews import QuestionForm

MAY_SEE = permission_required("scoring.view_learning", raise_exception=True)
MAY_CHANGE = permission_required("scoring.change_learning", raise_exception=True)
SHOWN = 20
MOST = 100  # criteria
BUDGETS = [("", "Chosen by the leads"), *((str(size), f"At most {size} criteria") for size in (15, 25, 40))]


class LearningForm(QuestionForm):
    audience = forms.ModelChoiceField(
        ScoringModel.objects.filter(audience__isnull=False), required=False, empty_label="Every lead", label="Leads",
    )  # fmt: skip
    budget = forms.TypedChoiceField(coerce=int, empty_value=None, required=False, choices=BUDGETS, label="Size")
    seed = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False, label="Seed")

    def question(self) -> Question:
        return Question(**{name: self.cleaned_data[name] for name in vars(Question())})

    def asked(self) -> dict[str, Any]:
        """What job.ask takes."""
        given = self.cleaned_data
        model = given["audience"]
        return {
            "question": self.question(),
            "audience": model.audience if model else None,
            "budget": given["budget"],
            "seed": given["seed"] or 0,
        }


@require_http_methods(["GET", "HEAD", "POST"])
@MAY_SEE
def learning(request: Request) -> HttpResponse:
    """GET: is there enough for the question? POST: have a card learned."""
    if request.method == "POST":
        return _ask(request)
    form = LearningForm(request.GET if "outcome" in request.GET else _usual())
    valid = form.is_valid()
    found = readiness(form.question(), timezone.now()) if valid else None
    learnings = Learning.objects.select_related("by", "draft", "live__model")
    context = {
        "form": form, "found": found, "learnings": learnings[:SHOWN], "refresh": Refresh.get(),
        "running": learnings.filter(finished_at__isnull=True).first(),
        "question": question_words(form.question()) if valid else "",
    }  # fmt: skip
    return render(request, "scoring/learning.html", context, status=200 if valid else 422)


def _usual() -> dict[str, Any]:
    """What was asked last, else the time within which most became customers."""
    last = Learning.objects.values_list("question", flat=True).first()
    return {**(last or vars(usual_question(timezone.now()))), "seed": 0}


def _ask(request: Request) -> HttpResponse:
    if not request.user.has_perm("scoring.add_learning"):
        raise PermissionDenied
    given = _again(request) if request.POST.get("like") else _asked(request)
    if given is None:
        messages.error(request, "That question cannot be asked. Choose again.")
        return redirect("scoring:learning")
    try:
        row = job.ask(**given, by=request.user, keep=request.POST.getlist("keep")[:200])
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("scoring:learning")
    wake(run_learnings)
    return redirect("scoring:learned", row.pk)


def _asked(request: Request) -> dict[str, Any] | None:
    form = LearningForm(request.POST)
    return form.asked() if form.is_valid() else None


def _again(request: Request) -> dict[str, Any]:
    """The question of the learning `like`, with another size perhaps."""
    row = get_object_or_404(Learning, pk=whole(request.POST["like"], digits=9))
    budget = whole(request.POST.get("budget", ""), digits=9) or None
    return {"question": Question(**row.question), "audience": row.audience, "seed": row.seed,
            "budget": budget and min(budget, MOST)}  # fmt: skip


@require_safe
@MAY_SEE
def learned(request: Request, pk: int) -> HttpResponse:
    """How far it is, or what came out."""
    row = get_object_or_404(Learning.objects.select_related("live__model", "by", "draft"), pk=pk)
    if request.htmx:
        if row.finished_at:
            return HttpResponseClientRefresh()
        return render(request, "scoring/learning/_progress.html", {"learning": row})
    response = render(request, "scoring/learned.html", {"learning": row} | learned_page(row))
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
@MAY_CHANGE
def cancellation(request: Request, pk: int) -> HttpResponse:
    """Stop it. What was learned before stays."""
    if job.stop(get_object_or_404(Learning, pk=pk)):
        messages.success(request, "Stopped. Nothing has changed.")
    else:
        messages.error(request, "It had ended already.")
    return redirect("scoring:learned", pk)


@require_POST
@MAY_CHANGE
def draft(request: Request, pk: int) -> HttpResponse:
    """A draft of the card: in the model named by `into`, or in one of its own. What was edited there since its live
    version is replaced only with `replace`.
    """
    row = get_object_or_404(Learning.objects.select_related("live__model"), pk=pk)
    given = request.POST.get("into", "")
    into = get_object_or_404(ScoringModel, pk=whole(given, digits=9)) if given else None
    try:
        made = make_draft(row, into=into, replace=bool(request.POST.get("replace")), by=request.user)
    except WouldReplace as error:
        messages.error(request, f"{' '.join(error.messages)} Nothing was replaced: look at it, then decide.")
        return redirect("scoring:learned", pk)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("scoring:learned", pk)
    back = reverse("scoring:changes", args=[made.pk])
    way = format_html(' <a href="{}">Changes</a> brings back what it was.', back) if into else ""
    said = "In the draft of {}. Preview it, change it, publish it when it is right.{}"
    messages.success(request, format_html(said, made, way))
    return redirect("scoring:model", made.pk)


class RefreshForm(QuestionForm):
    active = forms.BooleanField(required=False)
    budget = forms.TypedChoiceField(coerce=int, empty_value=None, required=False, choices=BUDGETS)


@require_POST
@MAY_CHANGE
def refresh(request: Request) -> HttpResponse:
    """Learn again by itself with this question, or no more."""
    form = RefreshForm({**vars(Question()), **request.POST.dict()})
    if form.is_valid():
        given = form.cleaned_data
        active, budget = given.pop("active"), given.pop("budget")
        set_refresh(active=active, question=Question(**given), budget=budget, by=request.user)
        messages.success(request, "Every month, or on drift." if active else "No card is learned by itself any more.")
    else:
        messages.error(request, "That question cannot be asked. Choose again.")
    return redirect("scoring:learning")
