"""How soon sales promised to answer, in working time, and what is left of it in words.

A team promises what its calendar says (leads/models/calendar.py); the rest of this file is what holds without one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

from leads.enums import Label
from leads.selling.worktime import DAY, WorkTime

SOON = timedelta(hours=3)


class Level(NamedTuple):
    """Working hours: until the answer, of the reminder before, until managers are told and until `then` after."""

    hours: float
    remind_before: float | None = 1.0
    escalate_after: float | None = 0.0
    then: str = ""
    then_after: float = 0.0
    fast_track: bool = False


USUAL: dict[str, Level] = {Label.HOT: Level(4.0, fast_track=True), Label.WARM: Level(DAY), "": Level(2 * DAY)}


def usual(label: str) -> Level:
    """What is promised where a team says nothing else: Hot 4 working hours, Warm a working day, others two."""
    return USUAL.get(label, USUAL[""])


def due_at(label: str, opened_at: datetime) -> datetime:
    """When a handoff of that label is late, in the usual week with the usual promise."""
    return WorkTime().after(opened_at, usual(label).hours)


@dataclass(frozen=True)
class Clock:
    """The promise as people read it. `state`: late, soon, or nothing; `spent`: hundredths of the promised time."""

    state: str
    words: str
    spent: int


def clock(opened_at: datetime, due: datetime, now: datetime, work: WorkTime | None = None) -> Clock:
    """What is left of the time from `opened_at` to `due`: "2 h 20 min left", "Late by 50 min", "Tomorrow, 10:00".

    Spans are working time, moments are in the zone of whoever looks.
    """
    work = work or WorkTime()
    if due <= now:
        return Clock("late", f"Late by {_span(work.between(due, now))}", 100)
    left, all_of_it = work.between(now, due), work.between(opened_at, due)
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
