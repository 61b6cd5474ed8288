"""What a draft would do, counted once: against the standings of today and against past outcomes."""

from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.enums import Label
from leads.models import Lead
from scoring.models.scoring_model import ScoringModel


class PreviewStage(models.TextChoices):
    """What is being counted; each stage is done again from its start when a worker dies, the first page by page."""

    LEADS = "leads", "Every lead by the draft"
    PAST = "past", "Past leads as they stood"
    DONE = "done", "Done"
    FAILED = "failed", "Could not be counted"


class Preview(models.Model):
    """One count of a model's draft. `digest` says of which draft, and against which live versions.

    `facts_at` is the moment whose facts it shows. A worker holds it until `leased_until` and renews that with every
    page; gone rows mean that nobody wants it any more.
    """

    model = models.ForeignKey(ScoringModel, models.CASCADE, related_name="previews")
    digest = models.CharField(max_length=64)
    definition = models.JSONField(help_text="The draft as it was counted.")
    live = models.IntegerField(null=True, help_text="The version it is compared with, if one is live.")
    question = models.JSONField(default=dict, help_text="What is asked of past leads: scoring.sample.Question.")
    stage = models.CharField(max_length=10, choices=PreviewStage, default=PreviewStage.LEADS)
    leads = models.PositiveIntegerField(default=0, help_text="How many the present stage goes through.")
    done = models.PositiveIntegerField(default=0)
    upto = models.BigIntegerField(default=0, help_text="The last lead whose page is counted.")
    result = models.JSONField(default=dict)
    problem = models.TextField(blank=True)
    facts_at = models.DateTimeField()
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["model"], condition=Q(finished_at__isnull=True), name="one_preview_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"Preview of {self.model}, {self.started_at:%Y-%m-%d %H:%M}"


class PreviewScoreQuerySet(models.QuerySet["PreviewScore"]):
    def visible_to(self, user: Any) -> Self:
        """Of the leads that are in the user's teams now."""
        return self if user.is_superuser else self.filter(lead__team__in=user.team_ids)


class PreviewScore(models.Model):
    """A lead by the draft, and as it stood at that moment. Empty: outside the audience.

    There as long as the preview is; not logged, so after a crash of the database server it has to be counted again.
    """

    preview = models.ForeignKey(Preview, models.CASCADE, related_name="scores", db_index=False, db_constraint=False)
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="+", db_constraint=False)
    fit = models.SmallIntegerField(null=True)
    engagement = models.SmallIntegerField(null=True)
    total = models.SmallIntegerField(null=True)
    grade = models.CharField(max_length=2, blank=True)
    label = models.CharField(max_length=12, choices=Label, blank=True)
    points = ArrayField(models.SmallIntegerField(), default=list)
    total_before = models.SmallIntegerField(null=True)
    grade_before = models.CharField(max_length=2, blank=True)
    label_before = models.CharField(max_length=12, choices=Label, blank=True)
    points_before = ArrayField(models.SmallIntegerField(), default=list)

    objects = PreviewScoreQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["preview", "lead"], name="one_preview_score")]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.total}"


class DraftStep(models.Model):
    """What somebody put into a draft from its preview, with what was there before: the way back."""

    model = models.ForeignKey(ScoringModel, models.CASCADE, related_name="steps")
    words = models.CharField(max_length=300)
    limits_before = ArrayField(models.SmallIntegerField(), null=True)
    limits_after = ArrayField(models.SmallIntegerField(), null=True)
    switched_off = ArrayField(models.BigIntegerField(), default=list, help_text="Criteria.")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.words
