"""Which reason of sales speaks about which criterion: “Not the right person” is given more often for leads with
“Attended a webinar” than for others.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from leads.statistics import Rate, discoveries, p_value
from scoring.engine.definition import Definition
from scoring.suggestions.cases import Cases

FALSE = 0.05


@dataclass(frozen=True)
class Spoken:
    """`having`: of the rejected leads with points from the criterion those with the reason; `others`: of the rest."""

    criterion: int
    name: str
    reason: str
    having: Rate
    others: Rate

    def as_data(self) -> dict[str, Any]:
        return {
            "criterion": self.criterion, "name": self.name, "reason": self.reason,
            "with": [self.having.k, self.having.n], "without": [self.others.k, self.others.n],
        }  # fmt: skip


def spoken(definition: Definition, cases: Cases) -> list[Spoken]:
    """Beyond chance, all criteria and reasons compared at once; where the reason is given more often."""
    rejected = [row for row, said in enumerate(cases.rejections) if said]
    reasons = np.array([cases.rejections[row].reason for row in rejected], np.str_)  # type: ignore[union-attr]
    pairs = [
        _pair(rule.id, rule.name, reason, have, reasons == reason)
        for place, rule in enumerate(definition.criteria)
        for have in [cases.points[rejected, place] != 0]
        for reason in sorted({str(reason) for reason in reasons} - {""})
    ]
    believed = discoveries([p_value(one.having, one.others) for one in pairs], FALSE)
    found = [one for one, sure in zip(pairs, believed, strict=True) if sure and _more(one)]
    return sorted(found, key=lambda one: -one.having.k)


def _pair(criterion: int, name: str, reason: str, have: Any, given: Any) -> Spoken:
    counts = [Rate(int(given[side].sum()), int(side.sum())) for side in (have, ~have)]
    return Spoken(criterion, name, reason, *counts)


def _more(one: Spoken) -> bool:
    return one.having.k / one.having.n > one.others.k / one.others.n


def misled(definition: Definition, cases: Cases) -> list[dict[str, Any]]:
    """The criteria that sales named as what misled, with how often, most first."""
    named = Counter(said.misled_by for said in cases.rejections if said)
    found = [
        {"criterion": rule.id, "name": rule.name, "times": named[rule.name]}
        for rule in definition.criteria if named[rule.name]
    ]  # fmt: skip
    return sorted(found, key=lambda one: -one["times"])
