"""The tables of the reports as files for spreadsheets."""

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from leads.asked import problems_of, refused
from leads.requests import Request
from reports import exports
from reports.figures import Report
from reports.queries import REPORTS
from reports.scope import READ, ScopeForm
from reports.summaries import as_of, catch_up

NOT_YET = "The figures are still being counted. Ask again in a minute."


@require_safe
@permission_required(READ, raise_exception=True)
def spreadsheet(request: Request, name: str) -> HttpResponse:
    """One table as CSV, for the same scope as the page."""
    if name not in REPORTS:
        raise Http404
    return table_file(request, REPORTS[name])


def table_file(request: Request, report: Report, prefix: str = "") -> HttpResponse:
    """The rows of the scope in the address, for a spreadsheet; none while all is counted for the first time."""
    form = ScopeForm(request.GET, user=request.user)
    if problems := problems_of(form):
        return refused(problems)
    catch_up()
    if as_of() is None:
        return HttpResponse(NOT_YET, status=503, headers={"Content-Type": "text/plain; charset=utf-8"})
    scope = form.scope()
    file = exports.filename(report, scope.first, scope.last)
    answer = HttpResponse(exports.as_csv(report, scope), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{prefix}{file}"'
    return answer
