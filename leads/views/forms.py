"""Lead forms: a plain HTML form of any website is sent here, and makes or finds a lead."""

import uuid
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from leads.ingest.normalise import addresses
from leads.ingest.tracking import messages_of, receive
from leads.ingest.tracking.throttle import too_often
from leads.models import Call, LeadForm
from leads.requests import client_address
from leads.views.tracking import from_anywhere

# People do not see these two: the first is filled in by robots only, the second by t.js or by hand.
TRAP = "fax_extension"
VISITOR = "anonymous_id"
MOST_A_MINUTE = 10
MOST_FIELDS = 100
LONGEST_NAME, LONGEST_VALUE = 100, 5_000


@from_anywhere
@require_POST
def lead_form(request: HttpRequest, key: str) -> HttpResponse:
    """Take a form. The sender goes on to the page the form's owner has set, and nowhere else."""
    try:
        form = get_object_or_404(LeadForm.objects.select_related("source"), key=key, closed_at=None)
        if too_often(f"form:{form.pk}:{client_address(request)}", MOST_A_MINUTE):
            return _page(request, "Too many at once", "Wait a minute, then send the form again.", 429)
        said = fields_of(request)
        if said.pop(TRAP, ""):
            _note_robot(form, said)
        elif not _is_address(said.get("email", "")):
            return _page(request, "The e-mail address is missing", "Go back, fill it in, and send the form again.", 422)
        else:
            receive(form.source, messages_of({"batch": _messages(form, said, request)}, "batch", timezone.now()),
                    timezone.now())  # fmt: skip
    except DatabaseError:
        return _page(request, "This did not work", "Nothing was kept. Go back and send the form again.", 503)
    if form.thanks_url:
        return HttpResponseRedirect(form.thanks_url)
    return _page(request, "Thank you", "Your message has arrived.", 200)


def fields_of(request: HttpRequest) -> dict[str, str]:
    """The fields that hold text, by name, each cut to what is kept."""
    pairs = list(request.POST.items())[:MOST_FIELDS]
    return {
        name[:LONGEST_NAME]: _storable(value)
        for name, value in pairs
        if isinstance(value, str) and value.strip() and name.isprintable()
    }


def _storable(value: str) -> str:
    return value.replace("\0", "").encode("utf-8", "replace").decode().strip()[:LONGEST_VALUE]


def _is_address(text: str) -> bool:
    try:
        return bool(addresses.email(text)) if text else False
    except ValueError:
        return False


def _messages(form: LeadForm, said: dict[str, str], request: HttpRequest) -> list[dict[str, Any]]:
    """What the form says of the person, and that it was sent."""
    whose = {"anonymousId": said.pop(VISITOR, "")[:200] or None}
    page = {"url": request.headers.get("Referer", "")[:500]}
    event = {"type": "track", "event": "Form Submitted", "messageId": uuid.uuid4().hex}
    context = {"page": page, "traits": said, "userAgent": request.headers.get("User-Agent", "")}
    return [{**event, **whose, "context": context, "properties": {**said, "form": form.name}}]


def _note_robot(form: LeadForm, said: dict[str, str]) -> None:
    """For the event debugger; the robot is thanked like anybody."""
    Call.objects.create(
        source=form.source, type="form", name=form.name, result=Call.REJECTED,
        reason="Sent by a robot: the field that people do not see was filled in.", payload=str(said)[:4000],
    )  # fmt: skip


def _page(request: HttpRequest, title: str, text: str, status: int) -> HttpResponse:
    return render(request, "leads/form_answer.html", {"title": title, "text": text}, status=status)


urlpatterns: list[URLPattern] = [path("f/<str:key>/", lead_form, name="lead-form")]
