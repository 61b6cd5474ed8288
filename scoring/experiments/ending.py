"""What follows when versions switch while experiments run, and when one ends. Call these with the standings held."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from scoring.models import Ending, Experiment, Look, Publication, TrialScore, VersionState

_DUE = """
UPDATE leads_standing s
   SET facts_rev = facts_rev + 1, due_cause = CASE WHEN scored_rev < facts_rev THEN due_cause ELSE 'rules' END
  FROM scoring_participant p
 WHERE p.experiment_id = %s AND p.lead_id = s.lead_id AND (%s OR s.version = ANY(%s))
"""

_LAST = """
INSERT INTO scoring_lastscore (arm_id, lead_id, as_of, fit, engagement, total, grade, label, points)
SELECT a.id, p.lead_id, s.as_of, s.fit, s.engagement, s.total, s.grade, coalesce(s.automatic_label, s.label), s.points
  FROM scoring_participant p JOIN scoring_arm a USING (experiment_id)
  JOIN leads_standing s ON s.lead_id = p.lead_id AND s.version = a.version_id
 WHERE p.experiment_id = %s
 UNION ALL
SELECT a.id, p.lead_id, t.as_of, t.fit, t.engagement, t.total, t.grade, t.label, t.points
  FROM scoring_participant p JOIN scoring_arm a USING (experiment_id)
  JOIN scoring_trialscore t ON t.lead_id = p.lead_id AND t.version_id = a.version_id
 WHERE p.experiment_id = %s
ON CONFLICT DO NOTHING
"""


def keep_scores(publication: Publication) -> None:
    """What each side says now, of every experiment that the switch will end. Call it before the standings change."""
    version = publication.version
    ours = Q(arms__version=version) | Q(model=version.model_id)
    for experiment in Experiment.objects.running().filter(ours).distinct():
        keep(experiment)


def keep(experiment: Experiment) -> None:
    """What each side says now of the leads that took part stays, to be looked at after the end."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST, [experiment.pk, experiment.pk])


def end_promoted(publication: Publication, now: datetime) -> None:
    """The switch of a publication: an experiment on its model has been promoted, or was a shadow and ends; the leads of
    every other one are counted again, since who decides them may have changed.
    """
    version = publication.version
    for experiment in Experiment.objects.running():
        if experiment.arms.filter(version=version).exists():
            forget(experiment)
            close(experiment, Ending.PROMOTED, now, by=publication.by_id, promoted=version.pk)
        elif experiment.model_id == version.model_id:
            forget(experiment)
            note = f"Version {version.number} was published."
            close(experiment, Ending.STOPPED, now, by=publication.by_id, note=note)
        else:
            count_again(experiment)


def close(experiment: Experiment, how: str, now: datetime, *, by: int | None, **extra: Any) -> bool:
    """Returns whether it was still running: of two endings one happens."""
    running = Experiment.objects.running().filter(pk=experiment.pk)
    return bool(running.update(ended_at=now, ending=how, ended_by=by, **extra))


def forget(experiment: Experiment) -> None:
    """What is kept up only while it runs. What was seen, who took part, and the last scores stay."""
    TrialScore.objects.filter(version__in=experiment.arms.values("version")).delete()
    Look.objects.filter(experiment=experiment, taken_at=None).delete()


def retire(experiment: Experiment) -> None:
    """Challengers score no longer; the leads they decided are due, and move by rules: nobody is handed off for it."""
    on_trial = [arm.version for arm in experiment.arms.filter(position__gt=0).select_related("version")]
    for version in on_trial:
        type(version).objects.filter(pk=version.pk, state=VersionState.TRIAL).update(state=VersionState.ABANDONED)
    count_again(experiment, [version.pk for version in on_trial])


def count_again(experiment: Experiment, versions: list[int] | None = None) -> None:
    """Its leads are due: all of them, or those that these versions decide."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [experiment.pk, versions is None, versions or []])
