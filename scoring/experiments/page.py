"""What the page of an experiment shows, put together; company-wide, like every comparison."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.db import connection
from django.utils import timezone

from leads.charts import Lines, Series, lines
from leads.conditions.vocabulary import Vocabulary
from leads.enums import Label
from leads.models import Team
from leads.statistics import Rate
from leads.templatetags.ui import day
from scoring.diff import Difference, differences
from scoring.engine.definition import load
from scoring.experiments.counts import Counts, Times, counts, times
from scoring.experiments.guards import guards
from scoring.experiments.looks import seen
from scoring.experiments.tables import outcome_tables
from scoring.experiments.verdict import verdict
from scoring.models import Arm, Experiment, Outcome

POINTS = 13  # of the chart


@dataclass(frozen=True)
class SideRow:
    """`cases` of `needed` decide; `teams` is how many of its leads came in each team."""

    arm: Arm
    leads: int
    hot: Rate
    handed: Rate
    cases: int
    needed: int
    differences: list[Difference]
    times: Times
    teams: list[int]


def experiment_page(experiment: Experiment) -> dict[str, Any]:
    """About a dozen queries, however many leads took part."""
    arms = list(experiment.arms.select_related("version").order_by("position"))
    looks = list(experiment.looks.order_by("number"))
    now = experiment.ended_at or timezone.now()
    found = counts(experiment, now)
    told = [(look, seen(look)) for look in looks]
    last = next((saw for look, saw in reversed(told) if look.taken_at and saw.against), None)
    return {
        "experiment": experiment, "arms": arms, "looks": told, "teams": Team.objects.in_bulk(found.teams()).values(),
        "verdict": verdict(experiment, looks, arms, found), "sides": _sides(experiment, arms, found),
        "guards": guards(experiment, found), "alarms": list(experiment.alarms.all()),
        "tables": [] if experiment.shadow else outcome_tables(experiment, arms, found, last),
        "chart": None if experiment.shadow else progress(experiment, arms, now),
        "pairs": [pairs(experiment, arms[0], arm) for arm in arms[1:]] if experiment.running else [],
        "cases": "decided handoffs" if experiment.outcome == Outcome.DECIDED else "leads",
    }  # fmt: skip


def _sides(experiment: Experiment, arms: Sequence[Arm], found: Counts) -> list[SideRow]:
    vocabulary, champion = Vocabulary.load(), load(arms[0].version.definition)
    took = times(experiment, experiment.ended_at)
    teams = found.teams()
    rows = []
    for arm in arms:
        by_team = found.cells(arm.pk, "hot")
        rows.append(SideRow(
            arm, found.leads(arm.pk), found.rate(arm.pk, "hot"), found.rate(arm.pk, "handed"),
            found.rate(arm.pk, str(experiment.outcome)).n, ceil(experiment.planned * arm.share),
            differences(champion, load(arm.version.definition), vocabulary) if arm.position else [],
            took.get(arm.pk, Times()), [by_team[team].n if team in by_team else 0 for team in teams],
        ))  # fmt: skip
    return rows


# --- How far it is ------------------------------------------------------------------------------------

_RIPE = """
SELECT p.arm_id, p.entered_at + %(within)s AS at FROM scoring_participant p WHERE p.experiment_id = %(experiment)s
"""
_DECIDED = """
SELECT p.arm_id, min(h.decided_at) AS at FROM scoring_participant p JOIN leads_handoff h ON h.lead_id = p.lead_id
 WHERE p.experiment_id = %(experiment)s AND h.opened_at >= p.entered_at AND h.state IN ('accepted', 'rejected')
 GROUP BY p.arm_id, p.lead_id
