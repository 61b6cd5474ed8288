"""The key figures of the overview as cards: the number, the change, and what it rests on."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from leads.statistics import ENOUGH, Rate, difference
from leads.templatetags.ui import UNKNOWN, decimal, money, percent, points
from reports.behind import address
from reports.figures import Figure
from reports.queries.overview import REPORT, Overview
from reports.scope import Scope
from reports.survival import FEWEST

FIGURES = REPORT.figures
tenths = partial(decimal, digits=1)


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
        _rate("lead_to_customer", now, before, "leads"),
        _figure("days_to_close", now, before, "closed", unit="days"),
        _figure("average_deal", now, before, "priced_deals", write=money),
        _rate("accepted", now, before, "decided"),
        _figure("hours_to_decide", now, before, "decided", unit="h"),
    ]
    return [replace(card, url=address(scope, card.figure.behind, {})) for card in cards]


def _rate(name: str, now: Overview, before: Overview, cases: str) -> Kpi:
    """`cases`: what its n counts, as people read it."""
    rate, was = getattr(now, name), getattr(before, name)
    basis = f"{rate.k:,} of {rate.n:,} {cases}"
    if rate.share is None:
        return Kpi(FIGURES[name], UNKNOWN, change=f"too few to say under {ENOUGH}", basis=f"{basis} so far")
    change, better = _changed(rate, was)
    return Kpi(FIGURES[name], percent(rate.share), change=change, better=better, basis=basis)


def _changed(now: Rate, before: Rate) -> tuple[str, bool | None]:
    gap = difference(now, before)
    if gap is None or now.share is None or before.share is None:
        return f"before: {before.k:,} of {before.n:,}, too few to compare", None
    gained = points(now.share - before.share)
    return (f"{gained}, could be chance", None) if gap.low <= 0 <= gap.high else (gained, gap.low > 0)


def _figure(
    name: str, now: Overview, before: Overview, cases: str, unit: str = "", write: Callable[[Any], str] = tenths
) -> Kpi:
    """`cases`: the figure of the overview that is its n."""
    (value, n), (was, n_before) = ((getattr(one, name), getattr(one, cases)) for one in (now, before))
    if was is None:
        change = "nothing before to compare with"
    else:
        change = f"before: {write(was)} {unit}".rstrip() if n_before >= FEWEST else "too few before to compare"
    basis = f"n = {n:,}, before {n_before:,}"
    return Kpi(FIGURES[name], write(value), unit if value is not None else "", change, basis=basis)
