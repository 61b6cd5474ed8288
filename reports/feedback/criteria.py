"""Which criteria stand behind the leads that sales rejects?"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import numpy as np

from leads.enums import DECIDED, HandoffState
from leads.statistics import Rate, difference, discoveries, p_value
from reports.columns import counted, in_range, in_state, words
from reports.feedback.points import Points, points_given
from reports.figures import Figure, Report
from reports.scope import Scope
from scoring.models import ScoringModel, Version

# Of the criteria marked as beyond chance at most this share is chance, on average.
FALSE = 0.10


@dataclass(frozen=True)
class Behind:
    criterion_id: Annotated[int, Figure("Number", "The criterion's number in the administration.")]
    criterion: Annotated[str, Figure("Criterion", "As its last version in the period calls it.")]
    model: Annotated[str, Figure("Model", "The model the criterion is of.")]
    rejected: Annotated[
        Rate,
        Figure(
            "On rejected leads",
            "Rejected handoffs opened in the period whose lead had points from the criterion at that moment, of those "
            "scored by a version with the criterion.",
        ),
    ]
    accepted: Annotated[Rate, Figure("On accepted leads", "The same of accepted handoffs.")]
    gap: Annotated[
        float | None,
        Figure("Difference", "Share on rejected leads minus share on accepted ones. Empty: too few to say."),
    ]
    low: Annotated[float | None, Figure("Difference: low", "Low end of its 95 % interval (Newcombe).")]
    high: Annotated[float | None, Figure("Difference: high", "High end of its 95 % interval (Newcombe).")]
    beyond_chance: Annotated[
        bool,
        Figure(
            "Beyond chance",
            "The difference is believed although all criteria are compared at once: at most 10 % of those believed are "
            "chance (Benjamini–Hochberg).",
        ),
    ]
    before: Annotated[float | None, Figure("Difference before", "The difference in the period before.")]
    misled: Annotated[
        int, Figure("Misled", "Rejections of the period in which sales named the criterion as the reason that misled.")
    ]


class _Counts(NamedTuple):
    """k of n handoffs of one criterion, by (in the period itself, rejected)."""

    criterion: int
    name: str
    model: int
    now: bool
    rejected: bool
    n: int
    k: int


def criteria_behind(scope: Scope, found: list[Points] | None = None) -> list[Behind]:
    """Most often on rejected leads, against accepted ones, first; those with too few cases last.

    Four queries, three where the handoffs of both ranges are `found` already.
    """
    found = sorted(points_given(scope) if found is None else found, key=lambda points: points.version)
    versions = Version.objects.in_bulk({points.version for points in found})
    counts, misled = _counted(found, versions, scope), _misled(found, versions, scope)
    now, before = _by_criterion(counts, now=True), _by_criterion(counts, now=False)
    believed = discoveries([p_value(*rates) for rates in now.values()], FALSE)
    last = {row.criterion: row for row in counts if row.now}
    models = dict(ScoringModel.objects.values_list("pk", "name"))
    rows = [
        Behind(
            key, last[key].name, models[last[key].model], *rates, *_gap(*rates), sure,
            _gap(*before[key])[0] if key in before else None, misled[key],
        )
        for (key, rates), sure in zip(now.items(), believed, strict=True)
    ]  # fmt: skip
    return sorted(
        rows, key=lambda row: (row.gap is None, -(row.gap or 0), -row.rejected.k, row.criterion, row.criterion_id)
    )


def _counted(found: list[Points], versions: dict[int, Version], scope: Scope) -> list[_Counts]:
    """For each version, period and answer its criteria; in the order of what was `found`, the newest version last."""
    return [
        _Counts(rule["id"], rule["name"], version.model_id, now, rejected, n, int(k))
        for points in found if (version := versions.get(points.version))
        for now, rejected, n, given in _parts(points, scope)
        for rule, k in zip(version.definition["criteria"], given, strict=False)
    ]  # fmt: skip


def _parts(points: Points, scope: Scope) -> Iterator[tuple[bool, bool, int, Any]]:
    """Decided handoffs of which the points are known, by (in the period, rejected): how many, and to how many of them
    each criterion gave points.
    """
    now = in_range(points.rows, scope)
    for state in DECIDED:
        said = in_state(points.rows, state)
        for period, when in ((True, now), (False, ~now)):
            given = points.given[(said & when)[points.rows["scored"]]]
            if len(given):
                yield period, state == HandoffState.REJECTED, len(given), given.sum(axis=0, dtype=np.int64)


def _misled(found: list[Points], versions: dict[int, Version], scope: Scope) -> Counter[int]:
    """Criterion → the rejections of the period that name it, whether their points are known or not."""
    said = [
        (version, counted(points.rows[in_range(points.rows, scope)]["misled_by"]))
        for points in found if (version := versions.get(points.version))
    ]  # fmt: skip
    texts = words({word for _, named in said for word in named})
    misled: Counter[int] = Counter()
    for version, named in said:
        times = {texts[word]: n for word, n in named.items()}
        for rule in version.definition["criteria"]:
            misled[rule["id"]] += times.get(rule["name"], 0)
    return misled


def _by_criterion(counts: list[_Counts], *, now: bool) -> dict[int, tuple[Rate, Rate]]:
    """Criterion → its rates on rejected and on accepted leads, over all versions that had it."""
    none = Rate(0, 0)
    found: dict[int, dict[bool, Rate]] = defaultdict(lambda: defaultdict(lambda: none))
    for row in counts:
        if row.now == now:
            so_far = found[row.criterion][row.rejected]
            found[row.criterion][row.rejected] = Rate(so_far.k + row.k, so_far.n + row.n)
    return {key: (rates.get(True, none), rates.get(False, none)) for key, rates in found.items()}


def _gap(rejected: Rate, accepted: Rate) -> tuple[float | None, float | None, float | None]:
    interval = difference(rejected, accepted)
    if interval is None:
        return None, None, None
    return rejected.k / rejected.n - accepted.k / accepted.n, interval.low, interval.high


REPORT = Report(
    name="criteria",
    title="Criteria behind rejections",
    about="The criteria that gave points when the lead was handed off, on rejected leads against accepted ones.",
    row=Behind,
    rows=criteria_behind,
)
