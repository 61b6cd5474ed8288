"""Does the score say who will buy, as well as it did, and does it still mean the same?"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, Any

from django.db.models import Count, DateTimeField, ExpressionWrapper, F, Q, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from leads.enums import Label
from leads.statistics import ENOUGH, Rate, wilson
from reports.accuracy import sorted_by, tenths
from reports.figures import Figure, Report
from reports.queries.outcomes import settled, sums_by
from reports.scope import Scope

SETTLED = "Leads created in the period, 30 days old or more, with a score when it mattered."
IN_TIME = timedelta(days=90)


@dataclass(frozen=True)
class Decile:
    tenth: Annotated[
        str,
        Figure(
            "Tenth",
            "These leads in ten parts of about the same size by score, best first; leads with the same score "
            "stay together.",
        ),
    ]
    scores: Annotated[str, Figure("Scores", "The lowest and the highest total in it.")]
    customers: Annotated[Rate, Figure("Customers", "Those with a won deal by now, of its leads.", behind="customers")]
    lift: Annotated[
        float | None,
        Figure("Times the average", "Its share of customers divided by that of all these leads.", kind="times"),
    ]
    only: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ScoreMonth:
    month: Annotated[date, Figure("Month", "The month in which the leads were created.", kind="month")]
    leads: Annotated[int, Figure("Scored leads", "Leads of that month with a label when it mattered.", behind="scored")]
    hot: Annotated[
        Rate,
        Figure(
            "Hot",
            "Leads that were Hot when it mattered, of those scored: grows without more customers where scores are "
            "inflated.",
            behind="hot",
        ),
    ]
    mean: Annotated[float | None, Figure("Mean score", "Mean total of its leads of 30 days and more.", kind="points")]
    auc: Annotated[
        float | None,
        Figure(
            "Sorts right",
            "How often a lead that became a customer within 90 days had a higher score than one that did not (AUC); "
            "0.5 is chance. Empty: fewer than 10 customers, or leads not yet 90 days old.",
            kind="auc",
        ),
    ]
    auc_low: Annotated[float | None, Figure("Sorts right: low", "Low end of its 95 % interval (DeLong).", aside=True)]
    auc_high: Annotated[float | None, Figure("Sorts right: high", "High end of it.", aside=True)]
    in_time: Annotated[
        Rate,
        Figure("Within 90 days", "Scored leads that became customers within 90 days, of those at least 90 days old."),
    ]
    expected: Annotated[
        float | None,
        Figure(
            "Said",
            "The share expected if each label had kept its share of the months before in the period. Empty: fewer "
            f"than {ENOUGH} leads before, or a label that none of them had.",
            kind="share",
        ),
    ]  # fmt: skip
    only: dict[str, str] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)

    @property
    def kept(self) -> bool | None:
        """Whether what was said lies in the interval of what was seen; None: too few to say."""
        if self.expected is None or not self.in_time.enough:
            return None
        seen = wilson(self.in_time.k, self.in_time.n)
        return seen.low <= self.expected <= seen.high


def performance(scope: Scope) -> tuple[list[Decile], list[ScoreMonth]]:
    """Both tables of the page. Two queries."""
    scores = _scores(scope)
    return _deciles(scores), _months(scope, scores)


def deciles(scope: Scope) -> list[Decile]:
    """Best first. One query."""
    return _deciles(_scores(scope))


def months(scope: Scope) -> list[ScoreMonth]:
    """The earliest first. Two queries."""
    return _months(scope, _scores(scope))


def _deciles(scores: dict[date, list["_Score"]]) -> list[Decile]:
    counted: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for row in (row for rows in scores.values() for row in rows):
        counted[row.total][0] += row.n
        counted[row.total][1] += row.customers
    average = Rate(sum(k for _, k in counted.values()), sum(n for n, _ in counted.values()))
    found = tenths(list(counted), [n for n, _ in counted.values()], [k for _, k in counted.values()])
    return [
        Decile(
            tenth=str(number), scores=f"{low} to {high}" if low != high else str(low), customers=Rate(k, n),
            lift=k / n / average.share if average.share and n else None,
            only={"total_from": str(low), "total_to": str(high)},
        )
        for number, (low, high, n, k) in enumerate(found, start=1)
    ]  # fmt: skip


def _months(scope: Scope, scores: dict[date, list["_Score"]]) -> list[ScoreMonth]:
    labels: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in sums_by(scope.tallies(), "month", "label"):
        labels[row["month"]][row["label"]] += row["leads"]
    said = _said(scores)
    return [_month(month, counts, scores.get(month, []), said.get(month)) for month, counts in sorted(labels.items())]


@dataclass(frozen=True)
class _Score:
    """Settled leads of one month, total and label: how many, customers, how many old enough, won in time of those."""

    total: int
    label: str
    n: int
    customers: int
    old: int
    won: int


def _settled(scope: Scope) -> Any:
    return settled(scope).filter(total__isnull=False)


def _scores(scope: Scope) -> dict[date, list[_Score]]:
    limit = timezone.localdate() - IN_TIME
    soon = ExpressionWrapper(F("created_at") + IN_TIME, DateTimeField())
    rows = (
        _settled(scope).annotate(month=TruncMonth("day")).order_by().values_list("month", "total", "label").annotate(
            n=Count("pk"), k=Sum("customers"), old=Count("pk", filter=Q(day__lte=limit)),
            won=Count("pk", filter=Q(day__lte=limit, won_at__lte=soon)),
        )
    )  # fmt: skip
    found: dict[date, list[_Score]] = defaultdict(list)
    for month, *values in rows:
        found[month].append(_Score(*values))
    return found


def _said(scores: dict[date, list[_Score]]) -> dict[date, float]:
    """For each month the share of customers that the labels of its leads led to expect, by all months before it."""
    old: dict[str, int] = defaultdict(int)
    won: dict[str, int] = defaultdict(int)
    said = {}
    for month in sorted(scores):
        here = [row for row in scores[month] if row.old]
        known = sum(old.values()) >= ENOUGH and all(old[row.label] for row in here)
        if here and known:
            said[month] = sum(row.old * won[row.label] / old[row.label] for row in here) / sum(row.old for row in here)
        for row in here:
            old[row.label] += row.old
            won[row.label] += row.won
    return said


def _month(month: date, labels: dict[str, int], scores: list[_Score], said: float | None) -> ScoreMonth:
    scored = sum(number for label, number in labels.items() if label)
    n = sum(row.n for row in scores)
    by_total: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for row in scores:
        by_total[row.total][0] += row.won
        by_total[row.total][1] += row.old - row.won
    auc = sorted_by(list(by_total), [yes for yes, _ in by_total.values()], [no for _, no in by_total.values()])
    return ScoreMonth(
        month=month, leads=scored, hot=Rate(labels.get(Label.HOT, 0), scored),
        mean=sum(row.total * row.n for row in scores) / n if n else None,
        auc=auc.value, auc_low=auc.low, auc_high=auc.high,
        in_time=Rate(sum(row.won for row in scores), sum(row.old for row in scores)), expected=said,
        only={"month": f"{month:%Y-%m}"}, labels=labels,
    )  # fmt: skip


REPORTS = (
    Report(
        name="deciles", title="Conversion by score", about=f"{SETTLED} In tenths by score.", row=Decile, rows=deciles
    ),
    Report(
        name="score-months", title="The score month by month",
        about="Whether scores grow without more customers, sort as well as before, and still mean what they meant.",
        row=ScoreMonth, rows=months,
    ),
)  # fmt: skip
