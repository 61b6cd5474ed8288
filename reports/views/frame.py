"""What every page of the reports has: the scope of its address, the way to the other pages, how old the figures are."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from leads.access import teams_with
from leads.asked import problems_of
from leads.requests import Request
from reports.days import DAY, today
from reports.models import Fact
from reports.scope import READ, Scope, ScopeForm
from reports.summaries import as_of, catch_up, count_now, progress

SOURCES = 200
ENOUGH_DAYS = 150  # so long ago has a report to begin for some of its leads to be 90 days old

# Title, the name of its address; the scope is taken along.
TABS = (
    ("Overview", "reports"), ("Impact of scoring", "report-impact"), ("Funnel", "report-funnel"),
    ("The score", "report-score"), ("Sources", "report-sources"), ("Sales' answers", "report-answers"),
    ("Forecast", "forecast"),
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What an address asks for, and how old the figures are: `as_of` is read before them, so none is older than that.

    `anew`: the part done of what is counted anew; None: nothing is.
    """

    form: ScopeForm
    scope: Scope
    as_of: datetime | None
    anew: float | None


def asked(request: Request) -> Asked:
    """The scope in the address, once what little has changed is counted."""
    form = ScopeForm(request.GET, user=request.user)
    catch_up()
    return Asked(form, form.scope(), as_of(), progress())


def page(request: Request, template: str, title: str, asked: Asked, **context: Any) -> HttpResponse:
    """A page of the reports, with its frame. `earlier`: the address of a year, where the days are too few to tell."""
    scope = asked.scope
    sources = list(scope.sources()[:SOURCES])
    frame = {
        "title": title, "form": asked.form, "problems": problems_of(asked.form), "scope": scope,
        "tabs": list(_tabs(request, scope)), "as_of": asked.as_of, "anew": asked.anew,
        "sources": sources, "begun": bool(sources) or _has_leads(request),
        "earlier": _earlier(scope),
    }  # fmt: skip
    return render(request, template, frame | context)


def _has_leads(request: Request) -> bool:
    """Whether this person's teams ever had a lead, whatever the days and the source."""
    return Fact.objects.filter(team__in=teams_with(request.user, READ)).exists()


def _earlier(scope: Scope) -> str:
    """Leads that came lately are too young for what happens within 90 days, and the last 90 days have no others."""
    if scope.first <= today() - ENOUGH_DAYS * DAY:
        return ""
    return replace(scope, first=scope.last - 364 * DAY).query


def _tabs(request: Request, scope: Scope) -> Iterator[tuple[str, str, bool]]:
    """The title of each page, its address with the same scope, and whether it is this one."""
    for title, name in TABS:
        url = reverse(name)
        yield title, f"{url}?{scope.query}", request.path == url


@require_POST
@permission_required("reports.view_report", raise_exception=True)
def summary(request: Request) -> HttpResponse:
    """Count what has changed now, not in half a minute, and go back to the report."""
    count_now()
    back = request.POST.get("next", "")
    here = url_has_allowed_host_and_scheme(back, {request.get_host()}) and back.startswith("/")
    return redirect(back if here else "reports")
