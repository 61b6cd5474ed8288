"""Every refusal of the API is JSON that says what to do: {"error": "…", "fields": {"email": ["…"]}}."""

import logging
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from leads.api.parsers import TooLarge

logger = logging.getLogger(__name__)

NOT_FOUND = "Not found. It is not there, or it belongs to a team you are not in."
FORBIDDEN = "Your roles do not allow this. Ask an admin of the team."


class Conflict(exceptions.APIException):
    """Somebody was first, or it is there already. `told` stands in the answer beside `error`."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "Somebody changed this meanwhile. Read it again."
    default_code = "conflict"

    def __init__(self, detail: str | None = None, **told: Any) -> None:
        super().__init__(detail)
        self.told = told


class Unavailable(exceptions.APIException):
    """The database is away, or was asked too much at once: `wait` seconds later it may do."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The database could not do this just now. Send it again in a moment."
    default_code = "unavailable"
    wait = 5


def answer(error: Exception, context: dict[str, Any]) -> Response:
    """The answer to an exception of an API view; what nobody foresaw is logged and answered with 500."""
    if isinstance(error, DjangoValidationError):
        error = exceptions.ValidationError(error.message_dict if hasattr(error, "error_dict") else error.messages)
    if isinstance(error, RequestDataTooBig):
        error = TooLarge()
    if isinstance(error, OperationalError | InterfaceError):
        logger.warning("API: the database could not do this: %s", str(error).strip())
        error = Unavailable()
    response = exception_handler(error, context)
    if response is None:
        return _unforeseen(error, context)
    response.data = _body(error)
    return response


def _body(error: Exception) -> dict[str, Any]:
    if isinstance(error, Http404 | exceptions.NotFound):
        return {"error": NOT_FOUND}
    if isinstance(error, exceptions.ValidationError):
        if isinstance(error.detail, dict):
            return {"error": "Some values cannot be taken: see fields.", "fields": error.detail}
        return {"error": " ".join(str(part) for part in error.detail)}
    if isinstance(error, DjangoPermissionDenied):
        return {"error": FORBIDDEN}
    detail = str(getattr(error, "detail", error))
    said = FORBIDDEN if detail == exceptions.PermissionDenied.default_detail else detail
    return {"error": said} | getattr(error, "told", {})


def _unforeseen(error: Exception, context: dict[str, Any]) -> Response:
    request = getattr(context.get("request"), "_request", None)
    logger.error("API: %s", error, exc_info=error)
    got_request_exception.send(sender=answer, request=request)
    return Response({"error": "Something went wrong here; nothing was changed. It has been logged."}, status=500)


@csrf_exempt
@login_not_required
def not_found(request: HttpRequest) -> JsonResponse:
    """Below /api/ even an address that does not exist is answered with JSON."""
    return JsonResponse({"error": f"No such address. What there is: {reverse('api-docs')}"}, status=404)
