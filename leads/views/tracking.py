"""The tracking protocol over HTTP: what websites, apps and servers send with a write key."""

import base64
import binascii
import hashlib
import logging
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, re_path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET

from leads.ingest.tracking import TYPES, BodyError, TooLargeError, messages_of, read_body, receive
from leads.ingest.tracking.throttle import wait_for
from leads.models import Source, WriteKey
from leads.views.hooks import refuse

logger = logging.getLogger(__name__)

CALLS = ("batch", "import", *TYPES)
# What analytics.js calls them.
SHORT = {call[0]: call for call in TYPES} | {"b": "batch"}
SOON = 5  # seconds
A_DAY = 86_400
View = Callable[..., HttpResponse]


def from_anywhere(view: View) -> View:
    """Pages of other sites may call it, without credentials: it asks for no cookie and sets none."""

    @csrf_exempt
    @login_not_required
    @wraps(view)
    def open_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = HttpResponse(status=204) if request.method == "OPTIONS" else view(request, *args, **kwargs)
        answer["Access-Control-Allow-Origin"] = "*"
        if request.method == "OPTIONS":
            answer["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
            answer["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Content-Encoding"
            answer["Access-Control-Max-Age"] = str(A_DAY)
        return answer

    return open_view


@from_anywhere
def collect(request: HttpRequest, call: str) -> HttpResponse:
    """Messages of one source. 200 means they are committed, or were before; which were refused, the debugger tells."""
    if request.method != "POST":
        return refuse(405, "Send messages with POST.", Allow="POST, OPTIONS")
    try:
        return _collect(request, SHORT.get(call, call))
    except TooLargeError as wrong:
        return refuse(413, str(wrong))
    except BodyError as wrong:
        return refuse(400, str(wrong))
    except DatabaseError:
        logger.exception("messages could not be stored; their sender was told to try again")
        return refuse(503, "Nothing was stored. Try again.", **{"Retry-After": str(SOON)})


def _collect(request: HttpRequest, call: str) -> HttpResponse:
    received_at = timezone.now()
    key = _key_of_header(request)
    source = _source(key) if key else None
    if key and source is None:
        return refuse(401, "This write key is not known, or was revoked.")
    payload = read_body(request, request.headers.get("Content-Encoding", ""))
    if source is None:
        source = _source(_key_of_body(payload))
    if source is None:
        return refuse(401, "Send a write key: as the user name of Basic authentication, or as writeKey in the body.")
    messages = messages_of(payload, call, received_at)
    seconds = wait_for(source.pk, len(messages))
    if seconds:
        return refuse(429, "Too many messages at once. Wait a moment.", **{"Retry-After": str(seconds)})
    receive(source, messages, received_at)
    return JsonResponse({"success": True})


def _key_of_header(request: HttpRequest) -> str:
    scheme, _, packed = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(packed).decode("latin1").partition(":")[0].strip()
    except (binascii.Error, ValueError):
        return "?"


def _key_of_body(payload: Any) -> str:
    key = payload.get("writeKey") if isinstance(payload, dict) else ""
    return key.strip() if isinstance(key, str) else ""


def _source(key: str) -> Source | None:
    found = WriteKey.objects.valid(key) if key else None
    return found.source if found else None


@from_anywhere
@require_GET
def project_settings(request: HttpRequest, key: str) -> HttpResponse:
    """What analytics.js asks before it starts: where to send. The same for every key, known or not."""
    to = {"apiKey": key, "apiHost": f"{request.get_host()}/v1", "protocol": request.scheme}
    return JsonResponse({"integrations": {"Segment.io": to}, "plan": {}, "edgeFunction": {}})


@from_anywhere
@require_GET
def script(request: HttpRequest) -> HttpResponse:
    """t.js, the script for websites (docs/tracking.md). Kept by browsers for a day, and asked for anew by its tag."""
    tag, body = _script()
    kept = request.headers.get("If-None-Match") == tag
    answer = HttpResponse(status=304) if kept else HttpResponse(body, content_type="text/javascript; charset=utf-8")
    answer["ETag"] = tag
    answer["Cache-Control"] = f"public, max-age={A_DAY}"
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


@cache
def _script() -> tuple[str, str]:
    """(tag, text): the source without its comment and indentation."""
    lines = Path(str(finders.find("js/t.js"))).read_text(encoding="utf-8").splitlines()
    text = "\n".join(line.strip() for line in lines if line.strip() and not line.startswith("//"))
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"', text


urlpatterns: list[URLPattern] = [
    re_path(rf"^v1/(?P<call>{'|'.join(CALLS)}|[{''.join(SHORT)}])/?$", collect, name="collect"),
    path("t.js", script, name="t.js"),
    path("v1/projects/<str:key>/settings", project_settings, name="project-settings"),
]
