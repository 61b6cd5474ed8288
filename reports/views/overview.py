"""The overview: the figures of one period against the period before, what matters to the reader first."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from leads.charts import funnel_steps, scale_top, whisker
from leads.enums import Role
from leads.requests import Request
from leads.templatetags.ui import percent
from reports import drawings
from reports.behind import address
from reports.columns import handoffs, since
from reports.kpis import kpis
from reports.queries import REPORTS
from reports.queries.conversion import LabelConversion, conversion_by_label, verdict
from reports.queries.funnel import Funnel, Step, funnel
from reports.queries.handoffs import handoffs_by_label
from reports.queries.overview import overview
from reports.queries.reasons import rejection_reasons
from reports.queries.reps import reps
from reports.queries.sources import sources
from reports.scope import Scope
from reports.tables import table
from reports.views.frame import asked, page

# The cards below the key figures, in the order of who reads: marketing asks where good leads come from, a manager what
# sales does with them.
CARDS = ("trend", "halves", "sources", "handoffs", "reasons", "reps")
FIRST = {
    Role.MANAGER: ("trend", "halves", "handoffs", "reps", "reasons", "sources"),
    Role.MARKETING: ("trend", "halves", "sources", "reasons", "handoffs", "reps"),
}
BESIDE = ("good", "half")  # of sources, what stands on their own page alone
SHOWN = {"overview", "funnel", "conversion", "handoffs", "reasons", "sources", "reps"}


@require_safe
@permission_required("reports.view_report", raise_exception=True)
def index(request: Request) -> HttpResponse:
    """Everything about one period, against the period before."""
    read = asked(request)
    scope = read.scope
    rows, earlier = since(handoffs(scope, before=True), scope)
    now, conversion, reasons = overview(scope, rows), conversion_by_label(scope), rejection_reasons(scope, rows)
    came, opened = funnel(scope), REPORTS["handoffs"]
    return page(
        request, "reports/index.html", "Reports", read,
        cards=[f"reports/_overview_{card}.html" for card in _cards(request)],
        reports={name: report for name, report in REPORTS.items() if name in SHOWN},
        overview=now, kpis=kpis(now, overview(scope.before, earlier), scope), trend=drawings.arrivals(scope),
        funnel=came, steps=_steps(came, scope), conversion=_charted(conversion, scope), verdict=verdict(conversion),
        handoffs=table(opened, handoffs_by_label(scope, rows), scope),
        reasons=[(row, address(scope, "rejected", row.only)) for row in reasons],
        most_given=max((row.given.k for row in reasons), default=0),
        source_table=table(REPORTS["sources"], sources(scope, timed=False)[:8], scope, without=BESIDE),
        reps=table(REPORTS["reps"], reps(scope, rows), scope),
    )  # fmt: skip


def _cards(request: Request) -> tuple[str, ...]:
    roles = request.user.roles
    return next((order for role, order in FIRST.items() if role in roles and Role.ADMIN not in roles), CARDS)


def _steps(came: Funnel, scope: Scope) -> list[Any]:
    return funnel_steps(
        [step.step for step in came.steps], [step.leads for step in came.steps], notes=list(map(_note, came.steps)),
        urls=[address(scope, "leads", step.only) for step in came.steps], leak=came.leak,
    )  # fmt: skip


def _note(step: Step) -> str:
    if step.of_previous is None:
        return "all"
    share = step.of_previous.share
    return f"of {step.of_previous.n:,} so far" if share is None else f"{percent(share)} of previous"


def _charted(rows: list[LabelConversion], scope: Scope) -> dict[str, Any]:
    top = scale_top(row.customers for row in rows)
    drawn = [(row, whisker(row.customers, top), address(scope, "customers", row.only)) for row in rows]
    return {"top": top, "rows": drawn}
