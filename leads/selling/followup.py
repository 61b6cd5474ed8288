"""After a rep took a lead: the next step and the first touch. The deal is beside it, in deals.py."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db.models import F, Func, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from leads import ingest
from leads.enums import HandoffState, SourceKind
from leads.history import attributed
from leads.ingest.by_hand import BY_HAND
from leads.ingest.records import EventRecord
from leads.models import Event, Handoff, Lead, Source, User
from leads.retry import retried

# How a rep reached out → the kind of event.
WAYS = {"call": "call_held", "email": "email_sent", "meeting": "meeting_held"}
TOUCHES = ("call_held", "call_attempted", "meeting_held", "meeting_planned", "email_sent")
# An e-mail of one of these channels was written by a person; the others are campaigns.
BY_PEOPLE = (SourceKind.CRM, SourceKind.MANUAL, SourceKind.API)


@retried
def plan(handoff: Handoff, *, by: User, text: str, on: date | None = None) -> Handoff:
    """What the rep does next with the lead, and when. Empty: nothing is planned."""
    accepted(handoff)
    Handoff.objects.filter(pk=handoff.pk).update(next_step=text[:200], next_on=on if text else None)
    handoff.refresh_from_db(fields=["next_step", "next_on"])
    return handoff


@retried
def contacted(handoff: Handoff, *, by: User, how: str, note: str = "") -> Handoff:
    """The rep reached out just now: an event of the lead. The first one is the first touch."""
    accepted(handoff)
    now = timezone.now()
    with attributed(by=by, origin=BY_HAND):
        Lead.objects.select_for_update(no_key=True).get(pk=handoff.lead_id)
        source = Source.objects.named(handoff.team, BY_HAND, SourceKind.MANUAL)
        event = EventRecord(
            kind=WAYS[how], occurred_at=now, message_id=f"handoff:{handoff.pk}:{how}:{now.timestamp():.3f}",
            properties={"note": note, "by": str(by)} if note else {"by": str(by)}, lead=handoff.lead_id,
        )  # fmt: skip
        ingest.record_events(source, [event])
        Handoff.objects.filter(pk=handoff.pk, contacted_at=None).update(contacted_at=now, contacted_by=by)
    handoff.refresh_from_db(fields=["contacted_at", "contacted_by"])
    return handoff


def with_first_touch(rows: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """With `first_touch_at`: when somebody first reached out since the handoff, by hand or as an event tells."""
    written = ~Q(kind__slug="email_sent") | Q(source__kind__in=BY_PEOPLE)
    touches = Event.objects.filter(
        written,
        lead=OuterRef("lead"),
        kind__slug__in=TOUCHES,
        occurred_at__gte=OuterRef("opened_at"),
        quarantined=False,
    )
    first = Subquery(touches.order_by("occurred_at").values("occurred_at")[:1])
    return rows.annotate(first_touch_at=Func(F("contacted_at"), first, function="LEAST"))


def accepted(handoff: Handoff) -> None:
    """Raises ValidationError unless a rep has the lead."""
    if handoff.state != HandoffState.ACCEPTED:
        raise ValidationError("Accept the lead first.")
