"""The page of feedback, its tables as spreadsheets, and the handoffs behind a criterion."""

from typing import Any

from django import forms
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leads.asked import page_asked, problems_of
from leads.enums import DECIDED, HandoffState
from leads.requests import Request
from reports.feedback import TABLES
from reports.feedback.acceptance import DIMENSIONS, acceptance
from reports.feedback.criteria import FALSE, criteria_behind
from reports.feedback.points import all_of, points_given
from reports.feedback.reasons import reasons_given
from reports.feedback.snapshot import giving, misled_by
from reports.scope import Scope, ScopeForm
from reports.views.behind import no_such
from reports.views.files import table_file
from reports.views.frame import asked, page
from scoring.models import Criterion

PAGE = 50
FEW = 8  # criteria shown before the rest is asked for


@require_safe
@permission_required("reports.view_report", raise_exception=True)
def index(request: Request) -> HttpResponse:
    """What sales says in one period, against the period before."""
    read = asked(request)
    scope = read.scope
    points = points_given(scope)
    rows = all_of(points)
    groups = acceptance(scope, rows)
    return page(
        request, "reports/feedback.html", "What sales says", read, tables=TABLES,
        criteria=criteria_behind(scope, points), reasons=reasons_given(scope, rows),
        groups=[(TABLES[f"by-{dimension}"], groups[dimension]) for dimension in DIMENSIONS],
        handed_off=sum(row.handed_off for row in groups["team"]), false=FALSE,
    )  # fmt: skip


@require_safe
@permission_required("reports.view_report", raise_exception=True)
def spreadsheet(request: Request, name: str) -> HttpResponse:
    """One table as CSV, for the same scope as the page."""
    if name not in TABLES:
        raise Http404
    return table_file(request, TABLES[name], prefix="feedback-")


class BehindForm(forms.Form):
    """Which handoffs: of leads that had points of a criterion; of one state; of which sales says that it misled."""

    criterion = forms.IntegerField(min_value=1, max_value=10**9)
    state = forms.ChoiceField(required=False, choices=[(state.value, state.label) for state in DECIDED])
    misled = forms.BooleanField(required=False)

    def handoffs(self, scope: Scope) -> Any:
        asked, rows = self.cleaned_data, scope.handoffs().filter(state__in=DECIDED)
        if asked["state"]:
            rows = rows.filter(state=asked["state"])
        rows = (misled_by if asked["misled"] else giving)(rows, asked["criterion"])
        related = rows.select_related("lead__company", "decided_by", "team")
        return related.prefetch_related("feedback__reason", "feedback__by")


@require_safe
@permission_required("reports.view_report", raise_exception=True)
def handoffs(request: Request) -> HttpResponse:
    """The decided handoffs behind one criterion, in the scope of the page."""
    asked, period = BehindForm(request.GET), ScopeForm(request.GET, user=request.user)
    if problems := [*problems_of(asked), *problems_of(period)]:
        return no_such(request, problems)
    scope = period.scope()
    page, given = page_asked(request, asked.handoffs(scope), order="-opened_at", size=PAGE), asked.cleaned_data
    context = {
        "scope": scope,
        "page": page,
        "criterion": Criterion.objects.select_related("model").filter(pk=given["criterion"]).first(),
        "state": HandoffState(given["state"]).label if given["state"] else "",
        "misled": given["misled"],
    }
    return render(request, "reports/feedback_handoffs.html", context)
