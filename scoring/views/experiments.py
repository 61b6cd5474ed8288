"""Experiments: which there are, one of them, and how they end."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from leads.asked import page_asked
from leads.models import Lead, Standing
from leads.requests import Request, whole
from leads.wake import wake
from scoring.experiments.counts import Counts
from scoring.experiments.lead import Said, said_of
from scoring.experiments.page import experiment_page
from scoring.experiments.running import promote, stop
from scoring.experiments.verdict import Verdict, verdict
from scoring.models import Experiment, Participant
from scoring.tasks import rescore_due, run_publications

MAY_SEE = permission_required("scoring.view_experiment", raise_exception=True)
MAY_RUN = permission_required("scoring.run_experiment", raise_exception=True)
SIZE = 20


@require_safe
@MAY_SEE
def index(request: Request) -> HttpResponse:
    """The newest first, each with its verdict. Four queries."""
    rows = Experiment.objects.select_related("model", "started_by").prefetch_related("arms", "looks")
    page = page_asked(request, rows.annotate(took=Count("participants")), order="-id", size=SIZE)
    shown = [{"experiment": one, "arms": one.arms.all(), "verdict": _verdict(one)} for one in page.rows]
    return render(request, "scoring/experiments/index.html", {"rows": shown, "page": page})


def _verdict(experiment: Experiment) -> Verdict:
    """As far as the looks say it; the page of the experiment has the counts of today."""
    return verdict(experiment, list(experiment.looks.all()), list(experiment.arms.all()), Counts())


@require_safe
@MAY_SEE
def experiment(request: Request, pk: int) -> HttpResponse:
    return _shown(request, _found(pk))


def _found(pk: int) -> Experiment:
    rows = Experiment.objects.select_related("model", "champion", "started_by", "ended_by", "promoted")
    return get_object_or_404(rows, pk=pk)


def _shown(request: Request, found: Experiment, status: int = 200) -> HttpResponse:
    return render(request, "scoring/experiments/experiment.html", experiment_page(found), status=status)


class NoteForm(forms.Form):
    note = forms.CharField(max_length=300, required=False)


@require_POST
@MAY_RUN
def ending(request: Request, pk: int) -> HttpResponse:
    """Stop it without promoting."""
    found, form = _found(pk), NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    try:
        stopped = stop(found, by=request.user, note=note)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        if stopped:
            wake(rescore_due)
            messages.success(request, "Stopped. The champion scores every lead again; nobody is handed off for it.")
        else:
            messages.error(request, "It had ended already.")
        if request.POST.get("then") == "new":  # where it stood in the way of another one
            return redirect(f"{reverse('scoring:experiment-new')}?model={found.model_id}")
    return redirect("scoring:experiment", pk)


@require_POST
@MAY_RUN
@permission_required("scoring.publish_scoringmodel", raise_exception=True)
def promotion(request: Request, pk: int) -> HttpResponse:
    """Publish a challenger, for every lead."""
    found, form = _found(pk), NoteForm(request.POST)
    arm = get_object_or_404(found.arms, position=whole(request.POST.get("side", ""), digits=4))
    note = form.cleaned_data["note"] if form.is_valid() else ""
    try:
        publication = promote(found, arm, by=request.user, note=note)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("scoring:experiment", pk)
    wake(run_publications)
    return redirect("scoring:publication", publication.pk)


@require_safe
@MAY_SEE
def leads(request: Request, pk: int) -> HttpResponse:
    """Who took part, as far as they are in the viewer's teams: the side, and both scores. Six queries."""
    found = _found(pk)
    rows = Participant.objects.visible_to(request.user).filter(experiment=found).select_related("lead__company", "arm")
    rows = rows.filter(lead__in=Lead.with_merged.visible_to(request.user))  # it may have moved to another team since
    page = page_asked(request, rows, order="-id", size=SIZE)
    ids = [row.lead_id for row in page.rows]
    standings = Standing.objects.visible_to(request.user).in_bulk(ids)
    said = said_of(found, page.rows, standings)
    shown = [(row, *_parted(said[row.lead_id])) for row in page.rows]
    return render(request, "scoring/experiments/leads.html", {"experiment": found, "rows": shown, "page": page})


def _parted(sides: list[Said]) -> tuple[Said | None, list[Said]]:
    """The side that decides, and the others that say something."""
    mine = next((one for one in sides if one.decides), None)
    return mine, [one for one in sides if not one.decides and one.score]
