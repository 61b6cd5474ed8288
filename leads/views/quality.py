"""Data quality: how good the data is, what is wrong, and putting it right."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from leads.access import teams_with
from leads.asked import one_of, page_asked
from leads.models import Cleanup, Event, Problem, ProblemKind, Quarantine, Team
from leads.quality.cleaning import MOST, clean_up, undo
from leads.quality.overview import overview
from leads.quality.quarantine import release
from leads.requests import Request, ids_of

MAY_SEE = permission_required("leads.view_problem", raise_exception=True)
MAY_CHANGE = permission_required("leads.change_problem", raise_exception=True)
SIZE, GROUPS = 50, 12


@require_safe
@MAY_SEE
def quality(request: Request) -> HttpResponse:
    return render(request, "leads/quality.html", {"overview": overview(request.user)})


@require_safe
@MAY_SEE
def problems(request: Request) -> HttpResponse:
    """What is wrong: by kind, with the most common values to decide at once."""
    kind = one_of(request, "kind", ProblemKind.values)
    value = request.GET.get("value", "").replace("\0", "")
    allowed = teams_with(request.user, "leads.view_problem")
    rows = Problem.objects.visible_to(request.user).open().filter(team__in=allowed)
    rows = rows.filter(kind=kind) if kind else rows
    rows = rows.filter(value=value) if kind and value else rows
    page = page_asked(request, rows.select_related("lead", "company", "deal", "team"), order="-id", size=SIZE)
    context = {
        "page": page, "kind": kind, "value": value, "kinds": ProblemKind.choices, "most": MOST,
        "title": dict(ProblemKind.choices).get(kind, "What is wrong"), "groups": _groups(rows) if kind else [],
    }  # fmt: skip
    return render(request, "leads/problems.html", context)


def _groups(rows: QuerySet[Problem]) -> list[Any]:
    """The values that most rows share, with what we suggest."""
    groups = rows.order_by().values("value", "suggestion").annotate(number=Count("pk")).order_by("-number", "value")
    return list(groups[:GROUPS])


@require_POST
@MAY_CHANGE
def cleanups(request: Request) -> HttpResponse:
    """Decide about the problems of a kind: of one value, or those ticked."""
    kind, act = request.POST.get("kind", ""), request.POST.get("act", "")
    if kind not in ProblemKind.values or act not in (Cleanup.APPLY, Cleanup.DISMISS):
        return redirect("problems")
    ids = ids_of(request, "problem")
    value = request.POST.get("value") if "value" in request.POST else None
    if value is None and not ids:
        messages.warning(request, "Nothing was ticked.")
        return _back(request, kind)
    teams = Team.objects.filter(pk__in=teams_with(request.user, "leads.change_problem"))
    done = [clean_up(team, kind, act=act, by=request.user, value=value, ids=ids or None) for team in teams]
    number = sum(cleanup.count for cleanup in done if cleanup)
    what = "put right" if act == Cleanup.APPLY else "dismissed"
    messages.success(request, f"{number:,} {what}. Undo it under Data quality, Last decisions.")
    return _back(request, kind)


@require_POST
@MAY_CHANGE
def undoing(request: Request, pk: int) -> HttpResponse:
    found = get_object_or_404(Cleanup.objects.visible_to(request.user), pk=pk)
    if not request.user.has_perm("leads.change_problem", found):
        raise PermissionDenied
    back = undo(found, by=request.user)
    said = "This was undone before." if back is None else f"Undone: {back:,} values are as they were."
    messages.success(request, said)
    return redirect("data-quality")


@require_safe
@MAY_SEE
def quarantine(request: Request) -> HttpResponse:
    """Events that do not count, and why."""
    allowed = teams_with(request.user, "leads.view_problem")
    rows = Quarantine.objects.visible_to(request.user).held().filter(event__lead__team__in=allowed)
    shown = rows.select_related("event__lead", "event__kind", "event__source", "by")
    page = page_asked(request, shown, order="-id", size=SIZE)
    return render(request, "leads/quarantine.html", {"page": page})


@require_POST
@MAY_CHANGE
def releases(request: Request) -> HttpResponse:
    """Put events back for good."""
    ids = ids_of(request, "event")
    allowed = teams_with(request.user, "leads.change_event")
    events = Event.objects.visible_to(request.user).filter(pk__in=ids, lead__team__in=allowed)
    number = release(events.values_list("pk", flat=True), by=request.user)
    messages.success(request, f"{number:,} events count again; the scores follow as a correction.")
    return redirect("quarantine")


def _back(request: Request, kind: str) -> HttpResponse:
    to = request.POST.get("next", "")
    here = url_has_allowed_host_and_scheme(to, {request.get_host()})
    return redirect(to if here else f"{reverse('problems')}?kind={kind}")


urlpatterns: list[URLPattern] = [
    path("data-quality/", quality, name="data-quality"),
    path("data-quality/problems/", problems, name="problems"),
    path("data-quality/cleanups/", cleanups, name="cleanups"),
    path("data-quality/cleanups/<int:pk>/undoing/", undoing, name="cleanup-undoing"),
    path("data-quality/quarantine/", quarantine, name="quarantine"),
    path("data-quality/releases/", releases, name="releases"),
]
