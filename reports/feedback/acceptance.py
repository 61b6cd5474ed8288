"""How much of what is handed off does sales accept, and what does it say about the rest?"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from leads.enums import HandoffState, Label
from leads.models import RejectionReason, Team, User
from leads.statistics import Rate, difference
from reports.columns import Rows, coded, counted, handoffs, in_range, in_state, scored, words
from reports.figures import Figure, Report
from reports.models.handoff import LABELS, NO_TOTAL
from reports.queries.impact import version_names
from reports.scope import NONE, Scope

BAND = 20  # points
RANKED = ("label", "band", "version")  # in their own order; of the others the largest comes first


@dataclass(frozen=True)
class Acceptance:
    name: Annotated[str, Figure("Of", "What the handoffs have in common. Empty: it is not known.")]
    handed_off: Annotated[int, Figure("Handed off", "Handoffs opened in the period.", behind="handoffs")]
    accepted: Annotated[
        Rate, Figure("Accepted", "Accepted by sales, of those accepted or rejected.", behind="accepted")
    ]
    before: Annotated[Rate, Figure("Accepted before", "The same in the period before.")]
    change: Annotated[
        float | None, Figure("Change", "Share accepted minus the share before. Empty: too few to compare.")
    ]
    beyond_chance: Annotated[
        bool, Figure("Beyond chance", "The 95 % interval of the change (Newcombe) leaves out zero.")
    ]
    reason: Annotated[str, Figure("Most given reason", "The reason sales gave most often for rejecting.")]
    given: Annotated[int, Figure("Given", "Rejections with that reason.")]
    misled: Annotated[int, Figure("Misled", "Rejections in which sales named a criterion that misled.")]
    only: dict[str, str] | None = None  # in an address; None: there is no list of them


DIMENSIONS = ("source", "label", "band", "version", "rep", "team")
NEITHER, YES, NO = range(3)  # what sales said
Counts = NDArray[np.int64]
# What a group is called, empty where that is not known, and how an address asks for it.
Named = tuple[str, dict[str, str] | None]
UNKNOWN: Named = ("", None)


def acceptance(scope: Scope, rows: Rows | None = None) -> dict[str, list[Acceptance]]:
    """For each of DIMENSIONS its groups, most handed off first; bands and labels best first.

    Seven queries, six where the `rows` of the range and of the one before it are there already.
    """
    rows = handoffs(scope, before=True) if rows is None else rows
    reasons = dict(RejectionReason.objects.order_by("label", "slug").values_list("slug", "label"))
    kinds, shape = _kinds(rows, scope, list(reasons))
    found = {}
    for dimension in DIMENSIONS:
        keys, places = coded(_column(rows, dimension))
        # a table for each group: in which period, what was said, whether misled, the reason
        counts = np.bincount(places * math.prod(shape) + kinds, minlength=len(keys) * math.prod(shape))
        tables = dict(zip(keys.tolist(), counts.reshape(len(keys), *shape), strict=True))
        named = _named(dimension, keys.tolist())
        groups = [_row(*named[key], tables[key], list(reasons.values())) for key in _ordered(dimension, tables)]
        if dimension not in RANKED:
            groups.sort(key=lambda row: (-row.handed_off, row.name))
        found[dimension] = [group for group in groups if group.handed_off]
    return found


def _kinds(rows: Rows, scope: Scope, reasons: list[str]) -> tuple[Counts, tuple[int, ...]]:
    """For each handoff one number that says all that is counted of it, and how large the table of these numbers is.

    The last place in it is the reason, by its place in `reasons` plus one; 0: none.
    """
    texts = words({*counted(rows["reason"]), *counted(rows["misled_by"])})
    no = in_state(rows, HandoffState.REJECTED)
    said = np.where(in_state(rows, HandoffState.ACCEPTED), YES, np.where(no, NO, NEITHER))
    misled = ~np.isin(rows["misled_by"], [word for word, text in texts.items() if not text])
    why = np.zeros(len(rows), np.int64)
    for place, slug in enumerate(reasons, start=1):
        why[np.isin(rows["reason"], [word for word, text in texts.items() if text == slug])] = place
    shape = (2, 3, 2, len(reasons) + 1)
    return np.ravel_multi_index((in_range(rows, scope).astype(int), said, misled.astype(int), why), shape), shape


def _column(rows: Rows, dimension: str) -> NDArray[Any]:
    if dimension == "band":
        return np.where(scored(rows), rows["total"].astype(int) // BAND, NO_TOTAL)
    return rows[dimension]


def _ordered(dimension: str, keys: Iterable[int]) -> list[int]:
    """Labels by their order, with none at the end; of bands and versions the highest first."""
    if dimension == "label":
        return sorted(keys, key=lambda key: key or len(LABELS))
    return sorted(keys, reverse=True)


def _named(dimension: str, keys: list[int]) -> dict[int, Named]:
    """The groups of a dimension by the numbers they are kept as. One query at most."""
    match dimension:
        case "source":
            return {key: (name, {"source": name or NONE}) for key, name in words(keys).items()}
        case "label":
            known = dict(Label.choices)
            return {key: (str(known.get(LABELS[key], "")), {"label": LABELS[key] or NONE}) for key in keys}
        case "band":
            return {key: _band(key * BAND, key * BAND + BAND - 1) if key != NO_TOTAL else UNKNOWN for key in keys}
        case "version":
            names = version_names(keys)
            return {key: (names[key] if key else "", {"version": str(key)}) for key in keys}
        case "rep":
            people = {user.pk: str(user) for user in User.objects.filter(pk__in=keys)}
            return {key: (people.get(key, ""), {"rep": str(key)}) for key in keys}
    teams = Team.objects.filter(pk__in=keys).values_list("pk", "name", "slug")
    return dict.fromkeys(keys, UNKNOWN) | {key: (name, {"team": slug}) for key, name, slug in teams}


def _band(low: int, high: int) -> Named:
    return f"{low} to {high}", {"total_from": str(low), "total_to": str(high)}


def _row(name: str, only: dict[str, str] | None, table: Counts, reasons: list[str]) -> Acceptance:
    before, now = (Rate(int(part[YES].sum()), int(part[[YES, NO]].sum())) for part in table)
    gap, given = difference(now, before), table[1, NO].sum(axis=0)[1:]
    most = int(given.argmax()) if given.any() else None
    return Acceptance(
        name=name,
        handed_off=int(table[1].sum()),
        accepted=now,
        before=before,
        change=None if gap is None else now.k / now.n - before.k / before.n,
        beyond_chance=gap is not None and not gap.low <= 0 <= gap.high,
        reason="" if most is None else reasons[most],
        given=0 if most is None else int(given[most]),
        misled=int(table[1, NO, 1].sum()),
        only=only,
    )


def _report(dimension: str, title: str, about: str) -> Report:
    return Report(
        name=f"by-{dimension}", title=title, about=about, row=Acceptance,
        rows=lambda scope: acceptance(scope)[dimension],
    )  # fmt: skip


REPORTS = (
    _report("source", "Acceptance by source", "Where the lead comes from."),
    _report("label", "Acceptance by label", "The label on the day of the handoff."),
    _report("band", "Acceptance by score", "The total on the day of the handoff, in bands of 20 points."),
    _report("version", "Acceptance by version", "The version of the model that gave the score; the newest first."),
    _report("rep", "Acceptance by rep", "Who answered. Empty: nobody yet."),
    _report("team", "Acceptance by team", "The team the handoff is of."),
)
