"""The key figures of the overview as cards: the number, the change, and what it rests on."""

from dataclasses import dataclass, replace

from leads.statistics import ENOUGH, Rate, difference
from leads.templatetags.ui import MINUS, UNKNOWN, money, percent
from reports.behind import address
from reports.figures import Figure
from reports.queries.overview import REPORT, Overview
from reports.scope import Scope
from reports.survival import FEWEST

FIGURES = REPORT.figures


@dataclass(frozen=True)
class Kpi:
    """`better` is True or False only where the change is beyond chance."""

    figure: Figure
    value: str
    unit: str = ""
    change: str = ""
    better: bool | None = None
    basis: str = ""
    url: str = ""


def kpis(now: Overview, before: Overview, scope: Scope) -> list[Kpi]:
    """Five cards, the same order always."""
    cards = [
        _rate("lead_to_customer", now.lead_to_customer, before.lead_to_customer, "leads"),
        _number("days_to_close", "days", now.days_to_close, now.closed, before.days_to_close, before.closed),
        _money("average_deal", now.average_deal, now.priced_deals, before.average_deal, before.priced_deals),
        _rate("accepted", now.accepted, before.accepted, "decided"),
        _number("hours_to_decide", "h", now.hours_to_decide, now.decided, before.hours_to_decide, before.decided),
    ]
    return [replace(card, url=address(scope, card.figure.behind, {})) for card in cards]


def _rate(name: str, now: Rate, before: Rate, cases: str) -> Kpi:
    basis = f"{now.k:,} of {now.n:,} {cases}"
    if now.share is None:
        return Kpi(FIGURES[name], UNKNOWN, change=f"too few to say under {ENOUGH}", basis=f"{basis} so far")
    gap = difference(now, before)
    if gap is None or before.share is None:
        change, better = f"before: {before.k:,} of {before.n:,}, too few to compare", None
    else:
        points = f"{_points(now.share - before.share)} pts"
        chance = gap.low <= 0 <= gap.high
        change, better = (f"{points}, could be chance", None) if chance else (points, gap.low > 0)
    return Kpi(FIGURES[name], percent(now.share), change=change, better=better, basis=basis)


def _number(name: str, unit: str, now: float | None, n: int, before: float | None, n_before: int) -> Kpi:
    change = _before("" if before is None else f"{_decimal(before)} {unit}", n_before)
    return Kpi(FIGURES[name], _decimal(now), unit if now is not None else "", change, None, _basis(n, n_before))


def _money(name: str, now: float | None, n: int, before: float | None, n_before: int) -> Kpi:
    change = _before("" if before is None else money(before), n_before)
    return Kpi(FIGURES[name], money(now), "", change, None, _basis(n, n_before))


def _before(said: str, n: int) -> str:
    if not said:
        return "nothing before to compare with"
    return f"before: {said}" if n >= FEWEST else "too few before to compare"


def _decimal(number: float | None) -> str:
    return UNKNOWN if number is None else f"{number:,.1f}"


def _points(gap: float) -> str:
    """0.004 → +0.4."""
    return f"{100 * gap:+.1f}".replace("-", MINUS)


def _basis(n: int, n_before: int) -> str:
    return f"n = {n:,}, before {n_before:,}"
