"""How much of what is handed off does sales accept, and what does it say about the rest?"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from django.db import connection
from django.db.models import F

from leads.enums import HandoffState, Label
from leads.models import RejectionReason, User
from leads.statistics import Rate, difference
from reports.figures import Figure, Report
from reports.queries.impact import version_names
from reports.scope import Scope

BAND = 20  # points


@dataclass(frozen=True)
class Acceptance:
    name: Annotated[str, Figure("Of", "What the handoffs have in common. Empty: it is not known.")]
    handed_off: Annotated[int, Figure("Handed off", "Handoffs opened in the period.")]
    accepted: Annotated[Rate, Figure("Accepted", "Accepted by sales, of those accepted or rejected.")]
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


@dataclass
class _Tally:
    """What was counted of one group. `accepted` of `decided`: in the period itself (True) and in the one before."""

    handed_off: int = 0
    accepted: dict[bool, int] = field(default_factory=lambda: defaultdict(int))
    decided: dict[bool, int] = field(default_factory=lambda: defaultdict(int))
    reasons: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    misled: int = 0

    def rate(self, *, now: bool) -> Rate:
        return Rate(self.accepted[now], self.decided[now])


DIMENSIONS = ("source", "label", "band", "version", "rep", "team")

# Each handoff of two periods is grouped three times instead of six: what is alike in two or three things is still few.
GROUPED = (("source",), ("label", "band", "version"), ("rep", "team"))

_SQL = """
WITH handed AS (
    SELECT h.*, s.source, h.opened_at >= %s AS now, floor(h.total / {band}::float8)::int AS band, f.reason_id,
           nullif(f.misled_by, '') AS misled
      FROM ({handoffs}) h
      LEFT JOIN reports_fact s ON s.lead_id = h.lead_id AND s.mql = 1  -- an index of those handed off has the source
      LEFT JOIN leads_feedback f ON f.handoff_id = h.id AND f.verdict = '{rejected}' AND h.state = '{rejected}'
), grouped AS (
    SELECT CASE 0 WHEN GROUPING(source) THEN 0 WHEN GROUPING(label) THEN 1 ELSE 2 END AS grouped,
           source, label, band, version, rep, team_id, now, reason_id, count(*) AS number,
           count(*) FILTER (WHERE state = '{accepted}') AS accepted,
           count(*) FILTER (WHERE state IN ('{accepted}', '{rejected}')) AS decided, count(misled) AS misled
      FROM handed
     GROUP BY GROUPING SETS ((now, reason_id, source), (now, reason_id, label, band, version),
                             (now, reason_id, rep, team_id))
)
SELECT grouped, ARRAY[source, label, band::text, version::text, rep::text, t.name], now, reason_id, number, accepted,
       decided, misled
  FROM grouped LEFT JOIN leads_team t ON t.id = team_id
"""


def acceptance(scope: Scope) -> dict[str, list[Acceptance]]:
    """For each of DIMENSIONS its groups, most handed off first; bands and labels best first. Four queries."""
    tallies = _tallies(scope)
    names: dict[str, Callable[[str], str]] = {
        "label": lambda label: dict(Label.choices).get(label, ""), "band": _band, "rep": _reps(tallies).get,  # type: ignore[dict-item]
        "version": _versions(tallies),
    }  # fmt: skip
    reasons = dict(RejectionReason.objects.values_list("slug", "label"))
    return {
        dimension: [
            _row(names.get(dimension, str)(key) or "", tally, reasons)
            for key, tally in sorted(tallies[dimension].items(), key=_order(dimension))
            if tally.handed_off
        ]
        for dimension in DIMENSIONS
    }


def _tallies(scope: Scope) -> dict[str, dict[str, _Tally]]:
    found: dict[str, dict[str, _Tally]] = defaultdict(lambda: defaultdict(_Tally))
    for grouped, keys, now, reason, count, accepted, decided, misled in _counted(scope):
        named = dict(zip(DIMENSIONS, keys, strict=True))
        for dimension in GROUPED[grouped]:
            tally = found[dimension][named[dimension] or ""]
            tally.accepted[now] += accepted
            tally.decided[now] += decided
            if now:
                tally.handed_off += count
                tally.misled += misled
                if reason:
                    tally.reasons[reason] += count
    return found


def _counted(scope: Scope) -> list[tuple[Any, ...]]:
    columns = ("id", "lead_id", "opened_at", "state", "label", "total", "version", "team_id")
    rows = scope.with_before().values(*columns, rep=F("decided_by_id"))
    handoffs, given = rows.query.sql_with_params()
    sql = _SQL.format(handoffs=handoffs, band=BAND, accepted=HandoffState.ACCEPTED, rejected=HandoffState.REJECTED)
    with connection.cursor() as cursor:
        cursor.execute(sql, [scope.span[0], *given])
        return cursor.fetchall()


def _reps(tallies: dict[str, dict[str, _Tally]]) -> dict[str, str]:
    ids = [int(key) for key in tallies["rep"] if key]
    return {str(pk): name for pk, name in User.objects.filter(pk__in=ids).values_list("pk", "name")}


def _versions(tallies: dict[str, dict[str, _Tally]]) -> Callable[[str], str]:
    name = version_names([int(key) for key in tallies["version"] if key])
    return lambda key: name(int(key)) if key else ""


def _band(key: str) -> str:
    """3 → 60 to 79."""
    return f"{int(key) * BAND} to {int(key) * BAND + BAND - 1}" if key else ""


def _order(dimension: str) -> Callable[[tuple[str, _Tally]], Any]:
    if dimension in ("band", "version"):
        return lambda item: -int(item[0] or -999)
    if dimension == "label":
        return lambda item: Label.values.index(item[0]) if item[0] in Label.values else len(Label.values)
    return lambda item: (-item[1].handed_off, item[0])


def _row(name: str, tally: _Tally, reasons: dict[str, str]) -> Acceptance:
    now, before = tally.rate(now=True), tally.rate(now=False)
    gap = difference(now, before)
    most = min(tally.reasons, key=lambda slug: (-tally.reasons[slug], slug), default="")
    return Acceptance(
        name=name,
        handed_off=tally.handed_off,
        accepted=now,
        before=before,
        change=None if gap is None else now.k / now.n - before.k / before.n,
        beyond_chance=gap is not None and not gap.low <= 0 <= gap.high,
        reason=reasons.get(most, ""),
        given=tally.reasons[most] if most else 0,
        misled=tally.misled,
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
