"""Does a better label mean more customers?"""

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Annotated

from django.db.models import Count, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from leads.enums import Label
from leads.models import Handoff
from leads.statistics import ENOUGH, Rate, wilson
from reports.figures import Figure, Report
from reports.queries.outcomes import CUSTOMER
from reports.scope import Scope
from scoring.models import Entry

THIRTY_DAYS = timedelta(days=30)


@dataclass(frozen=True)
class LabelConversion:
    label: Annotated[
        str,
        Figure(
            "Label",
            "The label on the day of the first handoff; for a lead never handed off, the label 30 days after it was "
            "created (today's, if it is younger). Empty: not scored then.",
        ),
    ]
    customers: Annotated[
        Rate,
        Figure("Customers", "Leads created in the period that have a won deal by now, of all leads with that label."),
    ]


def conversion_by_label(scope: Scope) -> list[LabelConversion]:
    """Best label first, those without a label last. One query."""
    counted = (
        scope.leads()
        .annotate(then=Coalesce(_at_handoff(), _on_day_30(), Value("")), won=CUSTOMER)
        .values("then")
        .annotate(n=Count("pk"), k=Count("pk", filter=Q(won=True)))
        .order_by()
    )
    rates = {row["then"]: Rate(row["k"], row["n"]) for row in counted}
    return [LabelConversion(label, rates[label]) for label in (*Label.values, "") if label in rates]


@dataclass(frozen=True)
class Verdict:
    """Whether the labels are in the right order, in words. `state` is ok, warn, or empty while there is too little."""

    state: str
    headline: str
    sentence: str


def verdict(rows: list[LabelConversion]) -> Verdict:
    """Does a better label mean more customers? Only labels with enough leads are heard."""
    ranked = [row for row in rows if row.customers.enough and row.label not in ("", Label.DISQUALIFIED)]
    if len(ranked) < 2:
        return Verdict("", "Too few to say.", f"A label is compared once {ENOUGH} leads of the period had it.")
    for better, worse in pairwise(ranked):
        if better.customers.share < worse.customers.share:  # type: ignore[operator]
            words = f"{_word(worse)} leads became customers more often than {_word(better)} ones"
            chance = ", which could be chance" if _touch(worse.customers, better.customers) else ""
            return Verdict("warn", "The order does not hold.", f"{words}{chance}.")
    return Verdict("ok", "The order holds.", _by_how_much(*ranked[:2]))


def _by_how_much(best: LabelConversion, second: LabelConversion) -> str:
    if _touch(best.customers, second.customers):
        return f"Between {_word(best)} and {_word(second)} the difference could be chance: their intervals touch."
    if not second.customers.k:
        return f"{_word(best)} leads become customers, {_word(second)} ones did not yet."
    times = best.customers.share / second.customers.share  # type: ignore[operator]
    return (
        f"{_word(best)} leads become customers {times:.1f} times as often as {_word(second)} ones, "
        "and their intervals do not touch."
    )


def _touch(higher: Rate, lower: Rate) -> bool:
    return wilson(higher.k, higher.n).low <= wilson(lower.k, lower.n).high


def _word(row: LabelConversion) -> str:
    return Label(row.label).label


def _at_handoff() -> Subquery:
    return Subquery(Handoff.objects.filter(lead=OuterRef("pk")).order_by("opened_at", "pk").values("label")[:1])


def _on_day_30() -> Subquery:
    known = Entry.objects.filter(lead=OuterRef("pk"), as_of__lte=F("lead__created_at") + THIRTY_DAYS)
    return Subquery(known.order_by("-seq").values("label")[:1])


REPORT = Report(
    name="conversion",
    title="Conversion by label",
    about="Leads created in the period that became customers, by the label they had when it mattered.",
    row=LabelConversion,
    rows=conversion_by_label,
)
