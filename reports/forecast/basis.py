"""What the forecast of some teams rests on, label by label, as a manager reads and questions it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from leads.enums import Label
from leads.statistics import Rate
from reports.figures import Figure, Report
from reports.forecast.counting import LABELS, Evidence, Floats
from reports.forecast.lifetable import WEEK, cumulative
from reports.forecast.scope import ForecastScope
from reports.forecast.simulation import Changes, World, outlook
from reports.models.forecast import TeamForecast

ENDS = (0.025, 0.975)
MONTH_DAYS = 365.25 / 12
HALF_YEAR = 26  # weeks
KEPT = 100  # draws of the conversion, so that teams can be put together


@dataclass(frozen=True)
class LabelBasis:
    """One label, of the teams asked for together. Assumptions that were overruled are in it."""

    label: Annotated[str, Figure("Label", "Empty: not scored, or a deal that came of no lead we had.")]
    open_leads: Annotated[int, Figure("Open leads", "Leads with this label now that have had no deal yet.")]
    open_deals: Annotated[int, Figure("Open deals", "Open now, of leads that had this label when the deal was opened.")]
    new: Annotated[
        float,
        Figure(
            "New a month",
            "New leads that settle on this label, as many as in the last quarter: the label when a deal is opened, "
            "else after 30 days.",
        ),
    ]
    opens: Annotated[float | None, Figure("Open a deal", "New leads of this label that open a deal within 26 weeks.")]
    of_leads: Annotated[Rate, Figure("Of leads", "Deals opened so far, of the new leads of the past year.")]
    wins: Annotated[float | None, Figure("Deals won", "Deals of this label that are won, however long it takes.")]
    of_deals: Annotated[Rate, Figure("Of deals", "Deals won, of those closed in the past year.")]
    customers: Annotated[float | None, Figure("Lead to customer", "The one times the other.")]
    low: Annotated[float | None, Figure("95% from", "Of lead to customer: one draw in forty lies below.")]
    high: Annotated[float | None, Figure("95% to", "Of lead to customer: one draw in forty lies above.")]
    value: Annotated[float | None, Figure("Average deal", "Mean amount of won deals; small groups lean on the whole.")]
    priced: Annotated[int, Figure("Won with amount", "Won deals with an amount of the past year: the n of it.")]
    days: Annotated[
        float | None, Figure("Median to win", "Days from opening a deal to winning it; those still open are counted.")
    ]
    overruled: Annotated[str, Figure("Overruled", "Which of these a manager set instead of the count.")]

    @property
    def thin(self) -> bool:
        """Under ten won deals: almost nothing is known of it by itself."""
        return self.of_deals.k < 10


def rests_on(latest: Sequence[TeamForecast]) -> list[LabelBasis]:
    """Best label first. Rates of several teams are put together by what each of them has of it. No query."""
    rows = {label: [row.basis["labels"][label] for row in latest] for label in LABELS}
    said = {label: _said(latest, label) for label in LABELS}
    return [_label(label, each, said[label]) for label, each in rows.items() if each and _anything(each)]


def _anything(rows: list[dict[str, Any]]) -> bool:
    return any(row["open_leads"] or row["open_deals"] or row["new"] or row["of_deals"][1] for row in rows)


def _label(label: str, rows: list[dict[str, Any]], overruled: str) -> LabelBasis:
    came = [max(row["new"] or 0.0, 1e-6) for row in rows]
    closed = [max(row["of_deals"][1], 1e-6) for row in rows]
    drawn = np.average([row["customers"] for row in rows], axis=0, weights=came)
    low, high = np.quantile(drawn, ENDS)
    known = any(row["of_leads"][1] for row in rows)
    return LabelBasis(
        label=label,
        open_leads=sum(row["open_leads"] for row in rows), open_deals=sum(row["open_deals"] for row in rows),
        new=sum(row["new"] or 0.0 for row in rows), opens=_mean(rows, "opens", came) if known else None,
        of_leads=_rate(rows, "of_leads"), wins=_mean(rows, "wins", closed), of_deals=_rate(rows, "of_deals"),
        customers=float(drawn.mean()) if known else None, low=float(low) if known else None,
        high=float(high) if known else None,
        value=_mean(rows, "value", closed), priced=sum(row["priced"] for row in rows), days=_mean(rows, "days", closed),
        overruled=overruled,
    )  # fmt: skip


def _mean(rows: list[dict[str, Any]], name: str, weights: list[float]) -> float | None:
    known = [(row[name], weight) for row, weight in zip(rows, weights, strict=True) if row[name] is not None]
    return sum(value * weight for value, weight in known) / sum(weight for _, weight in known) if known else None


def _rate(rows: list[dict[str, Any]], name: str) -> Rate:
    return Rate(sum(row[name][0] for row in rows), sum(row[name][1] for row in rows))


def _said(latest: Sequence[TeamForecast], label: str) -> str:
    """The names of what is not as counted, in words."""
    differs: Callable[[dict[str, Any], str], bool] = lambda row, name: row[name] != row["counted"][name]  # noqa: E731
    rows = [row.basis["labels"][label] for row in latest]
    names = {"new": "new", "opens": "open a deal", "wins": "won", "value": "average deal", "days": "time"}
    return ", ".join(words for name, words in names.items() if any(differs(row, name) for row in rows))


def thin(rows: Sequence[LabelBasis]) -> list[LabelBasis]:
    """Labels that lean on the others."""
    return [row for row in rows if row.label in Label.values[:4] and row.thin]


# --- Of one team, as it is kept with its forecast ----------------------------------------------------


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


def rows(scope: ForecastScope) -> list[LabelBasis]:
    return rests_on(scope.latest)


REPORT = Report(
    name="basis",
    title="What it rests on",
    about="Conversion, time and value by label, with small groups leaning on the whole.",
    row=LabelBasis,
    rows=rows,
)
