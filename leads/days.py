"""Days of the installation: windows, rests, overrides and reports begin and end with them, whoever asks from where.

The zone of a person (leads/people/zones.py) is for showing moments, and for what they call their own day.
"""

from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

DAY = timedelta(days=1)


def today() -> date:
    return day_of(timezone.now())


def day_of(moment: datetime) -> date:
    """The day on which it lies."""
    return timezone.localdate(moment, timezone.get_default_timezone())


def midnight(day: date) -> datetime:
    """The first moment of the day: one o'clock where clocks are put forward at midnight."""
    # In UTC, because a moment that a clock shows twice or never equals no moment of another zone.
    return datetime.combine(day, time.min, timezone.get_default_timezone()).astimezone(UTC)
