"""What the page of an experiment shows, put together; company-wide, like every comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from math import ceil
from typing import Any

from django.db import connection
from django.utils import timezone

from leads.charts import Lines, Series, lines
from leads.conditions.vocabulary import Vocabulary
from leads.enums import Label
from leads.models import Team
from leads.statistics import Rate
from leads.templatetags.ui import day, percent
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
        "pairs": pairs(experiment, arms),
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
SELECT arm_id, entered_at + %(within)s AS at FROM scoring_participant WHERE experiment_id = %(experiment)s
"""
_DECIDED = """
SELECT p.arm_id, min(h.decided_at) AS at FROM scoring_participant p JOIN leads_handoff h ON h.lead_id = p.lead_id
 WHERE p.experiment_id = %(experiment)s AND h.opened_at >= p.entered_at AND h.state IN ('accepted', 'rejected')
 GROUP BY p.arm_id, p.lead_id
"""
# How many cases came after so many of the moments.
_BY_STEP = "SELECT arm_id, width_bucket(at, %(moments)s::timestamptz[]), count(*) FROM ({cases}) c GROUP BY 1, 2"


def progress(experiment: Experiment, arms: Sequence[Arm], now: datetime) -> Lines:
    """The cases of each side that count, from the start to now, and how many it needs. One query."""
    moments = _moments(experiment.started_at, now)
    cases = _DECIDED if experiment.outcome == Outcome.DECIDED else _RIPE
    within = timedelta(days=experiment.within)
    values: dict[str, Any] = {"experiment": experiment.pk, "within": within, "moments": moments}
    with connection.cursor() as cursor:
        cursor.execute(_BY_STEP.format(cases=cases), values)
        came = {(arm, step): number for arm, step, number in cursor.fetchall()}
    sums = {
        arm.pk: list(accumulate(came.get((arm.pk, step), 0) for step in range(POINTS + 1)))[:POINTS] for arm in arms
    }
    needed = {arm.pk: ceil(experiment.planned * arm.share) for arm in arms}
    if len(set(needed.values())) == 1:
        return _chart(f"{max(needed.values()):,}", max(needed.values()), arms, sums, moments)
    parts = {arm.pk: [number / needed[arm.pk] for number in sums[arm.pk]] for arm in arms}
    return _chart("100%", 1.0, arms, parts, moments, write=percent)


def _chart(
    needed: str, limit: float, arms: Sequence[Arm], of: Mapping[int, Sequence[float]], moments: Sequence[datetime],
    **extra: Any,
) -> Lines:  # fmt: skip
    """Sides of one size by their cases, others by how many of theirs they have."""
    series = [
        Series(arm.name, [float(value) for value in of[arm.pk]], "before" if arm.is_champion else "",
               dashed=arm.position > 1)
        for arm in arms
    ]  # fmt: skip
    title = f"Cases of each side that count, {needed} needed"
    return lines(title, [day(at) for at in moments], series, limit=(limit, f"needed: {needed}"), **extra)


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


# What each side says of each lead: of the one that decides it stands in the standing, of the others beside it.
_NOW = """
    SELECT p.lead_id, p.entered_at, s.version, coalesce(s.automatic_label, s.label) AS label
      FROM scoring_participant p JOIN leads_standing s ON s.lead_id = p.lead_id
     WHERE p.experiment_id = %(experiment)s AND s.version = ANY(%(versions)s) UNION ALL
    SELECT p.lead_id, p.entered_at, t.version_id, t.label
      FROM scoring_participant p JOIN scoring_trialscore t ON t.lead_id = p.lead_id
     WHERE p.experiment_id = %(experiment)s AND t.version_id = ANY(%(versions)s)
"""
_AT_THE_END = """
    SELECT p.lead_id, p.entered_at, a.version_id AS version, s.label
      FROM scoring_participant p JOIN scoring_arm a USING (experiment_id)
      JOIN scoring_lastscore s ON s.arm_id = a.id AND s.lead_id = p.lead_id WHERE p.experiment_id = %(experiment)s
"""
_PAIRS = """
WITH says AS MATERIALIZED ({says}), answers AS (
    SELECT p.lead_id, min(h.state) AS answer
      FROM scoring_participant p JOIN leads_handoff h ON h.lead_id = p.lead_id AND h.opened_at >= p.entered_at
     WHERE p.experiment_id = %(experiment)s AND h.state IN ('accepted', 'rejected') GROUP BY p.lead_id
)
SELECT challenger.version, champion.label, challenger.label, count(*), count(answer),
       count(*) FILTER (WHERE answer = 'accepted')
  FROM says champion JOIN says challenger USING (lead_id) LEFT JOIN answers USING (lead_id)
 WHERE champion.version = %(champion)s AND challenger.version <> %(champion)s GROUP BY 1, 2, 3
"""


def pairs(experiment: Experiment, arms: Sequence[Arm]) -> list[Pairs]:
    """How often each challenger and the champion disagree, now or when it ended. One query."""
    versions = [arm.version_id for arm in arms]
    values: dict[str, Any] = {"experiment": experiment.pk, "champion": versions[0], "versions": versions}
    found: dict[int, dict[tuple[str, str], tuple[int, int, int]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS.format(says=_NOW if experiment.running else _AT_THE_END), values)
        for version, theirs, mine, leads, answered, accepted in cursor.fetchall():
            found.setdefault(version, {})[theirs, mine] = leads, answered, accepted
    shown = [arm for arm in arms[1:] if experiment.running or arm.version_id in found]
    return [_pairs(arm, found.get(arm.version_id, {})) for arm in shown]


def _pairs(arm: Arm, found: Mapping[tuple[str, str], tuple[int, int, int]]) -> Pairs:
    labels = [label for label in Label.values if any(label in pair for pair in found)]
    handing = load(arm.version.definition).handoff_labels
    both, one = ([row for (_, mine), row in found.items() if (mine in handing) is offers] for offers in (True, False))
    return Pairs(
        arm, labels, [(a, [found.get((a, b), (0, 0, 0))[0] for b in labels]) for a in labels],
        sum(row[0] for (a, b), row in found.items() if a == b), sum(row[0] for row in found.values()),
        _answers(both), _answers(one),
    )  # fmt: skip


def _answers(rows: Sequence[tuple[int, int, int]]) -> Rate:
    return Rate(sum(accepted for _, _, accepted in rows), sum(answered for _, answered, _ in rows))
