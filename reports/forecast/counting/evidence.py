"""What a forecast rests on: counts as they were known at a moment, nothing else. Small whatever the number of leads."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from leads.enums import Label

Floats = NDArray[np.float64]

LABELS = (*Label.values, "")  # the last: not scored, or no lead known
BLOCK = 30  # days over which arrivals are counted
QUARTER = 90


@dataclass(frozen=True)
class Evidence:
    """Axes: team (in order of `teams`), label (in order of LABELS), then weeks of age; a "cell" is team × label.

    Risk is in weeks watched. Arrivals are counted in blocks of 30 days, the latest first.
    """

    as_of: datetime
    teams: list[int]
    record_days: float  # how long results are on record, at most a year
    # deals: weeks watched at each age, and how many were won and lost
    deal_risk: Floats
    deal_won: Floats
    deal_lost: Floats
    # the same of all together, for each calendar month on record
    month_risk: Floats
    month_won: Floats
    months: list[date]
    # open deals, one row each: team, label, days since opened, amount (nan: not known)
    open_deals: Floats
    # leads without a deal as they stood on days of the past, from then on until their first deal
    lead_risk: Floats
    lead_opened: Floats
    lead_repeats: float  # how many of those days the same deal was counted for, on average
    open_leads: Floats
    # leads from the day they came until their first deal, by the label they had settled on
    new_risk: Floats
    new_opened: Floats
    new_leads: Floats  # how many that were
    settled: Floats  # of them those of the last months, for the mix of labels
    arrivals: Floats  # [team, block]
    # deals that did not come of a lead we had before: of the last quarter by cell, and by block
    direct: Floats
    direct_blocks: Floats
    # won deals with an amount: how many, their sum, the sum of their squares
    won_count: Floats
    won_sum: Floats
    won_squares: Floats

    @property
    def won(self) -> int:
        """Won deals on record."""
        return int(self.deal_won.sum())

    @property
    def blocks(self) -> int:
        """How many blocks of arrivals are whole."""
        return max(1, min(self.arrivals.shape[1], int(self.record_days // BLOCK)))

    @property
    def quarter_days(self) -> float:
        """The days over which the present rate of arrivals is taken: a quarter, or what there is."""
        return float(max(BLOCK, min(QUARTER, self.blocks * BLOCK)))

    def as_json(self) -> dict[str, Any]:
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        given = {field.name: _read(field.type, kept[field.name]) for field in fields(cls)}
        return cls(**given | {"open_deals": given["open_deals"].reshape(-1, 4)})


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return np.where(np.isnan(value), np.array(None), value).tolist()
    if isinstance(value, datetime | date):
        return value.isoformat()
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _read(kind: Any, value: Any) -> Any:
    if kind is Floats:
        return np.array(value, dtype=np.float64)
    if kind is datetime:
        return datetime.fromisoformat(value)
    return [date.fromisoformat(one) for one in value] if kind == list[date] else value
