"""How the description of the API is made."""

from typing import Any

from drf_spectacular.openapi import AutoSchema


class Described(AutoSchema):
    """Only what is read comes in pages: a POST that answers with several rows gives them all."""

    def _get_paginator(self) -> Any:
        return super()._get_paginator() if self.method == "GET" else None
