"""Learning from past leads as rows: what was asked, how far it is, what came out, and when to ask again."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.conditions import ConditionField
from scoring.models.scoring_model import ScoringModel
from scoring.models.version import Version


class LearningState(models.TextChoices):
    WAITING = "waiting", "Waiting for a worker"
    RUNNING = "running", "Learning"
    DONE = "done", "Learned"
    REFUSED = "refused", "Nothing proposed"
    STOPPED = "stopped", "Stopped"
    FAILED = "failed", "Could not be learned"


class Learning(models.Model):
    """One question put to past leads, as they were at `asked_at`. At most one is worked on at a time.

    A worker holds it until `leased_until`. One that dies leaves it to the next, who begins again from the start: the
    same leads and seed give the same card. `file` is the model it proposes, until somebody makes a draft of it.
    """

    ASKED, MONTHLY, DRIFT = "asked", "monthly", "drift"

    question = models.JSONField(help_text="scoring.sample.Question.")
    audience = ConditionField(blank=True, null=True, help_text="Which leads it learns from. Empty: every lead.")
    live = models.ForeignKey(
        Version, models.SET_NULL, null=True, related_name="+", help_text="The version it is compared with."
    )
    budget = models.PositiveSmallIntegerField(null=True, help_text="Most criteria. Empty: 40.")
    seed = models.IntegerField(default=0)
    keep = models.JSONField(default=list, help_text="Columns learned from although they look like leaks.")
    origin = models.CharField(max_length=10, default=ASKED)
    state = models.CharField(max_length=10, choices=LearningState, default=LearningState.WAITING)
    stage = models.CharField(max_length=60, blank=True, help_text="What it is at, in words.")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    result: Any = models.JSONField(default=dict)
    file: Any = models.JSONField(null=True)
    problem = models.TextField(blank=True)
    draft = models.ForeignKey(ScoringModel, models.SET_NULL, null=True, related_name="learnings")
    asked_at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    finished_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(finished_at__isnull=True), name="one_learning_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"Learned from past leads, {timezone.localtime(self.asked_at):%d %b %Y, %H:%M}"


class Refresh(models.Model):
    """When a card is learned again by itself: one row. What comes of it is a draft, never a version."""

    active = models.BooleanField("Learn again by itself", default=False)
    budget = models.PositiveSmallIntegerField(null=True)
    question = models.JSONField(default=dict)
    due_at = models.DateTimeField(null=True, help_text="When it is a month since the last time.")
    last_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_refresh")]

    def __str__(self) -> str:
        return "Monthly, or on drift" if self.active else "Off"

    @classmethod
    def get(cls) -> Self:
        return cls.objects.filter(pk=1).first() or cls(pk=1)


class Calibration(models.Model):
    """What became of past leads by label and score of a version, counted anew every night.

    `figures` is empty where `missing` says what would be needed. See scoring/likelihood.py.
    """

    version = models.OneToOneField(Version, models.CASCADE, related_name="calibration")
    due_at = models.DateTimeField(default=timezone.now)
    counted_at = models.DateTimeField(null=True)
    question = models.JSONField(default=dict)
    figures: Any = models.JSONField(default=dict)
    missing = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"Calibration of {self.version}"


class SuggestionCount(models.Model):
    """When the evidence for edits of a model's draft was weighed last, and when it is due again."""

    model = models.OneToOneField(ScoringModel, models.CASCADE, related_name="suggestion_count")
    due_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True)
    counted_at = models.DateTimeField(null=True)
    figures: Any = models.JSONField(default=dict, help_text="Cases, comparisons made, what is missing.")
    problem = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"Suggestions for {self.model}"


class SuggestionState(models.TextChoices):
    OPEN = "open", "Open"
    ADOPTED = "adopted", "In the draft"
    DISMISSED = "dismissed", "Dismissed"


class Suggestion(models.Model):
    """One edit of a draft that past leads speak for. Once per model and `key`, which names the edit.

    `edit` is what changes, `before` what it changes: where the draft says something else by now, the edit is not made.
    A dismissed one stays away until the evidence differs from `dismissed_evidence` by more than chance would bring.
    """

    POINTS, CUT_OFF, EXTRA, REMOVAL, NEW = "points", "cut_off", "extra", "removal", "new"
    KINDS = [(POINTS, "Points"), (CUT_OFF, "Cut-off"), (EXTRA, "Extra condition"), (REMOVAL, "Removal"),
             (NEW, "New criterion")]  # fmt: skip

    model = models.ForeignKey(ScoringModel, models.CASCADE, related_name="suggestions")
    key = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=KINDS)
    criterion = models.IntegerField(null=True, help_text="The criterion it is about.")
    name = models.CharField(max_length=120, help_text="What the criterion is called.")
    words = models.CharField(max_length=300, help_text="The edit as a sentence.")
    edit: Any = models.JSONField()
    before: Any = models.JSONField(null=True)
    evidence: Any = models.JSONField()
    dismissed_evidence: Any = models.JSONField(null=True)
    state = models.CharField(max_length=10, choices=SuggestionState, default=SuggestionState.OPEN)
    strength = models.FloatField(default=0, help_text="The gain of AUC, to show the best first.")
    found_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-strength", "pk"]
        constraints = [models.UniqueConstraint(fields=["model", "key"], name="one_suggestion_of_an_edit")]

    def __str__(self) -> str:
        return self.words
