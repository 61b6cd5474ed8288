"""Why does sales say no, and which criterion had promised otherwise?"""

from dataclasses import dataclass, field
from typing import Annotated

from leads.enums import HandoffState
from leads.models import RejectionReason
from leads.statistics import Rate
from reports.columns import Rows, counted, handoffs, in_state, picked, since, words
from reports.figures import Figure, Report
from reports.queries.reasons import Chosen, Given
from reports.scope import Scope

SHOWN = 3


@dataclass(frozen=True)
class Reason:
    reason: Chosen
    given: Given
    before: Annotated[Rate, Figure("Given before", "The same in the period before.")]
    misled_by: Annotated[
        str, Figure("Misled by", "The criteria sales named most often as what misled, with how often; at most three.")
    ]
    only: dict[str, str] = field(default_factory=dict)


def reasons_given(scope: Scope, rows: Rows | None = None) -> list[Reason]:
    """The most frequent first. Three queries, two where the `rows` of both ranges are there already."""
    rows = handoffs(scope, before=True) if rows is None else rows
    now, before = since(picked(rows, in_state(rows, HandoffState.REJECTED)), scope)
    labels = dict(RejectionReason.objects.values_list("slug", "label"))
    given, earlier = counted(now["reason"]), counted(before["reason"])
    texts = words({*given, *counted(now["misled_by"])})
    found = [
        Reason(
            reason=labels.get(texts[word], ""),
            given=Rate(count, len(now)),
            before=Rate(earlier.get(word, 0), len(before)),
            misled_by=_most(
                {texts[by]: n for by, n in counted(now[now["reason"] == word]["misled_by"]).items() if texts[by]}
            ),
            only={"reason": texts[word]},
        )
        for word, count in given.items()
    ]
    return sorted(found, key=lambda row: (-row.given.k, row.reason, row.only["reason"]))


def _most(named: dict[str, int]) -> str:
    """Asked for pricing (12), Manager (3)."""
    most = sorted(named, key=lambda name: (-named[name], name))[:SHOWN]
    return ", ".join(f"{name} ({named[name]:,})" for name in most)


REPORT = Report(
    name="reasons",
    title="Reasons given",
    about="What sales answered when it rejected, and what it says misled.",
    row=Reason,
    rows=reasons_given,
)
