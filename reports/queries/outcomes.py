"""What came of leads, added up: the words MQL, SAL, SQL and customer. All queries of leads begin here."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, DateTimeField, ExpressionWrapper, F, FloatField, Func, Q, QuerySet, Sum
from django.db.models.functions import Floor, TruncMonth
from django.utils import timezone

from leads.statistics import Rate
from reports.models import Fact
from reports.scope import Scope
from reports.summaries.facts import COUNTS
from reports.survival import Closing, closing


class Days(Func):
    """The days between two moments: Days(later, earlier)."""

    template = "(extract(epoch FROM %(expressions)s) / 86400.0)::float8"
    arg_joiner = " - "
    output_field = FloatField()


SUMS = {name: Sum(name) for name in COUNTS}
NOTHING: dict[str, Any] = dict.fromkeys(COUNTS, 0)


def sums(rows: QuerySet) -> dict[str, Any]:
    """Everything that is counted, added up over facts or tallies; zeros of nothing."""
    return NOTHING | {name: value or 0 for name, value in rows.aggregate(**SUMS).items()}


def sums_by(rows: QuerySet, *by: str) -> list[dict[str, Any]]:
    """The same for each group. `month` is the month in which the lead was created."""
    return list(_with_month(rows, by).order_by().values(*by).annotate(**SUMS))


def closing_by(scope: Scope, by: str, *, facts_only: bool = False) -> dict[Any, Closing]:
    """For each group the share closed by each day of age. Two queries."""
    today = timezone.localdate()
    ages: dict[Any, dict[int, int]] = {}
    facts = settled(scope) if facts_only else scope.facts()
    rows = facts if facts_only else scope.tallies()
    for group, day, number in _grouped(rows, by, Sum("leads")):
        ages.setdefault(group, {})[_age(day, today)] = number
    events: dict[Any, list[tuple[int, int, int]]] = {}
    for group, day, took, number in _grouped(won(facts), by, Count("pk"), "took"):
        events.setdefault(group, []).append((_age(day, today), int(took), number))
    return {group: closing(known, events.get(group, [])) for group, known in ages.items()}


def in_time_by(scope: Scope, by: str, days: int) -> dict[Any, Rate]:
    """For each group its leads that are so many days old, and those of them that were customers by then. One query."""
    old = scope.facts().filter(day__lte=timezone.localdate() - timedelta(days=days + 1))
    soon = Q(won_at__lte=ExpressionWrapper(F("created_at") + timedelta(days=days), DateTimeField()))
    rows = _with_month(old, (by,)).order_by().values_list(by).annotate(n=Count("pk"), k=Count("pk", filter=soon))
    return {group: Rate(k, n) for group, n, k in rows}


def settled(scope: Scope) -> QuerySet[Fact]:
    """Leads of 30 days and more. Of younger ones only those handed off have a score that counts: the best."""
    return scope.facts().filter(day__lte=timezone.localdate() - timedelta(days=31), settles_at=None)


def won(facts: QuerySet[Fact]) -> QuerySet[Fact]:
    """Those with a won deal of which the day is known, and how many whole days it took."""
    rows = facts.filter(customers=1, won_at__isnull=False)
    return rows.annotate(took=Floor(Days(F("won_at"), F("created_at"))))


def _grouped(rows: QuerySet, by: str, number: Any, *more: str) -> Sequence[Any]:
    return _with_month(rows, (by,)).order_by().values_list(by, "day", *more).annotate(number=number)


def _with_month(rows: QuerySet, by: Sequence[str]) -> QuerySet:
    return rows.annotate(month=TruncMonth("day")) if "month" in by else rows


def _age(day: date, today: date) -> int:
    return max(0, (today - day).days)
