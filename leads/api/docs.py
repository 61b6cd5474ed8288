"""The description of the API, for programs (/schema/) and for people (/docs/)."""

from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.urls import URLPattern, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import IsAuthenticated


class Schema(SpectacularAPIView):
    """The OpenAPI description of every endpoint."""

    permission_classes = [IsAuthenticated]


class Docs(SpectacularSwaggerSplitView):
    """The same, to read and to try out."""

    permission_classes = [IsAuthenticated]
    url_name = "api-schema"


def without_slash(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Where the slash at the end is optional, the schema shows the address without it."""
    return [(path.rstrip("/") if regex.endswith("/?$") else path, regex, *rest) for path, regex, *rest in endpoints]


# Swagger UI writes style attributes; its scripts come from our own files like all others.
relaxed = csp_update({"style-src": [SELF, UNSAFE_INLINE]})

urlpatterns: list[URLPattern] = [
    path("schema/", Schema.as_view(), name="api-schema"),
    path("docs/", relaxed(Docs.as_view()), name="api-docs"),
]
