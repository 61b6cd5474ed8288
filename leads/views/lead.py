"""The page of a lead: who, what for, what they did, and the forms that change it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods, require_safe

from leads.asked import at_cursor
from leads.details import completeness, details, headline
from leads.editing import create_lead, edit_lead, outranked
from leads.forms import LeadForm, NewLeadForm
from leads.identity.pairs import who_is
from leads.models import Connection, Field, Lead, Standing
from leads.requests import Request, posted
from leads.rows import best_first
from leads.timeline import timeline

ORIGIN = "By hand"
COLLEAGUES = 5
GRID = [[f"{letter}{digit}" for digit in "1234"] for letter in "ABCD"]


@require_safe
@permission_required("leads.view_lead", raise_exception=True)
def lead(request: Request, pk: int) -> HttpResponse:
    found = _lead(request, pk)
    context = {
        "lead": found,
        "may_change": request.user.has_perm("leads.change_lead", found),
        "standing": found.standing,
        "headline": headline(found),
        "grid": GRID,
        "completeness": completeness(found),
        "details": details(found, Field.objects.all()),
        "people": _people(request, found),
        "timeline": _timeline(request, found),
        "who": who_is(found, request.user),
        "synced": Connection.objects.visible_to(request.user).filter(team=found.team_id).exists(),
    }
    return render(request, "leads/lead.html", context)


@require_safe
@permission_required("leads.view_event", raise_exception=True)
def events(request: Request, pk: int) -> HttpResponse:
    """A page of the timeline: a fragment for htmx, else a page of its own."""
    found = _lead(request, pk)
    template = "leads/_timeline.html" if request.htmx else "leads/timeline.html"
    return render(request, template, {"lead": found, "timeline": _timeline(request, found)})


@permission_required("leads.change_lead", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Request, pk: int) -> HttpResponse:
    found = _lead(request, pk)
    if not request.user.has_perm("leads.change_lead", found):
        raise PermissionDenied
    form = LeadForm(posted(request), user=request.user, lead=found)
    if form.is_valid():
        try:
            saved = edit_lead(found, form.values(), company=form.company(), by=request.user, origin=ORIGIN)
        except IntegrityError:
            _add_twin(form)
        else:
            messages.success(request, f"{found} is saved.")
            for field in outranked(saved, form.kept):
                messages.warning(
                    request, f"{field} stays as it is: another source wins. What you wrote is kept beside it."
                )
            return redirect("lead", pk)
    return _form_page(request, form, _lead(request, pk))


@permission_required("leads.add_lead", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Request) -> HttpResponse:
    form = NewLeadForm(posted(request), user=request.user)
    if form.is_valid():
        values = {"team": form.of_team(), "source": ORIGIN} | form.values()
        try:
            made = create_lead(values, company=form.company(), by=request.user, origin=ORIGIN)
        except IntegrityError:
            _add_twin(form)
        else:
            messages.success(request, f"{made} is saved and will be scored in a moment.")
            return redirect("lead", made.pk)
    return _form_page(request, form)


def _form_page(request: Request, form: LeadForm, lead: Lead | None = None) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, "leads/lead_form.html", {"form": form, "lead": lead}, status=status)


def _lead(request: Request, pk: int) -> Lead:
    visible = Lead.objects.visible_to(request.user)
    return get_object_or_404(visible.select_related("company", "owner", "team", "standing"), pk=pk)


def _people(request: Request, lead: Lead) -> list[Standing]:
    """Who works for the same company, best first."""
    if lead.company_id is None:
        return []
    people = Standing.objects.visible_to(request.user).filter(lead__company=lead.company_id).select_related("lead")
    return list(best_first(people)[:COLLEAGUES])


def _timeline(request: Request, lead: Lead) -> Any:
    return at_cursor(request, lambda cursor: timeline(lead, request.user, cursor))


def _add_twin(form: LeadForm) -> None:
    """Somebody of the team has this address already: show who."""
    twin = Lead.objects.filter(team=form.of_team(), email=form.cleaned_data["email"]).first()
    form.add_error("email", f"{twin} has this address already. Open that lead, or write another address.")


urlpatterns: list[URLPattern] = [
    path("leads/new/", new, name="lead-new"),
    path("leads/<int:pk>/", lead, name="lead"),
    path("leads/<int:pk>/edit/", edit, name="lead-edit"),
    path("leads/<int:pk>/events/", events, name="lead-events"),
]
