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
    """What was counted of one group."""

    handed_off: int = 0
    decided: dict[tuple[bool, str], int] = field(default_factory=lambda: defaultdict(int))
    reasons: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    misled: int = 0

    def rate(self, *, now: bool) -> Rate:
        accepted = self.decided[now, HandoffState.ACCEPTED]
        return Rate(accepted, accepted + self.decided[now, HandoffState.REJECTED])


DIMENSIONS = ("source", "label", "band", "version", "rep", "team")

_SQL = """
WITH handed AS (
    SELECT h.*, s.source, h.opened_at >= %s AS now, floor(h.total / {band}.0)::int AS band, f.reason_id,
           (coalesce(f.misled_by, '') <> '')::int AS misled
      FROM ({handoffs}) h
      LEFT JOIN reports_fact s ON s.lead_id = h.lead_id AND s.mql = 1  -- an index of those handed off has the source
      LEFT JOIN leads_feedback f ON f.handoff_id = h.id AND f.verdict = %s AND h.state = f.verdict
)
SELECT CASE 0 WHEN GROUPING(source) THEN 'source' WHEN GROUPING(label) THEN 'label' WHEN GROUPING(band) THEN 'band'
              WHEN GROUPING(version) THEN 'version' WHEN GROUPING(rep) THEN 'rep' ELSE 'team' END,
       coalesce(source, label, band::text, version::text, rep::text, team_name, ''), now, state, reason_id, count(*),
       sum(misled)
  FROM handed
 GROUP BY GROUPING SETS ((now, state, reason_id, source), (now, state, reason_id, label), (now, state, reason_id, band),
                         (now, state, reason_id, version), (now, state, reason_id, rep),
                         (now, state, reason_id, team_name))
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
    handoffs, given = _handoffs(scope)
    found: dict[str, dict[str, _Tally]] = defaultdict(lambda: defaultdict(_Tally))
    with connection.cursor() as cursor:
        sql = _SQL.format(handoffs=handoffs, band=BAND)
        cursor.execute(sql, [scope.span[0], *given, HandoffState.REJECTED.value])
        for dimension, key, now, state, reason, count, misled in cursor.fetchall():
            tally = found[dimension][key]
            tally.decided[now, state] += count
            if now:
                tally.handed_off += count
                tally.misled += misled
                if reason:
                    tally.reasons[reason] += count
    return found


def _handoffs(scope: Scope) -> tuple[str, tuple[Any, ...]]:
    named = {"rep": F("decided_by_id"), "team_name": F("team__name")}
    rows = scope.with_before().values("id", "lead_id", "opened_at", "state", "label", "total", "version", **named)
    return rows.query.sql_with_params()


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
