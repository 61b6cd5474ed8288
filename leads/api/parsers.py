"""What the API reads: JSON, no larger than the settings allow."""

import json
from typing import Any

from django.conf import settings
from rest_framework import parsers, status
from rest_framework.exceptions import APIException, ParseError


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large. Send it in parts."
    default_code = "too_large"


class JSONParser(parsers.JSONParser):
    """Refuses bodies above DATA_UPLOAD_MAX_MEMORY_SIZE while reading, so that none is ever held in full."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge
        try:
            return json.loads(body.decode(), parse_constant=_refuse)
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None
        except ValueError as error:
            raise ParseError(f"This is not JSON we can take: {error}") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number of JSON")
