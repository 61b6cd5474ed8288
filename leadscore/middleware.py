"""What every answer carries."""

from collections.abc import Callable

from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

Handler = Callable[[HttpRequest], HttpResponse]


class NoStoreMiddleware:
    """Answers that belong to one person are never kept by a cache in between."""

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


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
