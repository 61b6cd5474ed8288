"""The reports for programs: GET reports, GET reports/<name>?from=&to=&team=&model=&source=."""

from typing import Any, cast

from django.http import Http404
from django.urls import re_path
from django_filters.utils import translate_validation
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.models import User
from reports.digest import digest_of
from reports.exports import as_values
from reports.figures import Report
from reports.queries import REPORTS
from reports.scope import ScopeForm
from reports.summaries import as_of, catch_up, count_now

PARAMETERS = [
    OpenApiParameter("from", OpenApiTypes.DATE, description="First day. Default: 90 days back."),
    OpenApiParameter("to", OpenApiTypes.DATE, description="Last day. Default: today."),
    OpenApiParameter("team", str, description="Slug of one of your teams. Default: all of them."),
    OpenApiParameter("model", str, description="Slug of a model: leads, or handoffs, with a label that it gave."),
    OpenApiParameter("source", str, description="Where the leads come from."),
]


class ReportView(APIView):
    permissions = {"GET": "reports.view_report"}


class ReportList(ReportView):
    """The reports there are, with the definition of every figure."""

    @extend_schema(operation_id="reports_list", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        return Response({"results": [described(report) for report in REPORTS.values()]})


class ReportDetail(ReportView):
    """One report. A rate is {k, n, share, low, high}: k of n and its 95 % interval; null under 30 cases."""

    @extend_schema(responses=OpenApiTypes.OBJECT, parameters=PARAMETERS)
    def get(self, request: Request, name: str) -> Response:
        report = REPORTS.get(name)
        if report is None:
            raise Http404
        return Response(described(report) | answered(report, request))


class SummaryView(ReportView):
    """Up to which moment everything that happened is in the reports; POST counts what has happened since."""

    permissions = {"GET": "reports.view_report", "POST": "reports.view_report"}

    @extend_schema(operation_id="reports_summary", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        return Response({"as_of": as_of()})

    @extend_schema(operation_id="reports_summary_count", request=None, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request) -> Response:
        """At most five seconds; the rest is counted in the background, and `complete` says false."""
        complete = count_now()
        return Response({"as_of": as_of(), "complete": complete})


class DigestView(APIView):
    """The past week of your teams, as it is mailed on Mondays. Marketing and sales alike."""

    permissions = {"GET": "leads.view_handoff"}

    @extend_schema(operation_id="reports_digest", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        return Response(digest_of(cast(User, request.user)))


def answered(report: Report, request: Request) -> dict[str, Any]:
    """What was asked for, its rows, and as of when they are: read before them, so no figure is older than it says.

    There are no rows while `as_of` is null: everything is being counted for the first time, or after an upgrade.
    """
    form = ScopeForm(request.query_params, user=cast(User, request.user))
    if not form.is_valid():
        raise translate_validation(form.errors)
    scope = form.scope()
    catch_up()
    asked = {
        "from": scope.first, "to": scope.last, "team": scope.team and scope.team.slug,
        "model": scope.model and scope.model.slug, "source": scope.source or None, "as_of": as_of(),
    }  # fmt: skip
    return asked | {"rows": [as_values(row) for row in report.rows(scope)] if asked["as_of"] else []}


def described(report: Report) -> dict[str, Any]:
    return {
        "name": report.name,
        "title": report.title,
        "about": report.about,
        "definitions": {name: figure.means for name, figure in report.figures.items()},
    }


urlpatterns = [
    re_path(r"^reports/?$", ReportList.as_view(), name="api-reports"),
    re_path(r"^reports/summary/?$", SummaryView.as_view(), name="api-report-summary"),
    re_path(r"^reports/digest/?$", DigestView.as_view(), name="api-digest"),
    re_path(r"^reports/(?P<name>[a-z-]+)/?$", ReportDetail.as_view(), name="api-report"),
]
