"""Does the score say who will buy, as well as it did, and does it still mean the same?"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Annotated, Any

import numpy as np
from django.db.models import F, QuerySet
from numpy.typing import NDArray

from leads.enums import Label
from leads.statistics import ENOUGH, Rate, wilson
from reports.accuracy import sorted_by, tenths
from reports.columns import coded
from reports.figures import Figure, Report
from reports.joined import Joined, fetched, numbers, sent
from reports.models.summary import By
from reports.queries.outcomes import month_created, sums_by
from reports.scope import Scope
from reports.summaries.facts import FAIR, SETTLED

_OF = "Leads created in the period, 30 days old or more, with a score when it mattered."


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
    """Both tables of the page. Six queries at most."""
    scores = _scores(scope.aged(SETTLED))
    return _deciles(scores), _months(scope, scores)


def deciles(scope: Scope) -> list[Decile]:
    """Best first. Two queries at most."""
    return _deciles(_scores(scope.aged(SETTLED)))


def months(scope: Scope) -> list[ScoreMonth]:
    """The earliest first. Six queries at most."""
    return _months(scope, _scores(scope.aged(SETTLED)))


@dataclass
class _Score:
    """Leads with one score: how many, those that are customers, and those that were within 90 days."""

    n: int = 0
    customers: int = 0
    in_time: int = 0


_Scores = dict[date, dict[int, _Score]]


def _scores(scope: Scope) -> _Scores:
    """Month → total → settled leads. Of one source the days around the months are not tallied, and read from facts."""
    parts: list[tuple[QuerySet[Any], F]] = [(scope.tallies(By.TOTAL), F("key"))]
    if scope.source:
        parts.append((scope.loose().filter(settles_at=None, total__isnull=False), F("total")))
    found: dict[date, list[NDArray[np.int64]]] = defaultdict(list)
    for rows, total in parts:
        counted = Joined(sent(total, F("leads"), F("customers"), F("in_time")))
        asked = rows.order_by().annotate(month=month_created()).values("month").annotate(all=counted)
        for month, joined in fetched(asked.values_list("month", "all")):
            found[month].append(numbers(joined, 4))
    return {month: _added_up(np.concatenate(each)) for month, each in found.items()}


def _added_up(rows: NDArray[np.int64]) -> dict[int, _Score]:
    totals, places = coded(rows[:, 0])
    sums = (np.bincount(places, rows[:, column]).astype(int).tolist() for column in (1, 2, 3))
    return {total: _Score(*score) for total, *score in zip(totals.tolist(), *sums, strict=True)}


def _old(scope: Scope, scores: _Scores) -> _Scores:
    """Those of them that are 90 days old: of the months before that day all, of its own month some."""
    last = scope.aged(FAIR).last
    month = last.replace(day=1)
    of_month = _scores(replace(scope, first=max(scope.first, month), last=last)) if last >= scope.first else {}
    return {before: each for before, each in scores.items() if before < month} | of_month


def _deciles(scores: _Scores) -> list[Decile]:
    counted: dict[int, _Score] = defaultdict(_Score)
    for total, score in (each for month in scores.values() for each in month.items()):
        counted[total].n += score.n
        counted[total].customers += score.customers
    average = Rate(sum(score.customers for score in counted.values()), sum(score.n for score in counted.values()))
    found = tenths(
        list(counted), [score.n for score in counted.values()], [score.customers for score in counted.values()]
    )
    return [
        Decile(
            tenth=str(number), scores=f"{low} to {high}" if low != high else str(low), customers=Rate(k, n),
            lift=k / n / average.share if average.share and n else None,
            only={"total_from": str(low), "total_to": str(high)},
        )
        for number, (low, high, n, k) in enumerate(found, start=1)
    ]  # fmt: skip


def _months(scope: Scope, scores: _Scores) -> list[ScoreMonth]:
    labels: dict[date, dict[str, int]] = defaultdict(dict)
    for row in sums_by(scope, "month", "label", only=["leads"]):
        labels[row["month"]][row["label"]] = row["leads"]
    old, said = _old(scope, scores), _said(scope)
    return [
        _month(month, counts, scores.get(month, {}), old.get(month, {}), said.get(month))
        for month, counts in sorted(labels.items())
    ]


def _said(scope: Scope) -> dict[date, float]:
    """For each month the share of customers that the labels of its leads led to expect, by all months before it."""
    months: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for row in sums_by(scope.aged(FAIR), "month", "label", only=["leads", "in_time"]):
        if row["label"]:
            months[row["month"]].append(row)
    old: dict[str, int] = defaultdict(int)
    won: dict[str, int] = defaultdict(int)
    said = {}
    for month, here in sorted(months.items()):
        if sum(old.values()) >= ENOUGH and all(old[row["label"]] for row in here):
            expected = sum(row["leads"] * won[row["label"]] / old[row["label"]] for row in here)
            said[month] = expected / sum(row["leads"] for row in here)
        for row in here:
            old[row["label"]] += row["leads"]
            won[row["label"]] += row["in_time"]
    return said


def _month(
    month: date, labels: dict[str, int], scores: dict[int, _Score], old: dict[int, _Score], said: float | None
) -> ScoreMonth:
    """`old`: those of the scored leads that are 90 days old."""
    scored = sum(number for label, number in labels.items() if label)
    n = sum(score.n for score in scores.values())
    won, not_won = [score.in_time for score in old.values()], [score.n - score.in_time for score in old.values()]
    auc = sorted_by(list(old), won, not_won)
    return ScoreMonth(
        month=month, leads=scored, hot=Rate(labels.get(Label.HOT, 0), scored),
        mean=sum(total * score.n for total, score in scores.items()) / n if n else None,
        auc=auc.value, auc_low=auc.low, auc_high=auc.high, in_time=Rate(sum(won), sum(won) + sum(not_won)),
        expected=said, only={"month": f"{month:%Y-%m}"}, labels=labels,
    )  # fmt: skip


REPORTS = (
    Report(
        name="deciles", title="Conversion by score", about=f"{_OF} In tenths by score.", row=Decile, rows=deciles
    ),
    Report(
        name="score-months", title="The score month by month",
        about="Whether scores grow without more customers, sort as well as before, and still mean what they meant.",
        row=ScoreMonth, rows=months,
    ),
)  # fmt: skip
