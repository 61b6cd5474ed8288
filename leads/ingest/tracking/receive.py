"""Messages of one source → leads, companies and events, in one transaction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DataError, IntegrityError, transaction

from leads.ingest.counts import count
from leads.ingest.kinds import kind_ids
from leads.ingest.sql import insert_events
from leads.ingest.tracking import groups, identity, sql, traits
from leads.ingest.tracking.calls import Message
from leads.ingest.tracking.stream import keep
from leads.models import Call, Source
from leads.models.event import day_number
from leads.retry import retried
from leads.signals import leads_due


@dataclass(slots=True)
class Receipt:
    """What became of a message: one of the results of Call. `reason` also holds notes on what was left out."""

    message: Message
    result: str = Call.ACCEPTED
    reason: str = ""
    lead: int | None = None
    came_by: int | None = None


def receive(source: Source, messages: Sequence[Message], received_at: datetime) -> list[Receipt]:
    """Store the messages; one receipt for each, in order. When it returns they are committed.

    A message that the database will not hold harms no other: it is found by halving, and rejected.
    """
    try:
        return _stored(source, messages, received_at)
    except DataError as error:
        if len(messages) == 1:
            messages[0].reason = f"The database cannot hold this: {error}"[:300]
            return _stored(source, messages, received_at)
        half = len(messages) // 2
        return receive(source, messages[:half], received_at) + receive(source, messages[half:], received_at)


@retried
def _stored(source: Source, messages: Sequence[Message], received_at: datetime) -> list[Receipt]:
    try:
        return _Batch(source, messages, received_at).store()
    except IntegrityError:  # somebody else made the same person at this very moment: now they are known
        return _Batch(source, messages, received_at).store()


@dataclass
class _Batch:
    source: Source
    messages: Sequence[Message]
    received_at: datetime
    receipts: list[Receipt] = field(init=False)

    @transaction.atomic
    def store(self) -> list[Receipt]:
        self.receipts = [Receipt(message) for message in self.messages]
        fresh = self._without_known()
        people = identity.resolve(self.source, [receipt.message for receipt in fresh])
        for receipt in fresh:
            found = people.lead_of(receipt.message)
            receipt.lead, receipt.came_by = found or (None, None)
            receipt.reason = people.notes.get(id(receipt.message), "")
        said = sorted(fresh, key=lambda receipt: receipt.message.occurred_at)
        groups.take(self.source, said)
        traits.take(self.source, said, people.inherited)
        changed = self._append([receipt for receipt in fresh if receipt.message.kind]) + people.joined
        if changed:
            leads_due.send(sender=receive)
        self._note()
        return self.receipts

    def _without_known(self) -> list[Receipt]:
        """The messages to take: not rejected, and no event that is here already or came before in this batch."""
        ids = [message.message_id for message in self.messages if message.kind and not message.reason]
        seen = sql.seen_messages(self.source.pk, ids) if ids else set()
        fresh = []
        for receipt in self.receipts:
            message = receipt.message
            if message.reason:
                receipt.result, receipt.reason = Call.REJECTED, message.reason
            elif message.kind and message.message_id in seen:
                receipt.result, receipt.reason = Call.DUPLICATE, "This messageId was counted before."
            else:
                fresh.append(receipt)
                if message.kind:
                    seen.add(message.message_id)
        return fresh

    def _append(self, receipts: list[Receipt]) -> int:
        """The events on their leads, or waiting for their visitor to become known. How many are on leads."""
        kinds = kind_ids({receipt.message.kind for receipt in receipts}) if receipts else {}
        events: list[tuple[Any, ...]] = []
        visits: list[tuple[Any, ...]] = []
        for receipt in receipts:
            message, at = receipt.message, receipt.message.occurred_at
            if message.kind not in kinds:
                receipt.result = Call.REJECTED
                receipt.reason = f"Too many kinds of event to add {message.kind[:60]!r}. Use a known kind."
                continue
            row = (kinds[message.kind], at, day_number(at), message.message_id, message.properties)
            if receipt.lead:
                events.append((receipt.lead, *row, receipt.came_by))
            else:
                receipt.result = Call.WAITING
                receipt.reason = "" if message.anonymous_id else "Nobody's: send userId or anonymousId, then it counts."
                visits.append((message.anonymous_id, *row))
        stored = set(insert_events(self.source.pk, self.received_at, events)) if events else set()
        stored |= sql.insert_visits(self.source.pk, self.received_at, visits) if visits else set()
        for receipt in receipts:
            if receipt.result != Call.REJECTED and receipt.message.message_id not in stored:
                receipt.result, receipt.reason = Call.DUPLICATE, "This messageId was counted before."
        return len(events)

    def _note(self) -> None:
        """For people: the stream and the counts."""
        keep(self.source, self.receipts, self.received_at)
        count(self.source.pk, Counter(receipt.result for receipt in self.receipts), self.received_at)
