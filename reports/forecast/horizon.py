"""The months of a forecast: what is left of the running one, then six whole ones."""

from dataclasses import dataclass
from datetime import date, datetime

from reports.days import midnight, month_of, next_month

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


def days(since: datetime, moment: datetime) -> float:
    """Days from one moment to the other; negative before it."""
    return (moment - since).total_seconds() / SECONDS_OF_A_DAY
