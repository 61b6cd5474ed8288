"""After a rep took a lead: the next step, the first touch, the deal."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Func, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from leads import ingest
from leads.enums import DealState, HandoffState, ImportPolicy, SourceKind, Stage
from leads.history import attributed
from leads.ingest.records import DealRecord, EventRecord
from leads.models import Deal, Event, Handoff, Lead, Source, User
from leads.retry import retried

SOURCE = "By hand"
# How a rep reached out → the kind of event.
WAYS = {"call": "call_held", "email": "email_sent", "meeting": "meeting_held"}
TOUCHES = ("call_held", "call_attempted", "meeting_held", "meeting_planned", "email_sent")
# An e-mail of one of these channels was written by a person; the others are campaigns.
BY_PEOPLE = (SourceKind.CRM, SourceKind.MANUAL, SourceKind.API)


@retried
def plan(handoff: Handoff, *, by: User, text: str, on: date | None = None) -> Handoff:
    """What the rep does next with the lead, and when. Empty: nothing is planned."""
    _accepted(handoff)
    Handoff.objects.filter(pk=handoff.pk).update(next_step=text[:200], next_on=on if text else None)
    handoff.refresh_from_db(fields=["next_step", "next_on"])
    return handoff


@retried
def contacted(handoff: Handoff, *, by: User, how: str, note: str = "") -> Handoff:
    """The rep reached out just now: an event of the lead. The first one is the first touch."""
    _accepted(handoff)
    now = timezone.now()
    with attributed(by=by, origin=SOURCE):
        Lead.objects.select_for_update(no_key=True).get(pk=handoff.lead_id)
        source = Source.objects.named(handoff.team, SOURCE, SourceKind.MANUAL)
        event = EventRecord(
            kind=WAYS[how], occurred_at=now, message_id=f"handoff:{handoff.pk}:{how}:{now.timestamp():.3f}",
            properties={"note": note, "by": str(by)} if note else {"by": str(by)}, lead=handoff.lead_id,
        )  # fmt: skip
        ingest.record_events(source, [event])
        Handoff.objects.filter(pk=handoff.pk, contacted_at=None).update(contacted_at=now, contacted_by=by)
    handoff.refresh_from_db(fields=["contacted_at", "contacted_by"])
    return handoff


@retried
def set_deal(handoff: Handoff, *, by: User, state: str, amount: Decimal | None = None, name: str = "",
             lost_reason: str = "") -> Deal:  # fmt: skip
    """What came of the lead: an open deal makes it an opportunity, a won one a customer, a lost one goes to nurture.

    One deal for a handoff: said again, it is brought up to date.
    """
    _accepted(handoff)
    source = Source.objects.named(handoff.team, SOURCE, SourceKind.MANUAL)
    values: dict[str, Any] = {"state": state, "stage": DealState(state).label, "owner": by}
    values |= {key: value for key, value in (("amount", amount), ("name", name), ("lost_reason", lost_reason)) if value}
    if state != DealState.OPEN:
        values["closed_at"] = timezone.now()
    if not deal_of(handoff):
        values.setdefault("name", str(handoff.lead))
    with attributed(by=by, origin=SOURCE):
        record = DealRecord(external_id=_deal_id(handoff), lead=handoff.lead_id, values=values)
        ingest.upsert_deals(source, [record], policy=ImportPolicy.FILE_WINS, by=by)
        if state == DealState.LOST:
            Lead.objects.filter(pk=handoff.lead_id, stage__in=(Stage.ACCEPTED, Stage.OPPORTUNITY)).update(
                stage=Stage.NURTURE
            )
    return Deal.objects.get(source=source, external_id=record.external_id)


def deal_of(handoff: Handoff) -> Deal | None:
    return Deal.objects.filter(source__team=handoff.team_id, external_id=_deal_id(handoff)).first()


def known_deal_of(handoff: Handoff) -> Deal | None:
    """The newest deal that another source, a CRM or a file, tells of the lead."""
    deals = Deal.objects.filter(team=handoff.team_id, lead=handoff.lead_id).exclude(external_id=_deal_id(handoff))
    return deals.select_related("source").order_by("-opened_at", "-pk").first()


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


def _accepted(handoff: Handoff) -> None:
    if handoff.state != HandoffState.ACCEPTED:
        raise ValidationError("Accept the lead first.")


def _deal_id(handoff: Handoff) -> str:
    return f"handoff:{handoff.pk}"
