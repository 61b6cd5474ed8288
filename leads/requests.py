"""The request of a page, as its view may rely on it: who sends it, and what was sent."""

from django.conf import settings
from django.http import HttpRequest, QueryDict
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


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: None until it is sent, and what was sent then, if nothing was filled in."""
    return request.POST if request.method == "POST" else None


def ids_of(request: HttpRequest, name: str) -> set[int]:
    """The rows that were ticked in the boxes of this name."""
    return {pk for text in request.POST.getlist(name) if (pk := whole(text))}


def whole(text: str, digits: int = 18) -> int:
    """The whole number that was sent; 0 where it is none, or has more digits than any of ours."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= digits else 0
