"""A champion against challengers, on the leads that come from the start on."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models import Lead, Team
from leads.models.team import OwnedQuerySet
from scoring.models.score import Numbers
from scoring.models.scoring_model import ScoringModel
from scoring.models.version import Version


class Outcome(models.TextChoices):
    """What decides. The first two are of every lead on a side; the third of the handoffs sales decided."""

    ACCEPTED = "accepted", "Accepted by sales, of all leads"
    WON = "won", "Became a customer, of all leads"
    DECIDED = "decided", "Accepted, of the handoffs decided"


class Ending(models.TextChoices):
    PROMOTED = "promoted", "Promoted"
    STOPPED = "stopped", "Stopped without promoting"


class ExperimentQuerySet(models.QuerySet["Experiment"]):
    def running(self) -> Self:
        return self.filter(ended_at=None)


class Experiment(models.Model):
    """Both sides are for the leads that `champion` decides and whose id is above `after`: those that came since.

    A lead's side is a function of `salt` and its id (scoring/engine/arms.py). `planned` is how many cases all sides
    together need; `effect` and `base` are shares: the difference that many find, from that rate. One runs on a model at
    a time, so never two on one audience. In shadow mode challengers score and decide nothing.
    """

    model = models.ForeignKey(ScoringModel, models.PROTECT, related_name="experiments")
    name = models.CharField(max_length=100)
    champion = models.ForeignKey(Version, models.PROTECT, related_name="+")
    shadow = models.BooleanField(default=False)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.ACCEPTED)
    within = models.PositiveSmallIntegerField(default=30, help_text="Days from a lead's coming in which it counts.")
    base = models.FloatField()
    effect = models.FloatField()
    planned = models.PositiveIntegerField()
    looks_planned = models.PositiveSmallIntegerField(default=5)
    days_between = models.PositiveSmallIntegerField(default=7, help_text="Looks.")
    salt = models.CharField(max_length=32, editable=False)
    after = models.BigIntegerField(editable=False)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    watched_at = models.DateTimeField(null=True, help_text="When the guards were asked last.")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    ending = models.CharField(max_length=10, choices=Ending, blank=True)
    note = models.CharField(max_length=300, blank=True, help_text="Why it was ended.")
    promoted = models.ForeignKey(Version, models.PROTECT, null=True, related_name="+")

    objects = ExperimentQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        permissions = [("run_experiment", "May start, stop and promote")]
        constraints = [
            models.UniqueConstraint(fields=["model"], condition=Q(ended_at=None), name="one_experiment_of_a_model"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ending="") | Q(ended_at__isnull=False) & ~Q(ending=""),
                name="an_ended_experiment_says_how",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def running(self) -> bool:
        return self.ended_at is None


class Arm(models.Model):
    """A side: its version scores the leads whose number from 0 to 9,999 lies from `low` up to, not at, `high`."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="arms")
    position = models.PositiveSmallIntegerField(help_text="0 is the champion.")
    name = models.CharField(max_length=100)
    version = models.ForeignKey(Version, models.PROTECT, related_name="arms")
    low = models.PositiveSmallIntegerField()
    high = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["experiment", "position"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "position"], name="one_side_of_a_position"),
            models.UniqueConstraint(fields=["experiment", "version"], name="one_side_of_a_version"),
            models.CheckConstraint(condition=Q(low__lte=models.F("high"), high__lte=10_000), name="share_of_a_side"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def share(self) -> float:
        return (self.high - self.low) / 10_000

    @property
    def is_champion(self) -> bool:
        return self.position == 0


class Participant(models.Model):
    """A lead that came into the experiment, on which side and in which team it was then. Kept whatever follows."""

    stays_when_merged = True  # see leads/identity/belongings.py

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="participants", db_index=False)
    arm = models.ForeignKey(Arm, models.CASCADE, related_name="participants")
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="+", db_constraint=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_index=False)
    entered_at = models.DateTimeField()

    objects = OwnedQuerySet["Participant"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["experiment", "lead"], name="once_in_an_experiment")]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.arm}"


class TrialScore(Numbers):
    """What the other side of a running experiment says of a lead, beside its standing (scoring/engine/trials.py)."""

    stays_when_merged = True  # see leads/identity/belongings.py

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    version = models.ForeignKey(Version, models.CASCADE, related_name="+", db_constraint=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lead", "version"], name="one_score_of_a_side")]

    def __str__(self) -> str:
        return f"{self.total} {self.grade} {self.label}"


class LastScore(Numbers):
    """What a side said of a lead that took part when the experiment ended. Kept from then on."""

    stays_when_merged = True  # see leads/identity/belongings.py

    arm = models.ForeignKey(Arm, models.CASCADE, related_name="+", db_index=False)
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="+", db_constraint=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["arm", "lead"], name="one_last_score_of_a_side")]

    def __str__(self) -> str:
        return f"{self.total} {self.grade} {self.label}"


class Look(models.Model):
    """A day on which the outcome is compared: due until taken. What was seen stays as it was seen.

    `result` is scoring.experiments.looks.Seen as JSON; `decided` says that the stop rule was met.
    """

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="looks")
    number = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    result: Any = models.JSONField(default=dict)
    decided = models.BooleanField(default=False)

    class Meta:
        ordering = ["experiment", "number"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "number"], name="one_look_of_a_number"),
            models.UniqueConstraint(fields=["experiment"], condition=Q(taken_at=None), name="one_look_ahead"),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(taken_at=None), name="look_due")]

    def __str__(self) -> str:
        return f"{self.experiment}, look {self.number}"


class Alarm(models.Model):
    """A guard metric of a side went beyond its limit: told once."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="alarms")
    arm = models.ForeignKey(Arm, models.CASCADE, related_name="alarms")
    guard = models.CharField(max_length=20)
    text = models.CharField(max_length=300)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["arm", "guard"], name="one_alarm_of_a_guard")]

    def __str__(self) -> str:
        return self.text
