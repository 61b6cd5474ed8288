"""How a live model fares: summaries that a page can show at once, and that somebody has looked at it."""

from typing import Any

from django.conf import settings
from django.db import models

from leads.enums import Label
from scoring.models.scoring_model import ScoringModel
from scoring.models.version import Version


class LabelWeek(models.Model):
    """How many leads a model gave a label at the end of a week (of the present week: now). Weeks begin on Monday."""

    model = models.ForeignKey(ScoringModel, models.CASCADE, related_name="label_weeks")
    week = models.DateField()
    label = models.CharField(max_length=12, choices=Label)
    leads = models.PositiveIntegerField()
    counted_at_end = models.BooleanField(help_text="The week was over: this does not change any more.")

    class Meta:
        ordering = ["week"]
        constraints = [models.UniqueConstraint(fields=["model", "week", "label"], name="one_count_of_a_label_and_week")]

    def __str__(self) -> str:
        return f"{self.week}, {self.label}: {self.leads}"


class Health(models.Model):
    """What scoring/health.py found last of the version that is live, and as of when."""

    model = models.OneToOneField(ScoringModel, models.CASCADE, related_name="health")
    version = models.ForeignKey(Version, models.CASCADE, related_name="+")
    as_of = models.DateTimeField()
    figures: Any = models.JSONField()

    class Meta:
        verbose_name_plural = "health"

    def __str__(self) -> str:
        return f"{self.model}, {self.as_of:%Y-%m-%d %H:%M}"


class Review(models.Model):
    """Somebody looked at the live model and found that it still holds."""

    model = models.ForeignKey(ScoringModel, models.CASCADE, related_name="reviews")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.model}, {self.at:%Y-%m-%d}"
