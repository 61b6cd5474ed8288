"""How figures of the forecast are written: {% load forecast %}."""

from typing import Any

from django import template

from leads.templatetags.ui import MINUS, UNKNOWN, decimal, money, percent
from reports.forecast.assumptions import SHARES
from reports.forecast.record import Check
from reports.models.forecast import Assumption

register = template.Library()
MILLION, THOUSAND = 1_000_000, 1000


@register.filter
def money_words(amount: float) -> str:
    """2882000 → € 2.9 million; 455000 → € 455 thousand; 980 → € 980."""
    if abs(amount) >= MILLION:
        return f"€ {amount / MILLION:,.1f} million"
    return f"€ {amount / THOUSAND:,.0f} thousand" if abs(amount) >= THOUSAND else f"€ {amount:,.0f}"


@register.filter
def thousands(amount: float) -> str:
    """318400 → 318; under ten thousand with a decimal: 7200 → 7.2."""
    return f"{amount / THOUSAND:,.1f}" if 0 < abs(amount) < 10 * THOUSAND else f"{amount / THOUSAND:,.0f}"


@register.filter
def money_signed(amount: float) -> str:
    """84000 → +€ 84.0 k; −5000 → −€ 5.0 k."""
    sign = "+" if round(amount) > 0 else MINUS if round(amount) < 0 else ""
    return f"{sign}{money(round(abs(amount)))}"


@register.filter
def plus(amount: float, more: float) -> float:
    return amount + more


@register.filter
def tendency(share: float) -> str:
    """-0.011 → 1.1% too low."""
    return f"{percent(abs(share), 1)} too {'low' if share < 0 else 'high'}"


@register.filter
def off(check: Check) -> str:
    """How far one month was off, in parts of what came: 15.6% too low."""
    return tendency(check.error / check.actual) if check.actual else f"{money(check.expected)} too high"


@register.filter
def said_value(assumption: Assumption) -> str:
    return written(assumption.name, assumption.value)


@register.filter
def counted_value(assumption: Assumption) -> str:
    return written(assumption.name, assumption.counted)


def written(name: str, value: Any) -> str:
    """An assumption in its unit: 25.0%, € 18.0 k, 31 days, 99 a month."""
    if value is None:
        return UNKNOWN
    if name in SHARES:
        return percent(value, 1)
    if name == Assumption.Name.VALUE:
        return money(value)
    return f"{decimal(value, 0)} {'days' if name == Assumption.Name.DAYS else 'a month'}"
