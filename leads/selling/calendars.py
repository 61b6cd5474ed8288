"""The working week of a team: what may be said of it, and the public holidays of a place."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import holidays
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from leads.models import Calendar, Promise
from leads.selling import worktime

YEARS_AHEAD = 2
MOST_HOLIDAYS = 1000


def public_holidays(code: str) -> dict[str, str]:
    """{day: name} of this year and the next two, of DE or US-CA. Raises ValidationError for a place nobody knows."""
    country, _, part = code.strip().upper().partition("-")
    this = timezone.localdate().year
    try:
        days = holidays.country_holidays(
            country, subdiv=part or None, years=range(this, this + YEARS_AHEAD + 1), language="en_US"
        )
    except NotImplementedError:
        raise ValidationError(f"No public holidays are known for {code}. Write DE, US or US-CA.") from None
    return {day.isoformat(): name for day, name in sorted(days.items())}


def check_week(week: Any) -> None:
    """Raises ValidationError unless it is seven days from Monday, each ["09:00", "18:00"] or None for closed."""
    try:
        worktime.read_hours(week)
    except (ValueError, TypeError, AttributeError, LookupError):
        raise ValidationError('Give seven days from Monday, each ["09:00", "18:00"], or null for closed.') from None


def check_holidays(days: Any) -> None:
    """Raises ValidationError unless it is {"2026-12-25": "Christmas Day", …}."""
    if not isinstance(days, dict) or len(days) > MOST_HOLIDAYS:
        raise ValidationError(f'Give {{"2026-12-25": "Christmas Day"}}, at most {MOST_HOLIDAYS} days.')
    for day, name in days.items():
        try:
            good = date.fromisoformat(day).isoformat() == day and isinstance(name, str) and len(name) <= 100
        except (ValueError, TypeError):
            good = False
        if not good:
            raise ValidationError(f"{day!r}: write the day as 2026-12-25 and its name in at most 100 characters.")


def set_promises(calendar: Calendar, promises: Iterable[Mapping[str, Any]]) -> None:
    """These and no others: values of Promise by name. They hold for what is handed off from now on."""
    with transaction.atomic():
        Calendar.objects.select_for_update(no_key=True).get(pk=calendar.pk)
        calendar.promises.all().delete()
        Promise.objects.bulk_create(Promise(calendar=calendar, **promise) for promise in promises)
