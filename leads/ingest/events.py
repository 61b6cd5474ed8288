"""The way in for what people did."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from leads.ingest import safe
from leads.ingest.counts import count
from leads.ingest.kinds import kind_ids
from leads.ingest.normalise import addresses
from leads.ingest.people import Key, leads_of, touch_of
from leads.ingest.records import EventRecord, Outcome, Result, rejected
from leads.ingest.sql import insert_events
from leads.ingest.trace import note_events
from leads.models import Event, LeadIdentity, Source
from leads.models.event import day_number
from leads.retry import retried
from leads.signals import leads_due

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


@retried
def record_events(source: Source, records: Sequence[EventRecord]) -> list[Outcome]:
    """Append each event to its lead, which is found by any of its keys or made; one outcome for each record, in order.

    A message counts once per source for ever, also when several arrive at the same moment. Nothing has happened
    later than we received it. A record that cannot be stored is rejected with what to do, and harms no other.
    All or nothing otherwise: one transaction, after which the leads are due.
    """
    try:
        return _record(source, records)
    except IntegrityError:  # somebody typed in the same person at this very moment: now they are known
        return _record(source, records)


@transaction.atomic
def _record(source: Source, records: Sequence[EventRecord]) -> list[Outcome]:
    outcomes = [Outcome(Result.DUPLICATE) for _ in records]
    fresh: dict[str, tuple[int, EventRecord]] = {}
    for place, record in enumerate(records):
        try:
            checked = _checked(record)
        except ValueError as wrong:
            outcomes[place] = rejected(str(wrong))
        else:
            fresh.setdefault(checked.message_id, (place, checked))
    for known in Event.objects.filter(source=source, message_id__in=fresh).values_list("message_id", flat=True):
        del fresh[known]
    if fresh:
        _append(source, fresh, outcomes)
    counts = Counter("accepted" if o.result == Result.STORED else str(o.result) for o in outcomes)
    count(source.pk, counts, timezone.now())
    return outcomes


def _append(source: Source, fresh: dict[str, tuple[int, EventRecord]], outcomes: list[Outcome]) -> None:
    touches = [touch_of(record.properties) for _, record in fresh.values()]
    leads = leads_of(source, [_keys(record) for _, record in fresh.values()], touches)
    kinds = kind_ids({record.kind for _, record in fresh.values()})
    rows, received_at = [], timezone.now()
    for (place, record), lead in zip(fresh.values(), leads, strict=True):
        if lead is None:
            outcomes[place] = rejected(
                f"Team {source.team} has no lead {record.lead}. Check the id, or name the lead by e-mail."
            )
        elif record.kind not in kinds:
            outcomes[place] = rejected(f"Too many kinds of event to add {record.kind[:60]!r}. Use a known kind.")
        else:
            at = min(record.occurred_at or received_at, received_at)
            fact = (kinds[record.kind], at, day_number(at), record.message_id, record.properties)
            rows.append((lead.lead, *fact, lead.came_by))
            outcomes[place].lead = lead.lead
    stored = insert_events(source.pk, received_at, rows) if rows else {}
    note_events(stored.values())
    for message_id, (place, _) in fresh.items():
        if message_id in stored:
            outcomes[place].result, outcomes[place].pk = Result.STORED, stored[message_id]
    if stored:
        leads_due.send(sender=record_events)


def _checked(record: EventRecord) -> EventRecord:
    """The record as it will be stored. Raises ValueError with what to do."""
    kind = safe.text(record.kind, 150, "kind")
    if not kind:
        raise ValueError("kind: missing. Say what happened, such as page_viewed.")
    checked = replace(
        record,
        kind=kind,
        message_id=safe.text(record.message_id, 150, "message_id") or uuid.uuid4().hex,
        occurred_at=_moment(record.occurred_at),
        properties=safe.properties(record.properties),
        email=addresses.email(safe.text(record.email, 300, "email")) if record.email else "",
        external_id=safe.text(record.external_id, 200, "external_id"),
        user_id=safe.text(record.user_id, 200, "user_id"),
        anonymous_id=safe.text(record.anonymous_id, 200, "anonymous_id"),
    )
    if not _keys(checked):
        raise ValueError("Whose event? Give an e-mail address, a lead or an id.")
    return checked


def _moment(at: datetime | None) -> datetime | None:
    if at is None:
        return None
    if timezone.is_naive(at):
        at = timezone.make_aware(at)
    if at < EARLIEST:
        raise ValueError(f"occurred_at: {at.year} is before 1970. Correct the date.")
    return at


def _keys(record: EventRecord) -> list[Key]:
    """What the person is known by, surest first."""
    keys = [
        ("lead", record.lead),
        (LeadIdentity.EXTERNAL, record.external_id),
        (LeadIdentity.USER, record.user_id),
        ("email", record.email),
        (LeadIdentity.ANONYMOUS, record.anonymous_id),
    ]
    return [(kind, value) for kind, value in keys if value]
