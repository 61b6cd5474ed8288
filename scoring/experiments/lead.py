"""What the sides of an experiment say of leads, for those who may see experiments: now, or as it was when it ended."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Q

from leads.models import Standing
from scoring.models import Arm, Experiment, LastScore, Participant, TrialScore

SEE = "scoring.view_experiment"


@dataclass(frozen=True)
class Said:
    """What a side says of the lead: `score` is its standing, or what is kept beside it; None: nothing, as the lead is
    outside the audience. `decides`: label, handoff and alerts follow from it, or did to the end.
    """

    arm: Arm
    score: Standing | TrialScore | LastScore | None
    decides: bool


@dataclass(frozen=True)
class Drawn:
    """The lead takes part in `experiment`, or did, on the side `arm`. `sides`: the champion first."""

    experiment: Experiment
    arm: Arm
    sides: Sequence[Said]


def drawn(standing: Standing, viewer: Any) -> Drawn | None:
    """The running experiment of the lead, else the last one that ended. None: there is none, or this person may not see
    it, as reps may not: who knew what the other side says would judge the lead by it, and the comparison would be of
    what reps were told. Four queries.
    """
    if not viewer.has_perm(SEE, standing):
        return None
    kept = LastScore.objects.filter(lead=OuterRef("lead"), arm__experiment=OuterRef("experiment"))
    rows = Participant.objects.visible_to(viewer).filter(Q(experiment__ended_at=None) | Exists(kept), lead=standing.pk)
    newest = rows.order_by(F("experiment__ended_at").desc(nulls_first=True), "-experiment")
    if (row := newest.select_related("experiment", "arm").first()) is None:
        return None
    return Drawn(row.experiment, row.arm, said_of(row.experiment, [row], {standing.pk: standing})[standing.pk])


def said_of(
    experiment: Experiment, rows: Iterable[Participant], standings: Mapping[int, Standing]
) -> dict[int, list[Said]]:
    """What each side says of the leads that took part: while it runs of those with a standing here, after the end what
    it said last. By lead, the champion first. Two queries.
    """
    arms = list(experiment.arms.select_related("version").order_by("position"))
    if experiment.running:
        return _now(arms, rows, standings)
    leads = [row.lead_id for row in rows]
    last = {(one.lead_id, one.arm_id): one for one in LastScore.objects.filter(arm__in=arms, lead__in=leads)}
    return {
        row.lead_id: [Said(arm, last.get((row.lead_id, arm.pk)), arm.pk == row.arm_id) for arm in arms] for row in rows
    }


def _now(arms: list[Arm], rows: Iterable[Participant], standings: Mapping[int, Standing]) -> dict[int, list[Said]]:
    versions = [arm.version_id for arm in arms]
    beside = {
        (one.lead_id, one.version_id): one
        for one in TrialScore.objects.filter(lead__in=standings.keys(), version__in=versions)
    }

    def said(lead: int, arm: Arm) -> Said:
        standing = standings.get(lead)
        if standing is not None and standing.version == arm.version_id:
            return Said(arm, standing, True)
        return Said(arm, beside.get((lead, arm.version_id)), False)

    return {row.lead_id: [said(row.lead_id, arm) for arm in arms] for row in rows}


def by_side(standing: Standing, position: int, viewer: Any) -> Standing | None:
    """Where the lead stands by that side alone, or stood at the end; None as `drawn`, or where it says nothing."""
    found = drawn(standing, viewer)
    said = next((one for one in found.sides if one.arm.position == position), None) if found else None
    if said is None or said.score is None:
        return None
    match said.score:
        case LastScore() as last:
            return last.standing_by(said.arm.version_id, standing, last.as_of)
        case TrialScore() as score:
            return score.standing_by(score.version_id, standing)
    return standing
