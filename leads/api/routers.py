"""Addresses of the API, with and without the slash at the end."""

from typing import Any

from rest_framework.routers import SimpleRouter


class Router(SimpleRouter):
    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"

    def register(self, prefix: str, viewset: Any, basename: str | None = None) -> None:
        """Names begin with "api-": the page `handoff-rejection` and the endpoint of that noun are two addresses."""
        super().register(prefix, viewset, f"api-{basename or self.get_default_basename(viewset)}")
