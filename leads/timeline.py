"""What a lead did, latest first, in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch

from leads.keyset import page_of
from leads.models import Event, Lead, Quarantine

SIZE = 20
# What says most about an event, of what senders commonly put into it.
TELLING = ("title", "subject", "name", "form", "page", "url", "path", "campaign", "text", "note", "comment", "outcome")


@dataclass(frozen=True)
class Moment:
    what: str
    detail: str
    at: datetime
    key: bool
    quarantined: bool
    why: str = ""
    event: int = 0


@dataclass(frozen=True)
class Timeline:
    moments: list[Moment]
    older: str
    newer: str


def timeline(lead: Lead, user: Any, cursor: str = "") -> Timeline:
    """A page of the lead's events. Raises BadCursor."""
    events = Event.objects.visible_to(user).filter(lead=lead).select_related("kind", "source")
    events = events.prefetch_related(held_quarantine())
    page = page_of(events, order="-occurred_at", size=SIZE, cursor=cursor)
    return Timeline([moment(event) for event in page.rows], page.next, page.previous)


def moment(event: Event) -> Moment:
    what = event.kind.label
    return Moment(
        what[:1].upper() + what[1:],
        _detail(event),
        event.occurred_at,
        event.kind.by_lead and not event.quarantined,
        event.quarantined,
        why(event),
        event.pk,
    )


def held_quarantine() -> Prefetch:
    """For `why`: the quarantine that holds now."""
    return Prefetch("quarantines", Quarantine.objects.held(), to_attr="held")


def why(event: Any) -> str:
    """Why the event does not count; empty where it does."""
    if not event.quarantined:
        return ""
    return event.held[0].get_rule_display() if event.held else "In quarantine"


def _detail(event: Event) -> str:
    """The most telling property, and the source: "Cutting downtime, from Webinars"."""
    texts = (event.properties.get(name) for name in TELLING)
    telling = next((text for text in texts if isinstance(text, str) and text.strip()), "")
    return f"{telling[:160]}, from {event.source}" if telling else f"From {event.source}"
