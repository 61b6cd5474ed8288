"""What came of leads, added up: the words MQL, SAL, SQL and customer. All queries of leads begin here."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from django.db.models import DateField, F, Func, IntegerField, QuerySet, Sum, Value
from django.db.models.functions import Cast, Coalesce, Floor, TruncMonth
from numpy.typing import NDArray

from leads.statistics import Rate
from reports.days import today
from reports.joined import Joined, fetched, numbers, sent
from reports.models import Fact
from reports.models.summary import By
from reports.scope import Scope
from reports.summaries.facts import COUNTS, FAIR, SETTLED
from reports.survival import Closing, closing


def month_created() -> Cast:
    """The month in which the leads of a fact or tally were created."""
    return Cast(TruncMonth("day"), DateField())


SUMS = {name: Sum(name) for name in COUNTS}
NOTHING: dict[str, Any] = dict.fromkeys(COUNTS, 0)


def sums(scope: Scope) -> dict[str, Any]:
    """Everything that is counted, added up over the leads of the range; zeros of nothing."""
    return NOTHING | {name: value or 0 for name, value in scope.tallies().aggregate(**SUMS).items()}


def sums_by(scope: Scope, *by: str, only: Iterable[str] = COUNTS) -> list[dict[str, Any]]:
    """The same for each group. `month` is the month in which the lead was created; of what tallies are kept by, one
    can be asked.
    """
    kept = By(next((name for name in by if name in By.values), By.CHOSEN))
    rows = scope.tallies(kept, sourced="source" in by).annotate(**{kept: F("key")})
    if "month" in by:
        rows = rows.annotate(month=TruncMonth("day"))
    return list(rows.order_by().values(*by).annotate(**{name: SUMS[name] for name in only}))


def closing_by(scope: Scope, by: str) -> dict[Any, Closing]:
    """For each group, and for EVERYBODY, the share closed by each day of age. Two queries. Customers of whom nobody
    knows how long it took, or who bought before they were a lead, are left out altogether.
    """
    kept = By(by) if by in By.values else By.CHOSEN
    days = scope.tallies(kept, daily=True, sourced=by == "source")
    created = _aged(days, F("key") if by in By.values else _group(by), F("leads"))
    customers = (settled(scope) if by == By.GRADE else scope.facts()).filter(customers=1)
    bought = _aged(customers, _group(by), Floor(Coalesce("took", -1.0)))
    for aged in (created, bought):
        if aged:
            aged[EVERYBODY] = np.concatenate([*aged.values()])
    return {group: _closing(leads, bought.get(group, NOBODY)) for group, leads in created.items()}


EVERYBODY = object()
NOBODY = np.zeros((0, 2), np.int64)


def _closing(leads: NDArray[np.int64], bought: NDArray[np.int64]) -> Closing:
    unknown = bought[:, 1] < 0  # -1: one lead less of that age
    return closing(np.concatenate([leads, bought[unknown]]), bought[~unknown])


def _aged(rows: QuerySet[Any], group: Any, number: Any) -> dict[Any, NDArray[np.int64]]:
    """For each group the age of its leads in days, and a number."""
    days = Func(Value(today()), F("day"), template="greatest(%(expressions)s, 0)", arg_joiner=" - ",
                output_field=IntegerField())  # fmt: skip
    asked = rows.order_by().annotate(group=group).values("group").annotate(all=Joined(sent(days, number)))
    return {key: numbers(found, 2) for key, found in fetched(asked.values_list("group", "all"))}


def _group(by: str) -> Any:
    return month_created() if by == "month" else F(by)


def in_time_by(scope: Scope, by: str) -> dict[Any, Rate]:
    """For each group its leads that are 90 days old, and those of them that were customers by then. One query."""
    return {row[by]: Rate(row["in_time"], row["leads"]) for row in sums_by(scope.aged(FAIR), by)}


def settled(scope: Scope) -> QuerySet[Fact]:
    """Leads of 30 days and more. Of younger ones only those handed off have a score that counts: the best."""
    return scope.aged(SETTLED).facts().filter(settles_at=None)


def won(facts: QuerySet[Fact]) -> QuerySet[Fact]:
    """Those with a won deal of which the day is known, not before the lead's own; `took` says how many days it took."""
    return facts.filter(customers=1, took__isnull=False)
