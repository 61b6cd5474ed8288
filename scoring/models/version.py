from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from scoring.models.scoring_model import ScoringModel


class VersionState(models.TextChoices):
    SCORING = "scoring", "Being scored"
    LIVE = "live", "Live"
    TRIAL = "trial", "On trial"
    RETIRED = "retired", "Retired"
    ABANDONED = "abandoned", "Never live"


class VersionQuerySet(models.QuerySet):
    def live(self) -> Self:
        """The versions that score leads now, the one that decides where audiences overlap first."""
        return self.filter(state=VersionState.LIVE).order_by("position", "model_id")

    def deciding(self) -> Self:
        """The live versions and, before the one each is tried against, those on trial: the order of the engine."""
        scores = self.filter(state__in=[VersionState.LIVE, VersionState.TRIAL])
        return scores.order_by("position", "model_id", "-state", "pk")


class Version(models.Model):
    """A model as it was published: frozen (a trigger refuses changes), numbered, and enough to replay any standing."""

    model = models.ForeignKey(ScoringModel, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField(
        default=0, help_text="The model's when it was published: of two live versions the smaller decides."
    )
    definition = models.JSONField(help_text="See scoring/engine/definition.py.")
    note = models.CharField(max_length=300, blank=True)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=VersionState, default=VersionState.SCORING)

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="version_number_in_model"),
            models.UniqueConstraint(fields=["model"], condition=Q(state="live"), name="one_live_version"),
        ]

    def __str__(self) -> str:
        return f"{self.model}, version {self.number}"
