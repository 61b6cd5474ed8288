"""Do marketing's score and sales' answers agree, more than last month?"""

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

import numpy as np

from leads.enums import HandoffState, Label
from leads.statistics import Rate
from reports.accuracy import sorted_by
from reports.columns import Rows, accepted, answered, coded, handoffs, in_state, labelled, months, picked
from reports.figures import Figure, Report
from reports.scope import Scope


@dataclass(frozen=True)
class Agreement:
    month: Annotated[date, Figure("Month", "The month in which the handoffs were opened.", kind="month")]
    accepted: Annotated[Rate, Figure("Accepted", "Accepted, of those accepted or rejected.", behind="accepted")]
    hot: Annotated[Rate, Figure("Hot accepted", "The same of handoffs that were Hot.", behind="hot_accepted")]
    others: Annotated[Rate, Figure("Others accepted", "The same of handoffs that were not.", behind="others_accepted")]
    agree: Annotated[
        float | None,
        Figure(
            "Agree",
            "How often an accepted handoff had a higher score than a rejected one of the month; 0.5 is chance. Empty: "
            "fewer than 10 accepted or 20 rejected.", kind="auc",
        ),
    ]  # fmt: skip
    agree_low: Annotated[float | None, Figure("Agree: low", "Low end of its 95 % interval (DeLong).", aside=True)]
    agree_high: Annotated[float | None, Figure("Agree: high", "High end of it.", aside=True)]
    in_time: Annotated[
        Rate,
        Figure("Answered in time", "Answered before the promised time was over, of all handoffs that were answered."),
    ]  # fmt: skip
    only: dict[str, str] = field(default_factory=dict)


def agreement(scope: Scope) -> list[Agreement]:
    """The earliest month first. One query."""
    rows = handoffs(scope)
    opened = months(rows)
    return [_row(month.item(), picked(rows, opened == month)) for month in np.unique(opened)]


def _row(month: date, rows: Rows) -> Agreement:
    hot = labelled(rows, Label.HOT)
    yes, no = (in_state(rows, state) for state in (HandoffState.ACCEPTED, HandoffState.REJECTED))
    totals, places = coded(rows["total"])  # who had none stands below all others
    ranked = sorted_by(totals, *(np.bincount(places[which], minlength=len(totals)) for which in (yes, no)))
    return Agreement(
        month=month, accepted=accepted(rows), hot=accepted(picked(rows, hot)), others=accepted(picked(rows, ~hot)),
        agree=ranked.value, agree_low=ranked.low, agree_high=ranked.high,
        in_time=Rate(int(rows["in_time"].sum()), int(answered(rows).sum())), only={"opened": f"{month:%Y-%m}"},
    )  # fmt: skip


REPORT = Report(
    name="agreement",
    title="Score and sales' answers",
    about="Handoffs opened in the period, by month: how often sales' answer agrees with the score they came with.",
    row=Agreement,
    rows=agreement,
)
