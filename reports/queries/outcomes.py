"""What came of leads, added up: the words MQL, SAL, SQL and customer. All queries of leads begin here."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Count, F, FloatField, Func, QuerySet, Sum
from django.db.models.functions import Floor, TruncMonth
from django.utils import timezone

from leads.statistics import Rate
from reports.models import Fact
from reports.models.summary import By
from reports.scope import Scope, today
from reports.summaries.facts import COUNTS, FAIR, SETTLED
from reports.survival import Closing, closing


class Days(Func):
    """The days between two moments: Days(later, earlier)."""

    template = "(date_part('epoch', %(expressions)s) / 86400)"
    arg_joiner = " - "
    output_field = FloatField()


def month_in(moment: str) -> TruncMonth:
    """The month in which that moment of a row lies, in the zone of the installation, whoever asks from where."""
    return TruncMonth(moment, tzinfo=timezone.get_default_timezone())


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
    rows = scope.tallies(kept).annotate(**{kept: F("key")})
    if "month" in by:
        rows = rows.annotate(month=TruncMonth("day"))
    return list(rows.order_by().values(*by).annotate(**{name: SUMS[name] for name in only}))


def closing_by(scope: Scope, by: str) -> dict[Any, Closing]:
    """For each group the share closed by each day of age. Two queries. Customers of whom nobody knows how long it took,
    or who bought before they were a lead, are left out altogether.
    """
    now, keyed = today(), by in By.values
    column = "day" if by == "month" else by
    leads = scope.tallies(By(by) if keyed else By.CHOSEN, daily=True).order_by()
    ages: dict[Any, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for group, day, number in leads.values_list("key" if keyed else column, "day").annotate(Sum("leads")):
        ages[_group(by, group)][_age(day, now)] += number
    customers = (settled(scope) if by == By.GRADE else scope.facts()).filter(customers=1)
    took = customers.order_by().values_list(column, "day", Floor("took"))
    events: dict[Any, list[tuple[int, int, int]]] = defaultdict(list)
    for group, day, days, number in took.annotate(Count("pk")):
        if days is None:
            ages[_group(by, group)][_age(day, now)] -= number
        else:
            events[_group(by, group)].append((_age(day, now), int(days), number))
    return {group: closing(known, events[group]) for group, known in ages.items()}


def in_time_by(scope: Scope, by: str) -> dict[Any, Rate]:
    """For each group its leads that are 90 days old, and those of them that were customers by then. One query."""
    return {row[by]: Rate(row["in_time"], row["leads"]) for row in sums_by(scope.aged(FAIR), by)}


def settled(scope: Scope) -> QuerySet[Fact]:
    """Leads of 30 days and more. Of younger ones only those handed off have a score that counts: the best."""
    return scope.aged(SETTLED).facts().filter(settles_at=None)


def won(facts: QuerySet[Fact]) -> QuerySet[Fact]:
    """Those with a won deal of which the day is known, not before the lead's own; `took` says how many days it took."""
    return facts.filter(customers=1, took__isnull=False)


def _group(by: str, value: Any) -> Any:
    return value.replace(day=1) if by == "month" else value


def _age(day: date, today: date) -> int:
    return max(0, (today - day).days)
