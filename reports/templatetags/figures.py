"""Figures as people read them: 19.5%, 4.2 pts, € 14.2 k."""

from django import template

register = template.Library()
MINUS = "−"


@register.filter
def percent(share: float | None) -> str:
    """0.195 → 20%; under a tenth with a decimal: 4.2%. None → –."""
    if share is None:
        return "–"
    return f"{share:.1%}" if share < 0.0995 else f"{share:.0%}"


@register.filter
def percent1(share: float | None) -> str:
    """0.195 → 19.5%, as in tables. None → –."""
    return "–" if share is None else f"{share:.1%}"


@register.filter
def share_of(part: float, whole: float) -> float:
    """A part of a whole in hundredths, for bars: 15|share_of:60 → 25.0."""
    return round(100 * part / whole, 1) if whole else 0.0


@register.filter
def signed(number: float) -> str:
    """3 → +3, −3 with a true minus."""
    return f"+{number}" if number > 0 else str(number).replace("-", MINUS)


@register.filter
def decimal1(number: float | None) -> str:
    """5.23 → 5.2, 1234.5 → 1,235. None → –."""
    if number is None:
        return "–"
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.1f}"
