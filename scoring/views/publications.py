"""Publishing a draft, going back to an older version, and how far that is."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.db.models import Count, F, Max, Q, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from leads.requests import Request
from leads.wake import wake
from scoring import publishing
from scoring.models import Entry, Publication, ScoringModel, Version
from scoring.scheduling import schedule
from scoring.tasks import run_publications
from scoring.views.models import PublicationForm, model_page

QUIET = timedelta(minutes=1)  # without a page scored: then the page says that nothing is happening


@require_POST
@permission_required("scoring.publish_scoringmodel", raise_exception=True)
def publish(request: Request, pk: int) -> HttpResponse:
    model = get_object_or_404(ScoringModel, pk=pk)
    form = PublicationForm(request.POST)
    if form.is_valid():
        try:
            return _published(request, model, form.cleaned_data["note"], form.cleaned_data["at"])
        except ValidationError as error:
            form.add_error(None, error)
    return model_page(request, model, form, status=422)


def _published(request: Request, model: ScoringModel, note: str, at: datetime | None) -> HttpResponse:
    if at:
        schedule(model, at=at, by=request.user, note=note)
        messages.success(request, "Scheduled. It is published then unless somebody cancels it or changes the draft.")
        return redirect("scoring:model", model.pk)
    started = publishing.publish(model, by=request.user, note=note)
    wake(run_publications)
    return redirect("scoring:publication", started.pk)


@require_POST
@permission_required("scoring.publish_scoringmodel", raise_exception=True)
def rollback(request: Request, pk: int, number: int) -> HttpResponse:
    """Make an older version live again."""
    version = get_object_or_404(Version, model=pk, number=number)
    try:
        started = publishing.rollback(version, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("scoring:model", pk)
    wake(run_publications)
    return redirect("scoring:publication", started.pk)


@require_POST
@permission_required("scoring.publish_scoringmodel", raise_exception=True)
def abandon(request: Request, pk: int) -> HttpResponse:
    """Stop scoring the version: what is live stays live."""
    started = get_object_or_404(Publication, pk=pk)
    if not publishing.abandon(started):
        messages.error(request, "It had ended already, so there was nothing to stop.")
    return redirect("scoring:publication", pk)


@require_safe
@permission_required("scoring.view_scoringmodel", raise_exception=True)
def publication(request: Request, pk: int) -> HttpResponse:
    """How far it is; asked again every second until it is live."""
    started = get_object_or_404(Publication.objects.select_related("version__model", "by"), pk=pk)
    part = "_" * bool(request.htmx)
    response = render(request, f"scoring/{part}publication.html", {"publication": started} | _told(started))
    patch_vary_headers(response, ["HX-Request"])
    return response


def _told(publication: Publication) -> dict[str, Any]:
    ended = publication.finished_at
    return _outcome(publication, ended) if ended else _progress(publication)


def _outcome(publication: Publication, ended: datetime) -> dict[str, int]:
    """How many leads got another score and another label with the switch."""
    entries = Entry.objects.filter(recorded_at=ended, version=publication.version_id)
    return {
        "scores": entries.exclude(total=F("total_before")).count(),
        "labels": entries.exclude(label=F("label_before")).count(),
    }


def _progress(publication: Publication) -> dict[str, Any]:
    progress = publication.pages.aggregate(
        pages=Count("pk"),
        pages_done=Count("pk", filter=Q(done_at__isnull=False)),
        leads_done=Sum("leads", filter=Q(done_at__isnull=False), default=0),
        latest=Max("done_at"),
    )
    quiet = timezone.now() - (progress["latest"] or publication.started_at) > QUIET
    return progress | {"quiet": quiet}
