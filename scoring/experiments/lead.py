"""What both sides of a running experiment say of one lead, for those who may see experiments."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leads.models import Standing
from scoring.models import Arm, Experiment, Participant, TrialScore

SEE = "scoring.view_experiment"


@dataclass(frozen=True)
class Said:
    """What a side says of the lead: `score` is its standing, or what is kept beside it; None: nothing, as the lead is
    outside the audience by now. `decides`: label, handoff and alerts follow from it.
    """

    arm: Arm
    score: Standing | TrialScore | None
    decides: bool


@dataclass(frozen=True)
class Drawn:
    """The lead takes part in `experiment`, on the side `arm`. `sides`: the champion first."""

    experiment: Experiment
    arm: Arm
    sides: Sequence[Said]


def drawn(standing: Standing, viewer: Any) -> Drawn | None:
    """None: the lead is in no running experiment, or this person may not see it, as reps may not: who knew what the
    other side says would judge the lead by it, and the comparison would be of what reps were told. Three queries.
    """
    if not viewer.has_perm(SEE, standing):
        return None
    rows = Participant.objects.visible_to(viewer).filter(lead=standing.pk, experiment__ended_at=None)
    if (row := rows.select_related("experiment", "arm").first()) is None:
        return None
    arms = list(row.experiment.arms.select_related("version").order_by("position"))
    beside = {
        score.version_id: score
        for score in TrialScore.objects.filter(lead=standing.pk, version__in=[arm.version_id for arm in arms])
    }
    sides = [_said(arm, standing, beside.get(arm.version_id)) for arm in arms]
    return Drawn(row.experiment, row.arm, sides)


def _said(arm: Arm, standing: Standing, beside: TrialScore | None) -> Said:
    decides = standing.version == arm.version_id
    return Said(arm, standing if decides else beside, decides)


def by_side(standing: Standing, position: int, viewer: Any) -> Standing | None:
    """Where the lead would stand by that side alone; None where `drawn` is, or the side says nothing of it."""
    found = drawn(standing, viewer)
    said = next((one for one in found.sides if one.arm.position == position), None) if found else None
    if said is None or said.score is None:
        return None
    score = said.score
    return score.standing_by(score.version_id, standing) if isinstance(score, TrialScore) else score
