"""Do marketing's score and sales' answers agree, more than last month?"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

from django.db.models import Count, F, Q

from leads.enums import HandoffState, Label
from leads.statistics import Rate
from reports.accuracy import sorted_by
from reports.figures import Figure, Report
from reports.queries.outcomes import month_in
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
    months: dict[date, list[tuple[int, bool, int, int]]] = defaultdict(list)
    in_time: dict[date, list[Rate]] = defaultdict(list)
    decided = Q(state__in=(HandoffState.ACCEPTED, HandoffState.REJECTED))
    answered = Q(decided_at__isnull=False) & ~Q(state=HandoffState.EXPIRED)
    counted = scope.handoffs().annotate(month=month_in("opened_at")).order_by().values_list("month", "total", "label")
    for moment, total, label, n, k, answers, soon in counted.annotate(
        n=Count("pk", filter=decided), k=Count("pk", filter=Q(state=HandoffState.ACCEPTED)),
        answers=Count("pk", filter=answered), soon=Count("pk", filter=answered & Q(decided_at__lte=F("due_at"))),
    ):  # fmt: skip
        in_time[moment.date()].append(Rate(soon, answers))
        if n:
            months[moment.date()].append((-1 if total is None else total, label == Label.HOT, n, k))
    return [_row(month, rows, _sum(in_time[month])) for month, rows in sorted(months.items())]


def _sum(rates: list[Rate]) -> Rate:
    return Rate(sum(rate.k for rate in rates), sum(rate.n for rate in rates))


def _row(month: date, rows: list[tuple[int, bool, int, int]], in_time: Rate) -> Agreement:
    scores: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for total, _, n, k in rows:
        scores[total][0] += k
        scores[total][1] += n - k
    agree = sorted_by(list(scores), *zip(*scores.values(), strict=True))
    return Agreement(
        month=month, accepted=_rate(rows), hot=_rate([row for row in rows if row[1]]),
        others=_rate([row for row in rows if not row[1]]), agree=agree.value, agree_low=agree.low,
        agree_high=agree.high, in_time=in_time, only={"opened": f"{month:%Y-%m}"},
    )  # fmt: skip


def _rate(rows: list[tuple[int, bool, int, int]]) -> Rate:
    return Rate(sum(k for *_, k in rows), sum(n for _, _, n, _ in rows))


REPORT = Report(
    name="agreement",
    title="Score and sales' answers",
    about="Handoffs opened in the period, by month: how often sales' answer agrees with the score they came with.",
    row=Agreement,
    rows=agreement,
)
