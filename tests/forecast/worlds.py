"""Worlds whose truth we know: deals come, are won or lost, and bring what they bring."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from leads.enums import DealState, SourceKind
from leads.models import Deal, Source, Team
from reports.days import midnight, months_before, next_month
from reports.forecast.counting import LABELS, Evidence
from reports.forecast.counting.deals import Deals, counted_deals
from reports.forecast.horizon import days

LABEL_SHARES = [0.2, 0.3, 0.3, 0.2, 0.0, 0.0]
WIN = np.array([0.6, 0.4, 0.25, 0.1, 0.0, 0.0])
MEAN_AMOUNT = 12_000.0


@dataclass(frozen=True)
class Truth:
    """Deals of one team over two years; days count from the first of `month`, what comes later is positive."""

    month: date
    label: np.ndarray
    opened: np.ndarray
    closed: np.ndarray
    won: np.ndarray
    amount: np.ndarray

    def actual(self, month: date) -> float:
        start, end = (days(midnight(self.month), midnight(day)) for day in (month, next_month(month)))
        return float(np.nansum(self.amount[self.won & (self.closed >= start) & (self.closed < end)]))


def truth(seed: int, *, a_day: float = 0.7, month: date = date(2026, 6, 1)) -> Truth:
    """Deals a day, lognormal time to close with a median of 35 days, gamma amounts."""
    rng = np.random.default_rng(seed)
    number = rng.poisson(a_day * 600)
    label = rng.choice(len(LABELS), number, p=LABEL_SHARES)
    opened = rng.uniform(-400, 200, number)
    return Truth(month, label, opened, opened + rng.lognormal(np.log(35), 0.6, number), rng.random(number) < WIN[label],
                 rng.gamma(4.0, MEAN_AMOUNT / 4, number))  # fmt: skip


def evidence_of(world: Truth) -> Evidence:
    """What was known on the first of the month."""
    as_of, here = midnight(world.month), world.opened <= 0
    closed = np.where(world.closed > 0, np.nan, world.closed)[here]
    deals = Deals(
        1, np.zeros(here.sum(), int), world.label[here], world.opened[here], closed,
        world.won[here] & ~np.isnan(closed), np.where(np.isnan(closed), np.nan, world.amount[here]),
        np.ones(here.sum(), bool),
    )  # fmt: skip
    cells, weeks = np.zeros((1, len(LABELS))), np.zeros((1, len(LABELS), 32))
    return Evidence(
        as_of=as_of, teams=[1], lead_risk=weeks, lead_opened=weeks, lead_repeats=1.0, open_leads=cells, new_risk=weeks,
        new_opened=weeks, new_leads=cells, settled=cells, arrivals=np.zeros((1, 12)), **counted_deals(deals, as_of),
    )  # fmt: skip


def sell(team: Team, seed: int, *, until: datetime, a_day: float = 0.5, span: int = 400) -> list[Deal]:
    """Such deals in the database, those of the last `span` days."""
    rng, source = np.random.default_rng(seed), Source.objects.named(team, "CRM", SourceKind.CRM)
    rows = []
    for number in range(rng.poisson(a_day * span)):
        opened = until - timedelta(days=float(rng.uniform(0, span)))
        closed = opened + timedelta(days=float(rng.lognormal(np.log(35), 0.6)))
        state = DealState.OPEN if closed > until else DealState.WON if rng.random() < 0.45 else DealState.LOST
        rows.append(Deal(
            team=team, source=source, external_id=f"D-{seed}-{number}", name="Deal", state=state, opened_at=opened,
            closed_at=None if state == DealState.OPEN else closed, amount=round(float(rng.gamma(4, 3000)), 2),
        ))  # fmt: skip
    return Deal.objects.bulk_create(rows)


def first_of(months: int) -> date:
    """The first day of the month that lies so many months before this one."""
    return months_before(date.today().replace(day=1), months)
