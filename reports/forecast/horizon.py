"""The months of a forecast: what is left of the running one, then six whole ones."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

MONTHS = 6
SECONDS_OF_A_DAY = 86_400


@dataclass(frozen=True)
class Span:
    """A month, or what is left of it: days from the moment of the forecast. `whole`: no part of it has passed."""

    month: date
    start: float
    end: float
    whole: bool


def spans(as_of: datetime) -> list[Span]:
    """What is left of the running month, unless it just begins, then the six whole months after it."""
    first = month_of(as_of)
    begins = midnight(first) == as_of
    months = [first] if begins else [first, next_month(first)]
    while len(months) < MONTHS + (not begins):
        months.append(next_month(months[-1]))
    return [
        Span(month, max(0.0, days(as_of, midnight(month))), days(as_of, midnight(next_month(month))),
             midnight(month) >= as_of)
        for month in months
    ]  # fmt: skip


def month_of(moment: datetime) -> date:
    """The first day of its month, in the zone of the installation."""
    return day_of(moment).replace(day=1)


def day_of(moment: datetime) -> date:
    """In the zone of the installation, whoever reads it where: all months and weeks here are those."""
    return timezone.localdate(moment, timezone.get_default_timezone())


def next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def months_before(month: date, number: int) -> date:
    """The first day of the month that lies so many months earlier."""
    place = month.year * 12 + month.month - 1 - number
    return date(place // 12, place % 12 + 1, 1)


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())


def days(since: datetime, moment: datetime) -> float:
    """Days from one moment to the other; negative before it."""
    return (moment - since).total_seconds() / SECONDS_OF_A_DAY
