"""What every answer carries."""

import re
from collections.abc import Callable
from urllib.parse import urlencode

from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect
from rest_framework.exceptions import APIException

from leads.api.authentication import TokenAuthentication
from leads.people.zones import zone_for

MEGABYTE = 1024 * 1024
SMALL = 5 * MEGABYTE
Handler = Callable[[HttpRequest], HttpResponse]


class NoStoreMiddleware:
    """Answers that belong to one person are never kept by a cache in between."""

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class TimeZoneMiddleware:
    """Times are shown in the zone the person chose, else their team's, else the installation's.

    Stands below AuthenticationMiddleware.
    """

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:  # nobody; asking would make every answer vary by cookie
            return self.get_response(request)
        with timezone.override(zone_for(request.user)):
            return self.get_response(request)


class UploadLimitMiddleware:
    """A body larger than may come is refused by its length, before any of it is read.

    Files to import may be long, from people who are signed in; anything else in parts is a form or a small file.
    Bodies that are not sent in parts have Django's own limit. Stands below AuthenticationMiddleware, above CSRF checks
    of the view, which would read the body.
    """

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        size = int(length) if length.isdigit() else 0
        if size > SMALL and request.content_type == "multipart/form-data" and size > _most(request):
            return HttpResponse(
                f"Larger than {_most(request) // MEGABYTE} MB. Cut the file in two, or sign in to import files.\n",
                status=413, content_type="text/plain; charset=utf-8",
            )  # fmt: skip
        return self.get_response(request)


def _most(request: HttpRequest) -> int:
    importing = request.path == reverse("imports") and request.user.is_authenticated
    importing = importing or request.path.rstrip("/") == reverse("api-import-list").rstrip("/") and _has_token(request)
    return settings.IMPORT_MAX_BYTES + MEGABYTE if importing else SMALL


def _has_token(request: HttpRequest) -> bool:
    try:
        return TokenAuthentication().authenticate(request) is not None  # type: ignore[arg-type]
    except APIException:
        return False


class AdminPolicyMiddleware:
    """The admin's own content policy: its look (django-unfold) is built with Alpine.js, which evaluates attributes.

    Still nothing is fetched from elsewhere. Stands below CSPMiddleware, which writes the header.
    """

    policy = {"script-src": [UNSAFE_EVAL, UNSAFE_INLINE], "style-src": [UNSAFE_INLINE]}

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(reverse("admin:index")):
            response._csp_update = self.policy  # type: ignore[attr-defined]
        return response


class AdminMethodsMiddleware:
    """The admin is read with GET and changed with POST; its pages would take any other method for reading."""

    allowed = ("GET", "HEAD", "POST")

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(reverse("admin:index")) and request.method not in self.allowed:
            return HttpResponseNotAllowed(self.allowed)
        return self.get_response(request)


class SignInAgainMiddleware:
    """Where a session ended while a page was open, signing in leads back to that page.

    Stands above LoginRequiredMiddleware, which would lead back to what was asked for last: a part of a page, or an
    address that only takes what a form sends. htmx, too, would follow its redirect and put the sign-in form into the
    part.
    """

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        sign_in = f"{resolve_url(settings.LOGIN_URL)}?"
        if not response.get("Location", "").startswith(sign_in):
            return response
        if "HX-Request" in request.headers:
            return HttpResponseClientRedirect(sign_in + _back_to(request.headers.get("HX-Current-URL")))
        if request.method == "POST":
            return HttpResponseRedirect(sign_in + _back_to(request.headers.get("Referer")))
        return response


def _back_to(page: str | None) -> str:
    """Of an address on any host only what is ours: path and query."""
    return urlencode({"next": re.sub(r"^[a-z]+://[^/]*", "", page or "") or "/"})
