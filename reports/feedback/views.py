"""The page of feedback, its tables as spreadsheets, and the handoffs behind a criterion."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leads.keyset import BadCursor, page_of
from leads.models import Handoff
from leads.requests import Request
from reports.feedback import TABLES
from reports.feedback.acceptance import DIMENSIONS, acceptance
from reports.feedback.criteria import FALSE, criteria_behind
from reports.feedback.reasons import reasons_given
from reports.feedback.scope import DECIDED
from reports.feedback.snapshot import giving, misled_by
from reports.scope import Scope, ScopeForm
from reports.views.frame import asked, page, table_file
from scoring.models import Criterion

PAGE = 50
FEW = 8  # criteria shown before the rest is asked for


@require_safe
@permission_required("reports.view_report", raise_exception=True)
def index(request: Request) -> HttpResponse:
    """What sales says in one period, against the period before."""
    read = asked(request)
    scope = read.scope
    groups = acceptance(scope)
    return page(
        request, "reports/feedback.html", "What sales says", read, tables=TABLES, criteria=criteria_behind(scope),
        reasons=reasons_given(scope),
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


@require_safe
@permission_required("reports.view_report", raise_exception=True)
def handoffs(request: Request) -> HttpResponse:
    """The decided handoffs behind one criterion: `criterion` (its number), `state`, `misled` and the scope."""
    scope = ScopeForm(request.GET, user=request.user).scope()
    number = request.GET.get("criterion", "")
    if not number.isdecimal() or len(number) > 9:
        raise Http404
    try:
        found = page_of(_behind(request, scope, int(number)), order="-opened_at", size=PAGE,
                       cursor=request.GET.get("cursor", ""))  # fmt: skip
    except BadCursor:
        raise Http404 from None
    return render(request, "reports/feedback_handoffs.html", _shown(request, scope, int(number)) | {"page": found})


def _behind(request: Request, scope: Scope, criterion: int) -> Any:
    rows = scope.handoffs().filter(state__in=DECIDED)
    if (state := request.GET.get("state")) in DECIDED:
        rows = rows.filter(state=state)
    rows = misled_by(rows, criterion) if request.GET.get("misled") else giving(rows, criterion)
    related = rows.select_related("lead__company", "decided_by", "team")
    return related.prefetch_related("feedback__reason", "feedback__by")


def _shown(request: Request, scope: Scope, number: int) -> dict[str, Any]:
    query = request.GET.copy()
    query.pop("cursor", None)
    return {
        "scope": scope,
        "criterion": Criterion.objects.select_related("model").filter(pk=number).first(),
        "state": dict(Handoff._meta.get_field("state").flatchoices).get(request.GET.get("state", ""), ""),
        "misled": bool(request.GET.get("misled")),
        "query": query.urlencode(),
    }
