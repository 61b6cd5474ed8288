"""When something happened, by a clock of the sender that may be wrong."""

from datetime import UTC, datetime, timedelta
from typing import Any

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECONDS_FROM = 10**11  # as seconds this would be the year 5138


def happened_at(said: Any, sent: Any, received_at: datetime) -> datetime:
    """receivedAt − (sentAt − originalTimestamp): only the time between the two counts. Never later than received.

    Without `sent` the sender's clock is believed. Raises ValueError with what to do.
    """
    if said is None:
        return received_at
    at = _moment(said, "timestamp")
    sent_at = _sent(sent)
    if sent_at is not None:
        try:
            at = received_at - (sent_at - at)
        except OverflowError:
            raise ValueError("timestamp: too far from sentAt. Correct the date.") from None
    if at < EARLIEST:
        raise ValueError(f"timestamp: {at.year} is before 1970. Correct the date.")
    return min(at, received_at)


def _sent(sent: Any) -> datetime | None:
    try:
        return _moment(sent, "sentAt") if sent is not None else None
    except ValueError:
        return None


def _moment(said: Any, name: str) -> datetime:
    try:
        if isinstance(said, str):
            at = datetime.fromisoformat(said.strip())
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        if isinstance(said, int | float) and not isinstance(said, bool):
            return EARLIEST + timedelta(seconds=said / 1000 if abs(said) >= MILLISECONDS_FROM else said)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"{name}: not a moment. Write it as 2026-03-02T09:30:00.000Z.")
