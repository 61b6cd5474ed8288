"""The page of the reports, and each of its tables as a spreadsheet."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leads.charts import scale_top, whisker
from leads.requests import Request
from reports import exports
from reports.digest import digest_of
from reports.kpis import kpis
from reports.queries import REPORTS
from reports.queries.conversion import LabelConversion, conversion_by_label, verdict
from reports.queries.funnel import funnel
from reports.queries.handoffs import handoffs_by_label
from reports.queries.overview import overview
from reports.queries.reasons import rejection_reasons
from reports.scope import ScopeForm
from reports.summaries import catch_up


@require_safe
@permission_required("reports.view_report", raise_exception=True)
def index(request: Request) -> HttpResponse:
    """Everything about one period, against the period before."""
    catch_up()
    form = ScopeForm(request.GET, user=request.user)
    scope = form.scope()
    now, conversion = overview(scope), conversion_by_label(scope)
    reasons = rejection_reasons(scope)
    context = {
        "form": form,
        "scope": scope,
        "reports": REPORTS,
        "overview": now,
        "kpis": kpis(now, overview(scope.before)),
        "funnel": funnel(scope),
        "conversion": _charted(conversion),
        "verdict": verdict(conversion),
        "handoffs": handoffs_by_label(scope),
        "reasons": reasons,
        "most_given": max((row.given.k for row in reasons), default=0),
    }
    return render(request, "reports/index.html", context)


def _charted(rows: list[LabelConversion]) -> dict[str, Any]:
    top = scale_top(row.customers for row in rows)
    return {"top": top, "rows": [(row, whisker(row.customers, top)) for row in rows]}


@require_safe
@permission_required("leads.view_handoff", raise_exception=True)
def digest(request: Request) -> HttpResponse:
    """The past week of one's teams, as it is mailed on Mondays. For both sides."""
    return render(request, "reports/digest.html", {"digest": digest_of(request.user)})


@require_safe
@permission_required("reports.view_report", raise_exception=True)
def spreadsheet(request: Request, name: str) -> HttpResponse:
    """One table as CSV, for the same period and team as the page."""
    if name not in REPORTS:
        raise Http404
    form = ScopeForm(request.GET, user=request.user)
    if not form.is_valid():
        return HttpResponseBadRequest(form.errors.as_text(), content_type="text/plain; charset=utf-8")
    catch_up()
    scope = form.scope()
    file = exports.filename(REPORTS[name], scope.first, scope.last)
    answer = HttpResponse(exports.as_csv(REPORTS[name], scope), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{file}"'
    return answer
