"""Addresses of a merged lead lead on to its survivor, on pages and in the API alike."""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseRedirectBase

from leads.identity import current_id
from leads.models import Lead

OF_A_LEAD = re.compile(r"^(?P<before>/(?:.*/)?leads/)(?P<id>[0-9]{1,18})(?P<after>/.*)$")


class SameAgain(HttpResponseRedirectBase):
    """Ask there, with the same method and body. Not for ever: a merge can be undone."""

    status_code = 307


class MergedLeadsMiddleware:
    """Answers with the survivor's address where a lead is not there because it was merged.

    Only to those who may see the survivor; for everybody else a merged lead is not there, like any other.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        place = OF_A_LEAD.match(request.path) if response.status_code == 404 else None
        if place is None or not getattr(request, "user", None) or not request.user.is_authenticated:
            return response
        asked = int(place["id"])
        survivor = current_id(asked)
        if survivor == asked or not Lead.objects.visible_to(request.user).filter(pk=survivor).exists():
            return response
        query = f"?{request.META['QUERY_STRING']}" if request.META.get("QUERY_STRING") else ""
        kind = HttpResponseRedirect if request.method in ("GET", "HEAD") else SameAgain
        return kind(f"{place['before']}{survivor}{place['after']}{query}")
