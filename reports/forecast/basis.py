"""What a forecast of a team rests on, label by label, as it is shown and kept with it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from reports.forecast.evidence import LABELS, Evidence, Floats
from reports.forecast.flows import Changes, outlook
from reports.forecast.lifetable import WEEK, cumulative
from reports.forecast.simulate import World

MONTH_DAYS = 365.25 / 12
HALF_YEAR = 26  # weeks
KEPT = 100  # draws of the conversion, so that teams can be put together


@dataclass(frozen=True)
class Estimates:
    """By label [label], or draw by draw [draw, label]: what is thought of one team."""

    new: Floats
    opens: Floats
    wins: Floats
    value: Floats
    days: Floats  # nan where it cannot be told
    customers: Floats  # [draw, label]: leads that become customers

    def of(self, name: str) -> Floats:
        return getattr(self, name)


def estimates(known: World, place: int, changes: Changes) -> Estimates:
    """Means over the draws. A conversion is of new leads: half a year to open a deal, and then as long as it takes."""
    parameters = known.parameters
    opens = 1 - np.exp(-opening_hazard(known, place) * changes.opens)
    won = outlook(parameters, place, changes).won
    return Estimates(
        new=(parameters.arrivals[:, place] * changes.new).mean(axis=0) * MONTH_DAYS,
        opens=opens.mean(axis=0), wins=won[..., -1].mean(axis=0),
        value=(parameters.value[:, place] * changes.value).mean(axis=0),
        days=np.array([_median(curve) for curve in won.mean(axis=0)]),
        customers=(opens * won[..., -1])[:KEPT],
    )  # fmt: skip


def opening_hazard(known: World, place: int) -> Floats:
    """Of new leads, added up over half a year: [draw, label]."""
    return cumulative(known.parameters.opens_new.of(place)[..., :HALF_YEAR])[..., -1]


def _median(curve: Floats) -> float:
    """Days until half of those that are won are won."""
    half = curve[-1] / 2
    return float(np.interp(half, curve, np.arange(len(curve))) * WEEK) if half > 0 else float("nan")


def basis(known: World, place: int, changes: Changes, effects: list[dict[str, Any]]) -> dict[str, Any]:
    """As JSON: {"labels": {label: {…}}, "assumptions": [those in force, with their effect]}."""
    counted, used = estimates(known, place, Changes()), estimates(known, place, changes)
    rows = {label: _row(known.evidence, place, i, counted, used) for i, label in enumerate(LABELS)}
    return {"labels": rows, "assumptions": effects}


def _row(evidence: Evidence, place: int, label: int, counted: Estimates, used: Estimates) -> dict[str, Any]:
    deals = evidence.open_deals
    won, lost = evidence.deal_won[place, label].sum(), evidence.deal_lost[place, label].sum()
    return {
        "open_leads": int(evidence.open_leads[place, label]),
        "open_deals": int(((deals[:, 0] == place) & (deals[:, 1] == label)).sum()),
        **{name: _number(used.of(name)[label]) for name in ("new", "opens", "wins", "value", "days")},
        "counted": {name: _number(counted.of(name)[label]) for name in ("new", "opens", "wins", "value", "days")},
        "customers": [round(float(share), 5) for share in used.customers[:, label]],
        "of_leads": [int(evidence.new_opened[place, label].sum()), int(evidence.new_leads[place, label])],
        "of_deals": [int(won), int(won + lost)],
        "priced": int(evidence.won_count[place, label]),
    }  # fmt: skip


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 5)
