"""Does a better label mean more customers?"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

from leads.enums import Label
from leads.statistics import ENOUGH, Rate, difference
from reports.figures import Figure, Report
from reports.queries.outcomes import sums_by
from reports.scope import NONE, Scope


@dataclass(frozen=True)
class LabelConversion:
    label: Annotated[
        str,
        Figure(
            "Label",
            "The label on the day of the first handoff; for a lead never handed off, the label 30 days after it was "
            "created (today's, if it is younger). Empty: not scored then.",
            kind="label",
        ),
    ]
    customers: Annotated[
        Rate,
        Figure(
            "Customers", "Leads created in the period that have a won deal by now, of all leads with that label.",
            behind="customers",
        ),
    ]  # fmt: skip

    @property
    def only(self) -> dict[str, str]:
        return {"label": self.label or NONE}


def conversion_by_label(scope: Scope) -> list[LabelConversion]:
    """Best label first, those without a label last. One query."""
    counted = sums_by(scope, "label")
    rates = {row["label"]: Rate(row["customers"], row["leads"]) for row in counted if row["leads"]}
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
    reversed_ = [pair for pair in pairwise(ranked) if pair[0].customers.share < pair[1].customers.share]  # type: ignore[operator]
    beyond_chance = [pair for pair in reversed_ if _beyond_chance(pair[1].customers, pair[0].customers)]
    for better, worse in beyond_chance or reversed_:
        words = f"{_word(worse)} leads became customers more often than {_word(better)} ones"
        if beyond_chance:
            return Verdict("warn", "The order does not hold.", f"{words}, beyond chance.")
        return Verdict("", "The order is not clear.", f"{words}, which could be chance.")
    return Verdict("ok", "The order holds.", _by_how_much(*ranked[:2]))


def _by_how_much(best: LabelConversion, second: LabelConversion) -> str:
    if not _beyond_chance(best.customers, second.customers):
        return f"Between {_word(best)} and {_word(second)} the difference could be chance."
    if not second.customers.k:
        return f"{_word(best)} leads become customers, {_word(second)} ones did not yet."
    times = best.customers.share / second.customers.share  # type: ignore[operator]
    return f"{_word(best)} leads become customers {times:.1f} times as often as {_word(second)} ones, beyond chance."


def _beyond_chance(higher: Rate, lower: Rate) -> bool:
    gap = difference(higher, lower)
    return gap is not None and gap.low > 0


def _word(row: LabelConversion) -> str:
    return Label(row.label).label


REPORT = Report(
    name="conversion",
    title="Conversion by label",
    about="Leads created in the period that became customers, by the label they had when it mattered.",
    row=LabelConversion,
    rows=conversion_by_label,
)
