"""Months as everything here counts them, and the days they are made of: in the zone of the installation."""

from datetime import date, datetime

from django.db.models.functions import TruncMonth
from django.utils import timezone

from leads.days import DAY, day_of, midnight, today

__all__ = ["DAY", "day_of", "midnight", "month_in", "month_of", "months_before", "next_month", "today"]


def month_of(moment: datetime) -> date:
    """The first day of its month."""
    return day_of(moment).replace(day=1)


def month_in(moment: str) -> TruncMonth:
    """The same of a column, in a query."""
    return TruncMonth(moment, tzinfo=timezone.get_default_timezone())


def next_month(day: date) -> date:
    """The first day of the month that follows the day's own. Raises OverflowError at the end of the calendar."""
    return (day.replace(day=1) + 31 * DAY).replace(day=1)


def months_before(month: date, number: int) -> date:
    """The first day of the month that lies so many months earlier."""
    place = month.year * 12 + month.month - 1 - number
    return date(place // 12, place % 12 + 1, 1)
