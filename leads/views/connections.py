"""Connections: the CRMs of a team, how their syncs fare, and what is done about it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe

from leads.access import teams_with
from leads.asked import page_asked
from leads.crm import control
from leads.crm.history import labelled
from leads.crm.registry import CONNECTORS
from leads.crm.setup.afresh import start_afresh
from leads.crm.status import did, is_busy, status_of
from leads.enums import CrmKind
from leads.models import Connection, Cursor, User
from leads.requests import Request, whole

MAY_SEE = permission_required("leads.view_connection", raise_exception=True)
MAY_CHANGE = permission_required("leads.change_connection", raise_exception=True)
PAGE = 25


def connections_of(user: User, permission: str = "leads.view_connection") -> QuerySet[Connection]:
    """The connections this person may look at, or act on."""
    mine = teams_with(user, permission)
    return Connection.objects.visible_to(user).filter(team__in=mine).select_related("team", "source")


def theirs(request: Request, pk: int) -> Connection:
    """The connection, for somebody who changes it."""
    return get_object_or_404(connections_of(request.user, "leads.change_connection"), pk=pk)


@require_safe
@MAY_SEE
def listed(request: Request) -> HttpResponse:
    rows = connections_of(request.user).annotate(wrong=Count("problems", filter=Q(problems__left_out_at=None)))
    page = page_asked(request, rows, order="name", size=PAGE)
    crms = [(slug, kind.name) for slug, kind in CONNECTORS.items()]
    return render(request, "leads/connections.html", {"page": page, "crms": crms})


@require_safe
@MAY_SEE
def connection(request: Request, pk: int) -> HttpResponse:
    """How it fares. While it is set up: what is done and what is next."""
    found = get_object_or_404(connections_of(request.user), pk=pk)
    return render(request, "leads/connection.html", _shown(request, found))


@require_safe
@MAY_SEE
def progress(request: Request, pk: int) -> HttpResponse:
    """The head of that page, which asks again while a run is under way."""
    found = get_object_or_404(connections_of(request.user), pk=pk)
    answer = render(request, "leads/_connection_status.html", _shown(request, found))
    if not is_busy(found):  # it is done: the rest of the page has news too
        answer["HX-Refresh"] = "true"
    return answer


def _shown(request: Request, found: Connection) -> dict[str, Any]:
    left_out = request.GET.get("rows") == "left-out"
    problems = found.problems.select_related("lead", "left_out_by")
    problems = problems.left_out() if left_out else problems.open()
    page = page_asked(request, problems, order="-id", size=PAGE)
    return {
        "connection": found, "status": status_of(found), "busy": is_busy(found), "page": page,
        "left_out": left_out,
        "loading": _loading(found), "runs": [(run, did(run)) for run in found.history.all()[:10]],
        "steps": {"key": found.secrets.exists(), "tested": bool(found.account_seen)}, "wanting": control.wanting(found),
        "empty": not (found.is_on or found.synced_at or found.links.exists()),
        "conflicts": labelled(found.conflicts.select_related("lead")[:10]),
        "may": request.user.has_perm("leads.change_connection", found),
    }  # fmt: skip


def _loading(found: Connection) -> list[tuple[str, Cursor]]:
    """How far the first load is, by kind; nothing once it is done."""
    if found.synced_at or not found.is_on:
        return []
    return [(str(CrmKind(cursor.kind).label), cursor) for cursor in found.cursors.order_by("pk")]


@require_POST
@MAY_CHANGE
def pausing(request: Request, pk: int) -> HttpResponse:
    control.pause(theirs(request, pk), by=request.user)
    messages.success(request, "Paused. Nothing is read or written until it goes on.")
    return redirect("connection", pk)


@require_POST
@MAY_CHANGE
def resumption(request: Request, pk: int) -> HttpResponse:
    """Begin, or go on."""
    try:
        control.resume(theirs(request, pk))
    except control.NotReadyError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "It is on. The first run begins within seconds.")
    return redirect("connection", pk)


@require_POST
@MAY_CHANGE
def runs(request: Request, pk: int) -> HttpResponse:
    """Sync now instead of at the next time; `everything`: read and compare all of it once more."""
    found = theirs(request, pk)
    if request.POST.get("everything"):
        control.resync(found)
        messages.success(request, "Everything is read and compared once more. What is the same stays untouched.")
    else:
        control.soon(found)
        messages.success(request, "It is synced within seconds.")
    return redirect("connection", pk)


@require_POST
@MAY_CHANGE
def retries(request: Request, pk: int) -> HttpResponse:
    """Try rows again that did not go through: that one (`problem`), also if it is left out, or all the others."""
    found = theirs(request, pk)
    count = control.again(_named(request, found) if request.POST.get("problem") else found.problems.open())
    messages.success(request, f"{count:,} row{'s' * (count != 1)} tried again with the next run.")
    return redirect("connection", pk)


@require_POST
@MAY_CHANGE
def omissions(request: Request, pk: int) -> HttpResponse:
    """Leave a row of the CRM out (`problem`)."""
    if control.leave_out(_named(request, theirs(request, pk)), by=request.user):
        messages.success(request, "Left out. It is listed there, and can be tried again.")
    return redirect("connection", pk)


def _named(request: Request, found: Connection) -> Any:
    """The row that was clicked, if it is there."""
    return found.problems.filter(pk=whole(request.POST.get("problem", "")))


@require_POST
@MAY_CHANGE
def disconnection(request: Request, pk: int) -> HttpResponse:
    """Forget the keys. Everything that was synced stays, and with new keys it goes on where it was."""
    control.disconnect(theirs(request, pk), by=request.user)
    messages.success(request, "Disconnected. Its keys are forgotten; enter new ones to go on where it was.")
    return redirect("connection", pk)


@require_POST
@MAY_CHANGE
def deletion(request: Request, pk: int) -> HttpResponse:
    """Of one that nothing was synced by."""
    found = theirs(request, pk)
    try:
        control.remove(found)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("connection", pk)
    messages.success(request, f"{found} is deleted.")
    return redirect("connections")


@require_POST
@MAY_CHANGE
def fresh_start(request: Request, pk: int) -> HttpResponse:
    """The key is of another account: that gets a connection of its own, and this one rests with its links."""
    found = theirs(request, pk)
    try:
        new = start_afresh(found, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("connection", pk)
    messages.success(request, f"{new} begins. {found} rests with its links; its own key takes it up again.")
    return redirect("connection", new.pk)


urlpatterns: list[URLPattern] = [
    path("connections/", listed, name="connections"),
    path("connections/<int:pk>/", connection, name="connection"),
    path("connections/<int:pk>/status", progress, name="connection-status"),
    path("connections/<int:pk>/pausing", pausing, name="connection-pausing"),
    path("connections/<int:pk>/resumption", resumption, name="connection-resumption"),
    path("connections/<int:pk>/runs", runs, name="connection-runs"),
    path("connections/<int:pk>/retries", retries, name="connection-retries"),
    path("connections/<int:pk>/omissions", omissions, name="connection-omissions"),
    path("connections/<int:pk>/fresh-start", fresh_start, name="connection-fresh-start"),
    path("connections/<int:pk>/disconnection", disconnection, name="connection-disconnection"),
    path("connections/<int:pk>/deletion", deletion, name="connection-deletion"),
]
