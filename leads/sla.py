"""How soon sales promised to answer, in working time.

The working week is Monday to Friday, 09:00 to 18:00, in the installation's time zone. Clocks stand still outside it.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.utils import timezone

from leads.enums import Label

OPENS, CLOSES = time(9), time(18)
WORKDAYS = range(5)
DAY = 9.0  # working hours
PROMISED_HOURS = {Label.HOT: 4.0, Label.WARM: DAY}
OTHERWISE = 2 * DAY


def due_at(label: str, opened_at: datetime) -> datetime:
    """When a handoff of that label is late: Hot after 4 working hours, Warm after a working day, others after two."""
    return add_working_time(opened_at, PROMISED_HOURS.get(label, OTHERWISE))


def add_working_time(start: datetime, hours: float) -> datetime:
    """The first moment at which `hours` of working time have passed since `start`; an aware datetime."""
    left = timedelta(hours=hours)
    for opens, closes in _shifts(start):
        begin = max(start, opens)
        if left <= closes - begin:
            return begin + left
        left -= closes - begin
    raise AssertionError("the working week has no end")


def working_time(start: datetime, end: datetime) -> timedelta:
    """How much of the time from `start` to `end` was working time; nothing when the end comes first."""
    total = timedelta()
    for opens, closes in _shifts(start):
        if opens >= end:
            return total
        total += max(timedelta(), min(end, closes) - max(start, opens))
    return total


def _shifts(start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Opening and closing of every working day that ends after `start`, without end."""
    zone = timezone.get_default_timezone()
    day = timezone.localdate(start, zone)
    while True:
        closes = _at(day, CLOSES, zone)
        if day.weekday() in WORKDAYS and closes > start:
            yield _at(day, OPENS, zone), closes
        day += timedelta(days=1)


def _at(day: date, clock: time, zone: tzinfo) -> datetime:
    # In UTC, so that differences are real time even where a day has 23 hours.
    return datetime.combine(day, clock, zone).astimezone(UTC)
