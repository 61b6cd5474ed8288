"""Feedback for programs: GET feedback/summary, GET feedback/summary/<name>?from=&to=&team=&model=&source=."""

from django.http import Http404
from django.urls import re_path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from reports.api import PARAMETERS, ReportView, answered, described
from reports.feedback import TABLES


class SummaryList(ReportView):
    """The tables of feedback there are, with the definition of every figure."""

    @extend_schema(operation_id="feedback_summaries_list", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        return Response({"results": [described(report) for report in TABLES.values()]})


class SummaryDetail(ReportView):
    """One table. A rate is {k, n, share, low, high}: k of n and its 95 % interval; null under 30 cases."""

    @extend_schema(operation_id="feedback_summary", responses=OpenApiTypes.OBJECT, parameters=PARAMETERS)
    def get(self, request: Request, name: str) -> Response:
        report = TABLES.get(name)
        if report is None:
            raise Http404
        return Response(described(report) | answered(report, request))


urlpatterns = [
    re_path(r"^feedback/summary/?$", SummaryList.as_view(), name="api-feedback-summaries"),
    re_path(r"^feedback/summary/(?P<name>[a-z-]+)/?$", SummaryDetail.as_view(), name="api-feedback-summary"),
]