"""
_BY_DAY = (
    "SELECT m.at, a.id, (SELECT count(*) FROM ({cases}) c WHERE c.arm_id = a.id AND c.at <= m.at)"
    " FROM unnest(%(moments)s::timestamptz[]) AS m(at) CROSS JOIN unnest(%(arms)s::bigint[]) AS a(id)"
)


def progress(experiment: Experiment, arms: Sequence[Arm], now: datetime) -> Lines:
    """The cases of each side that count, from the start to now, and how many it needs. One query."""
    moments = _moments(experiment.started_at, now)
    cases = _DECIDED if experiment.outcome == Outcome.DECIDED else _RIPE
    values: dict[str, Any] = {
        "experiment": experiment.pk, "within": timedelta(days=experiment.within), "moments": moments,
        "arms": [arm.pk for arm in arms],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_BY_DAY.format(cases=cases), values)
        rows = {(at, arm): float(number) for at, arm, number in cursor.fetchall()}
    series = [
        Series(arm.name, [rows[at, arm.pk] for at in moments], "before" if arm.is_champion else "",
               dashed=arm.position > 1)
        for arm in arms
    ]  # fmt: skip
    needed = ceil(experiment.planned * arms[0].share)
    return lines(
        f"Cases of each side that count, {needed:,} needed", [day(at) for at in moments], series,
        limit=(needed, f"needed: {needed:,}"),
    )  # fmt: skip


def _moments(start: datetime, end: datetime) -> list[datetime]:
    step = max(timedelta(minutes=1), (end - start) / (POINTS - 1))
    return [start + step * i for i in range(POINTS)]


# --- Both scores --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pairs:
    """Every lead by both: `rows` are the champion's labels, columns the challenger's. `same` of `leads` agree.

    `both` and `one`: of the handoffs sales decided, those the challenger would hand off too, and those it would not.
    """

    arm: Arm
    labels: list[str]
    rows: list[tuple[str, list[int]]]
    same: int
    leads: int
    both: Rate
    one: Rate


_PAIRS = """
SELECT champion.label, challenger.label, count(*),
       count(*) FILTER (WHERE h.answer IS NOT NULL), count(*) FILTER (WHERE h.answer = 'accepted')
  FROM scoring_participant p JOIN leads_standing s ON s.lead_id = p.lead_id
 CROSS JOIN LATERAL (SELECT coalesce(s.automatic_label, s.label) AS label WHERE s.version = %(champion)s UNION ALL
       SELECT t.label FROM scoring_trialscore t WHERE t.lead_id = p.lead_id AND t.version_id = %(champion)s) champion
 CROSS JOIN LATERAL (SELECT coalesce(s.automatic_label, s.label) AS label WHERE s.version = %(challenger)s UNION ALL
       SELECT t.label FROM scoring_trialscore t WHERE t.lead_id = p.lead_id AND t.version_id = %(challenger)s
       ) challenger
  LEFT JOIN LATERAL (SELECT min(state) AS answer FROM leads_handoff h WHERE h.lead_id = p.lead_id
       AND h.opened_at >= p.entered_at AND h.state IN ('accepted', 'rejected')) h ON true
 WHERE p.experiment_id = %(experiment)s GROUP BY 1, 2
"""


def pairs(experiment: Experiment, champion: Arm, arm: Arm) -> Pairs:
    """How often the two disagree, now. One query."""
    values = {"experiment": experiment.pk, "champion": champion.version_id, "challenger": arm.version_id}
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, values)
        found = {(theirs, mine): row for theirs, mine, *row in cursor.fetchall()}
    labels = [label for label in Label.values if any(label in pair for pair in found)]
    handing = load(arm.version.definition).handoff_labels
    decided = [
        Rate(sum(row[2] for row in rows), sum(row[1] for row in rows))
        for rows in (
            [row for (_, mine), row in found.items() if mine in handing],
            [row for (_, mine), row in found.items() if mine not in handing],
        )
    ]
    return Pairs(
        arm, labels, [(a, [found.get((a, b), [0])[0] for b in labels]) for a in labels],
        sum(row[0] for (a, b), row in found.items() if a == b), sum(row[0] for row in found.values()), *decided,
    )  # fmt: skip
