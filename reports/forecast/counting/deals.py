"""Deals as they were known at a moment: what became of them, week by week of age."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from reports.days import midnight, month_of, months_before, next_month
from reports.forecast.counting.evidence import BLOCK, LABELS, QUARTER, Floats
from reports.forecast.horizon import days
from reports.forecast.lifetable import AGES, at_risk, happened

YEAR_DAYS = 365.0
MONTHS_BACK = 12

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Deals:
    """One place for each deal opened by the moment. Days count from the moment, so what has happened is negative."""

    teams: int
    team: Ints
    label: Ints
    opened: Floats
    closed: Floats  # nan: still open then
    won: Bools
    amount: Floats  # nan: not known
    direct: Bools  # did not come of a lead that was there before

    @property
    def record_days(self) -> float:
        """Since when results are on record: what was closed before the first one known, nobody told us."""
        known = self.closed[~np.isnan(self.closed)]
        return float(min(YEAR_DAYS, -known.min())) if known.size else 0.0

    @property
    def cell(self) -> Ints:
        return self.team * len(LABELS) + self.label


# The label a lead had when its deal was opened.
_DEALS = """
SELECT d.team_id, COALESCE(e.label, ''), EXTRACT(epoch FROM d.opened_at - %(as_of)s) / 86400,
       EXTRACT(epoch FROM d.closed_at - %(as_of)s) / 86400, d.state = 'won', d.amount,
       l.id IS NULL OR l.created_at >= d.opened_at
         OR EXISTS (SELECT 1 FROM leads_deal f WHERE f.lead_id = d.lead_id
                       AND (f.opened_at, f.id) < (d.opened_at, d.id))
  FROM leads_deal d
  LEFT JOIN leads_lead l ON l.id = d.lead_id
  LEFT JOIN LATERAL (SELECT label FROM scoring_entry WHERE lead_id = d.lead_id AND recorded_at <= d.opened_at
                      ORDER BY seq DESC LIMIT 1) e ON true
 WHERE d.opened_at <= %(as_of)s AND (d.state = 'open' OR d.closed_at IS NOT NULL)
 ORDER BY d.id
"""


def deals_known(as_of: datetime, teams: list[int], *, amounts: bool) -> Deals:
    """Deals opened by the moment; closed then or later is open. `amounts`: those of open deals are what they were."""
    with connection.cursor() as cursor:
        cursor.execute(_DEALS, {"as_of": as_of})
        rows = cursor.fetchall()
    place, mark = {team: i for i, team in enumerate(teams)}, {label: i for i, label in enumerate(LABELS)}
    closed = _floats(row[3] for row in rows)
    closed[closed >= 0] = np.nan
    amount = _floats(row[5] for row in rows)
    if not amounts:
        amount[np.isnan(closed)] = np.nan
    return Deals(
        teams=len(teams),
        team=np.array([place[row[0]] for row in rows], dtype=np.int64),
        label=np.array([mark.get(row[1], len(LABELS) - 1) for row in rows], dtype=np.int64),
        opened=_floats(row[2] for row in rows), closed=closed, amount=amount,
        won=np.array([row[4] for row in rows], dtype=bool) & ~np.isnan(closed),
        direct=np.array([row[6] for row in rows], dtype=bool),
    )  # fmt: skip


def _floats(values: Any) -> Floats:
    return np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)


def counted_deals(deals: Deals, as_of: datetime) -> dict[str, Any]:
    """The part of the evidence that deals give."""
    start = -deals.record_days
    seen = _Seen(deals, start, 0.0)
    months = _months(as_of, deals.record_days)
    parts = [_Seen(deals, days(as_of, midnight(month)), days(as_of, midnight(next_month(month)))) for month in months]
    empty = np.zeros((0, AGES))
    return {
        "record_days": deals.record_days,
        "deal_risk": seen.risk(), "deal_won": seen.ended(deals.won), "deal_lost": seen.ended(~deals.won),
        "months": months,
        "month_risk": np.array([part.risk().sum(axis=(0, 1)) for part in parts]) if parts else empty,
        "month_won": np.array([part.ended(deals.won).sum(axis=(0, 1)) for part in parts]) if parts else empty,
        "open_deals": _open(deals), **_direct(deals), **_amounts(deals, start),
    }  # fmt: skip


@dataclass(frozen=True)
class _Seen:
    """Deals as far as they were watched between two days."""

    deals: Deals
    start: float
    end: float

    def risk(self) -> Floats:
        deals = self.deals
        until = np.fmin(deals.closed, self.end)
        here = (until > self.start) & (deals.opened < self.end)
        entry, leave = np.maximum(self.start - deals.opened, 0.0), until - deals.opened
        return _cells(deals, at_risk(entry[here], leave[here], deals.cell[here], deals.teams * len(LABELS)))

    def ended(self, how: Bools) -> Floats:
        deals = self.deals
        here = how & (deals.closed >= self.start) & (deals.closed < self.end)
        age = np.maximum(deals.closed - deals.opened, 0.0)
        return _cells(deals, happened(age[here], deals.cell[here], deals.teams * len(LABELS)))


def _cells(deals: Deals, table: Floats) -> Floats:
    return table.reshape(deals.teams, len(LABELS), table.shape[1])


def _months(as_of: datetime, record_days: float) -> list[date]:
    """The whole months on record before the moment, at most twelve, the oldest first."""
    months = [months_before(month_of(as_of), back) for back in range(MONTHS_BACK, 0, -1)]
    # the month in which the record begins counts when hardly any of it is missing
    return [month for month in months if days(as_of, midnight(month)) >= -record_days - 3]


def _open(deals: Deals) -> Floats:
    here = np.isnan(deals.closed)
    return np.stack([deals.team, deals.label, -deals.opened, deals.amount], axis=1)[here].astype(np.float64)


def _direct(deals: Deals) -> dict[str, Floats]:
    recent = deals.direct & (deals.opened > -min(QUARTER, max(deals.record_days, BLOCK)))
    cells = np.bincount(deals.cell[recent], minlength=deals.teams * len(LABELS)).astype(np.float64)
    block = (-deals.opened[deals.direct] // BLOCK).astype(np.int64)
    blocks = np.bincount(block[block < MONTHS_BACK], minlength=MONTHS_BACK).astype(np.float64)
    return {"direct": cells.reshape(deals.teams, len(LABELS)), "direct_blocks": blocks}


def _amounts(deals: Deals, start: float) -> dict[str, Floats]:
    here = deals.won & (deals.closed >= start) & ~np.isnan(deals.amount)
    cells = deals.teams * len(LABELS)
    sums = [np.bincount(deals.cell[here], deals.amount[here] ** power, minlength=cells) for power in (0, 1, 2)]
    count, total, squares = (each.astype(np.float64).reshape(deals.teams, len(LABELS)) for each in sums)
    return {"won_count": count, "won_sum": total, "won_squares": squares}
