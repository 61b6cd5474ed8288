"""The week that is mailed on Mondays, as a page."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leads.charts.picture import Stacked
from leads.requests import Request
from reports.digest import digest_of


@require_safe
@permission_required("leads.view_handoff", raise_exception=True)
def digest(request: Request) -> HttpResponse:
    """The past week of one's teams. For both sides."""
    said = digest_of(request.user)
    teams = [(team, Stacked.of(team["picture"]).chart) for team in said["teams"]]
    return render(request, "reports/digest.html", {"digest": said, "teams": teams})
