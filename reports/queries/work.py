"""What sales did with what it was handed, in one pass over the handoffs: by label and by who answered.

Several reports ask this of the same handoffs. A page asks once and hands it on; what is asked by label or by rep alone
is added up from it.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from django.db.models import Count, Q
from django.utils import timezone
from numpy.typing import NDArray

from leads.enums import HandoffState
from leads.medians import Numbers, numbers
from leads.statistics import Rate
from reports.models import Fact
from reports.scope import Scope

# Recycled handoffs count as answered: they were looked at.
ANSWERED = Q(hours_taken__isnull=False) & ~Q(state=HandoffState.EXPIRED)
Floats = NDArray[np.float64]
NONE: Floats = np.zeros(0)


@dataclass(frozen=True)
class Work:
    """Handoffs with something in common: how many are in which state, and of those that were answered (`worked`) more.

    `yes`, `no`, and `winners`: their lead has a won deal by now. `hours`: the working hours to each answer.
    """

    states: Counter[str] = field(default_factory=Counter)
    late: int = 0
    worked: int = 0
    yes: int = 0
    no: int = 0
    winners: int = 0
    hours: Floats = field(default_factory=lambda: NONE)

    def __add__(self, other: "Work") -> "Work":
        return Work(
            **{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)[:-1]},
            hours=np.concatenate([self.hours, other.hours]),
        )  # fmt: skip


ByLabelAndRep = Mapping[tuple[str, int | None], Work]


def work(scope: Scope) -> ByLabelAndRep:
    """(label, who answered) → the handoffs. One query."""
    found: dict[tuple[str, int | None], Work] = defaultdict(Work)
    rows = scope.handoffs().order_by().values_list("label", "decided_by", "state").annotate(**_asked())
    for label, rep, state, n, late, worked, winners, hours in rows:
        yes, no = (worked if state == which else 0 for which in (HandoffState.ACCEPTED, HandoffState.REJECTED))
        found[label, rep] += Work(
            Counter({state: n}), late if state == HandoffState.OPEN else 0, worked, yes, no, winners,
            numbers(hours),
        )  # fmt: skip
    return dict(found)


def by_label(found: ByLabelAndRep) -> dict[str, Work]:
    return _added_up(found, 0)


def by_rep(found: ByLabelAndRep) -> dict[int | None, Work]:
    return _added_up(found, 1)


def in_all(found: ByLabelAndRep) -> Work:
    return sum(found.values(), Work())


def accepted(done: Work) -> Rate:
    """Of those accepted or rejected."""
    yes, no = done.states[HandoffState.ACCEPTED], done.states[HandoffState.REJECTED]
    return Rate(yes, yes + no)


def median(values: Floats) -> float | None:
    """Half are below; the mean of the middle two of an even number, as the database has it."""
    return float(np.median(values)) if len(values) else None


def _added_up(found: ByLabelAndRep, part: int) -> dict[Any, Work]:
    groups: dict[Any, Work] = defaultdict(Work)
    for key, each in found.items():
        groups[key[part]] += each
    return dict(groups)


def _asked() -> dict[str, Any]:
    won = Q(lead__in=Fact.objects.filter(customers=1).values("pk"))
    return {
        "n": Count("pk"), "late": Count("pk", filter=Q(due_at__lte=timezone.now())),
        "worked": Count("pk", filter=ANSWERED),
        "winners": Count("pk", filter=ANSWERED & won), "hours": Numbers("hours_taken", filter=ANSWERED),
    }  # fmt: skip
