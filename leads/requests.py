"""The request of a page, as its view may rely on it."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from leads.models import User


class Request(HttpRequest):
    """For annotations: behind the sign-in nobody is anonymous (LoginRequiredMiddleware lets no stranger through)."""

    user: User
    htmx: HtmxDetails
