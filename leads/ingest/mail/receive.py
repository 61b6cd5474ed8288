"""A webhook of an e-mail provider → messages, as the tracking protocol takes them."""

import copy
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from anymail.signals import EventType
from anymail.webhooks.base import AnymailBaseWebhookView
from django.http import HttpRequest, QueryDict

from leads.ingest import safe
from leads.ingest.mail.providers import Provider, view_of
from leads.ingest.normalise import addresses
from leads.ingest.people import look_up
from leads.ingest.tracking.body import BodyError, read_json
from leads.ingest.tracking.calls import Message
from leads.ingest.tracking.clock import EARLIEST
from leads.models import Source

LOOKS_LIKE_ONE = re.compile(r"[^@\s]+@[^@\s]+")
FORM = "mandrill_events"  # Mailchimp Transactional sends a form with JSON in it
LONGEST = 500
MOST_TAGS = 20
WAITS_FOR = "mailto:"  # events of addresses that no lead has wait under this name (leads/ingest/tracking/sql.py)


class Unsigned(ValueError):
    """Nobody who may has signed this."""


class Unreadable(ValueError):
    """Signed, and not what the provider sends."""


def verify(provider: Provider, secret: str, request: HttpRequest) -> AnymailBaseWebhookView:
    """The view that reads this request, whose signature holds. Raises Unsigned."""
    try:
        view = view_of(provider, secret)
        view.run_validators(request)
    except Exception as wrong:  # whatever a stranger sends: the signature does not hold
        raise Unsigned(str(wrong)) from None
    return view


def messages_of(
    source: Source, slug: str, provider: Provider, view: AnymailBaseWebhookView, request: HttpRequest, at: datetime
) -> list[Message]:
    """One message for each event of the request, received at that moment. Raises Unreadable."""
    messages = [_message(slug, provider, view, part, item, at) for item, part in _parts(request)]
    known = look_up(source, {("email", m.email) for m in messages if m.email})
    for message in messages:
        if message.email and ("email", message.email) not in known:
            message.anonymous_id, message.email = f"{WAITS_FOR}{message.email}"[:200], ""
    return messages


def _parts(request: HttpRequest) -> Iterator[tuple[Any, HttpRequest]]:
    """(event as it was sent, a request with it alone), so that one that is broken costs none of the others."""
    form = request.POST if request.content_type == "application/x-www-form-urlencoded" else None
    if form is not None and FORM not in form:
        yield form.dict(), request
        return
    try:
        body = read_json(form[FORM].encode("utf-8", "surrogateescape") if form else request.body)
    except BodyError as wrong:
        raise Unreadable(str(wrong)) from None
    for item, alone in _events(body):
        yield item, _with(request, json.dumps(alone), form=bool(form))


def _events(body: Any) -> list[tuple[Any, Any]]:
    """(event, a body with it alone): of a list, of {"events": […]}, or of one event."""
    match body:
        case list():
            return [(item, [item]) for item in body]
        case {"events": list() as items}:
            return [(item, {"events": [item]}) for item in items]
        case dict():
            return [(body, body)]
    raise Unreadable("Expected events: a JSON object or a list of them.")


def _with(request: HttpRequest, text: str, *, form: bool) -> HttpRequest:
    part = copy.copy(request)
    raw = urlencode({FORM: text}) if form else text
    part._body, part._read_started = raw.encode(), False  # type: ignore[attr-defined]
    if form:
        part._post = QueryDict(raw)  # type: ignore[attr-defined]
    return part


def _message(
    slug: str, provider: Provider, view: AnymailBaseWebhookView, part: HttpRequest, item: Any, at: datetime
) -> Message:
    message = Message(type="email", text=_shown(item))
    try:
        events = view.parse_events(part)
        if events:
            _fill(message, slug, provider, events[0], item, at)
        else:
            message.reason = "Empty: the provider tries whether we answer."
    except ValueError as wrong:
        message.reason = str(wrong)[:LONGEST]
    except Exception as wrong:  # what a provider never sends; anymail says only KeyError and the like
        message.reason = f"Not what {provider.name} sends ({type(wrong).__name__}: {wrong})."[:LONGEST]
    return message


def _fill(message: Message, slug: str, provider: Provider, event: Any, item: Any, at: datetime) -> None:
    if event.event_type in (EventType.UNKNOWN, EventType.INBOUND, EventType.INBOUND_FAILED):
        raise ValueError(f"{provider.name} says something here that is kept nowhere: it is no event of a mail sent.")
    if not event.recipient:
        raise ValueError("Whose mail was it? The event names no recipient.")
    email = _address(safe.text(str(event.recipient), 190, "recipient"))
    message.name = f"{event.event_type} {email}"[:150]
    message.kind, message.email = f"email_{event.event_type}", email
    message.message_id = _message_id(slug, provider.event_id(event, item), item)
    message.occurred_at = min(event.timestamp or at, at)
    if message.occurred_at < EARLIEST:
        raise ValueError(f"The date, {message.occurred_at.year}, is before 1970.")
    message.properties = safe.properties(_properties(provider, event))


def _address(said: str) -> str:
    """As leads have it. What only looks like an address, such as invalid@invalid, is kept: it did bounce."""
    try:
        return addresses.email(said)
    except ValueError:
        if not LOOKS_LIKE_ONE.fullmatch(said):
            raise
        return said.lower()


def _message_id(slug: str, event_id: str | None, item: Any) -> str:
    """The provider's id of the event; without one, by all it says: sent again it says the same."""
    if event_id and len(event_id) <= 130:
        return safe.text(f"{slug}:{event_id}", 150, "id")
    said = event_id or json.dumps(item, sort_keys=True)
    return f"{slug}:{hashlib.sha256(said.encode(errors='replace')).hexdigest()}"


def _properties(provider: Provider, event: Any) -> dict[str, Any]:
    said = {
        "provider": provider.name, "url": event.click_url, "reason": event.reject_reason,
        "description": event.description, "response": event.mta_response, "user_agent": event.user_agent,
        "mail": event.message_id,
    }  # fmt: skip
    kept: dict[str, Any] = {name: str(value)[:LONGEST] for name, value in said.items() if value not in (None, "")}
    tags = event.tags if isinstance(event.tags, list) else [event.tags]
    if tags := [str(tag)[:100] for tag in tags if tag][:MOST_TAGS]:
        kept["tags"] = tags
    if isinstance(event.metadata, dict) and event.metadata:
        kept["metadata"] = event.metadata
    return kept


def _shown(item: Any) -> str:
    """The event as the event debugger shows it."""
    return json.dumps(item, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
