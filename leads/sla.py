"""How soon sales promised to answer, in working time.

The working week is Monday to Friday, 09:00 to 18:00, in the installation's time zone. Clocks stand still outside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.utils import timezone

from leads.enums import Label

OPENS, CLOSES = time(9), time(18)
WORKDAYS = range(5)
DAY = 9.0  # working hours
PROMISED_HOURS: dict[str, float] = {Label.HOT: 4.0, Label.WARM: DAY}
OTHERWISE = 2 * DAY
SOON = timedelta(hours=3)


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


@dataclass(frozen=True)
class Clock:
    """The promise as people read it. `state`: late, soon, or nothing; `spent`: hundredths of the promised time."""

    state: str
    words: str
    spent: int


def clock(opened_at: datetime, due: datetime, now: datetime) -> Clock:
    """What is left of the time from `opened_at` to `due`: "2 h 20 min left", "Late by 50 min", "Tomorrow, 10:00"."""
    if due <= now:
        return Clock("late", f"Late by {_span(working_time(due, now))}", 100)
    left, all_of_it = working_time(now, due), working_time(opened_at, due)
    spent = round(100 * (1 - left / all_of_it)) if all_of_it else 0
    words = f"{_span(left)} left" if _days(now, due) == 0 else _day(now, due)
    return Clock("soon" if left <= SOON else "", words, spent)


def _span(time_left: timedelta) -> str:
    hours, minutes = divmod(round(time_left.total_seconds() / 60), 60)
    if hours >= 2 * DAY:
        return f"{hours / DAY:.0f} working days"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else "under a minute"


def _day(now: datetime, due: datetime) -> str:
    local = timezone.localtime(due)
    if _days(now, due) == 1:
        return f"Tomorrow, {local:%H:%M}"
    return f"{local:%A, %H:%M}" if _days(now, due) < 7 else f"{local:%-d %b, %H:%M}"


def _days(now: datetime, due: datetime) -> int:
    return (timezone.localdate(due) - timezone.localdate(now)).days
