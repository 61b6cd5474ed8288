"""Who is counted in a figure: the leads, or the handoffs. As many as the figure says."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leads.asked import page_asked, problems_of
from leads.models import Lead
from leads.requests import Request
from reports.behind import CAME, HandoffsBehindForm, LeadsBehindForm
from reports.said import said
from reports.scope import ScopeForm
from reports.summaries import as_of, progress

PAGE = 50
WORDS = dict(
    zip(CAME, ("Leads", "Handed off", "Accepted", "With a deal", "Accepted and won", "Customers"), strict=True)
)


@require_safe
@permission_required("reports.view_report", raise_exception=True)
def leads(request: Request) -> HttpResponse:
    """The leads counted in a figure, the newest first."""
    asked, period = LeadsBehindForm(request.GET), ScopeForm(request.GET, user=request.user)
    if problems := [*problems_of(asked), *problems_of(period)]:
        return no_such(request, problems)
    scope = period.scope()
    age = {"as_of": as_of(), "anew": progress()}  # before what they say it of
    page = page_asked(request, asked.facts(scope), order="-created_at", size=PAGE)
    known = Lead.objects.visible_to(request.user).select_related("company", "owner", "standing")
    found = known.in_bulk([fact.pk for fact in page.rows])
    rows = [(fact, found[fact.pk]) for fact in page.rows if fact.pk in found]
    context = {"scope": scope, "page": page, "rows": rows, "number": asked.number(scope), "title": _title(asked)}
    return render(request, "reports/leads.html", context | age | {"said": said(asked)})


@require_safe
@permission_required("reports.view_report", raise_exception=True)
def handoffs(request: Request) -> HttpResponse:
    """The handoffs counted in a figure, the newest first."""
    asked, period = HandoffsBehindForm(request.GET), ScopeForm(request.GET, user=request.user)
    if problems := [*problems_of(asked), *problems_of(period)]:
        return no_such(request, problems)
    scope = period.scope()
    rows = asked.handoffs(scope)
    related = rows.select_related("lead__company", "decided_by", "team").prefetch_related(
        "feedback__reason", "feedback__by"
    )
    page = page_asked(request, related, order="-opened_at", size=PAGE)
    rep = page.rows[0].decided_by if page.rows else None
    context = {"scope": scope, "page": page, "number": rows.count(), "said": said(asked, rep)}
    return render(request, "reports/handoffs.html", context)


def no_such(request: Request, problems: list[str]) -> HttpResponse:
    """An address that asks for something there is not is no page, and says which part of it."""
    return render(request, "reports/no_such.html", {"problems": problems}, status=404)


def _title(asked: LeadsBehindForm) -> str:
    if asked.cleaned_data["at"]:
        return "Accepted, without a deal" if asked.cleaned_data["at"] == "sal" else "Open opportunities"
    return WORDS.get(asked.cleaned_data["came"], "Leads")
