"""The request of a page, as its view may rely on it, and who sends it."""

from django.conf import settings
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from leads.models import User


class Request(HttpRequest):
    """For annotations: behind the sign-in nobody is anonymous (LoginRequiredMiddleware lets no stranger through)."""

    user: User
    htmx: HtmxDetails


def client_address(request: HttpRequest) -> str:
    """Who sends. Behind a proxy that is trusted, what the proxy itself says of them."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.SECURE_PROXY_SSL_HEADER else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")
