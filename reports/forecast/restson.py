"""What the forecast of some teams rests on, label by label, as a manager reads and questions it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from leads.enums import Label
from leads.statistics import Rate
from reports.figures import Figure, Report
from reports.forecast.evidence import LABELS
from reports.forecast.scope import ForecastScope
from reports.models.forecast import TeamForecast

ENDS = (0.025, 0.975)


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


def rows(scope: ForecastScope) -> list[LabelBasis]:
    return rests_on(scope.latest)


REPORT = Report(
    name="basis",
    title="What it rests on",
    about="Conversion, time and value by label, with small groups leaning on the whole.",
    row=LabelBasis,
    rows=rows,
)
