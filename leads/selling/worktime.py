"""Arithmetic in working time: opening hours of each weekday, holidays, a time zone. Clocks stand still outside."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

DAY = 9.0  # hours of a usual working day
OPENS, CLOSES = "09:00", "18:00"
# By weekday, Monday first: when it opens and closes; None is closed.
Hours = tuple[tuple[time, time] | None, ...]
USUAL: list[list[str] | None] = [[OPENS, CLOSES]] * 5 + [None, None]
# Nobody promises beyond this; it also ends the search where every day is a holiday.
FURTHEST = timedelta(days=3 * 366)


@dataclass(frozen=True)
class WorkTime:
    """When a team works. Without arguments: Monday to Friday, 09:00 to 18:00, in the zone of the installation."""

    hours: Hours = field(default_factory=lambda: read_hours(USUAL))
    holidays: frozenset[date] = frozenset()
    zone: tzinfo = field(default_factory=timezone.get_default_timezone)

    def after(self, start: datetime, hours: float) -> datetime:
        """The first moment at which `hours` of working time have passed since `start`; an aware datetime."""
        left = timedelta(hours=hours)
        for opens, closes in self._shifts(start):
            begin = max(start, opens)
            if left <= closes - begin:
                return begin + left
            left -= closes - begin
        return start + FURTHEST

    def before(self, end: datetime, hours: float, not_before: datetime) -> datetime:
        """The last moment with `hours` of working time left until `end`, and `not_before` at the earliest."""
        left = self.between(not_before, end) - timedelta(hours=hours)
        return self.after(not_before, left / timedelta(hours=1)) if left > timedelta() else not_before

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much of the time from `start` to `end` was working time; nothing when the end comes first."""
        total = timedelta()
        for opens, closes in self._shifts(start):
            if opens >= end:
                return total
            total += max(timedelta(), min(end, closes) - max(start, opens))
        return total

    def at_work(self, moment: datetime) -> bool:
        """Whether somebody with these hours works at that moment."""
        opens, closes = next(self._shifts(moment), (moment, moment))
        return opens <= moment < closes

    def _shifts(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Opening and closing of every working day that ends after `start`, for three years."""
        day, last = timezone.localdate(start, self.zone), timezone.localdate(start + FURTHEST, self.zone)
        while day <= last:
            hours = self.hours[day.weekday()]
            if hours and day not in self.holidays:
                opens, closes = (_at(day, clock, self.zone) for clock in hours)
                if closes > start:
                    yield opens, closes
            day += timedelta(days=1)

    def __str__(self) -> str:
        """ "Mon to Fri, 09:00 to 18:00": runs of days with the same hours."""
        runs: list[tuple[int, int]] = []
        for number, hours in enumerate(self.hours):
            if hours and runs and runs[-1][1] == number - 1 and self.hours[runs[-1][0]] == hours:
                runs[-1] = (runs[-1][0], number)
            elif hours:
                runs.append((number, number))
        return "; ".join(self._run(*run) for run in runs) or "Never"

    def _run(self, first: int, last: int) -> str:
        opens, closes = self.hours[first] or (time(), time())
        days = _NAMES[first] if first == last else f"{_NAMES[first]} to {_NAMES[last]}"
        return f"{days}, {opens:%H:%M} to {closes:%H:%M}"


def of(team: Any) -> WorkTime:
    """When the team works. No query where it came with select_related("calendar")."""
    calendar = getattr(team, "calendar", None)  # a team without one raises an AttributeError
    return calendar.work if calendar else WorkTime()


_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def read_hours(week: Iterable[Any]) -> Hours:
    """From [["09:00", "18:00"], …, null], Monday first. Raises ValueError where that is not what it is."""
    days = tuple(tuple(time.fromisoformat(clock) for clock in day) if day else None for day in week)
    if len(days) != 7 or any(day and (len(day) != 2 or day[0] >= day[1]) for day in days):
        raise ValueError("Seven days, each with an opening before its closing, or closed.")
    return days  # type: ignore[return-value]


def zone_of(name: str) -> tzinfo:
    """The zone of that name; the installation's where none is chosen."""
    return ZoneInfo(name) if name else timezone.get_default_timezone()


def read_holidays(days: Mapping[str, str]) -> frozenset[date]:
    """From {"2026-12-25": "Christmas Day"}."""
    return frozenset(date.fromisoformat(day) for day in days)


def _at(day: date, clock: time, zone: tzinfo) -> datetime:
    # In UTC, so that differences are real time even where a day has 23 hours.
    return datetime.combine(day, clock, zone).astimezone(UTC)
