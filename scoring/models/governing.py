"""Publishing with more than one pair of eyes, and later than now."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from scoring.models.publication import Publication
from scoring.models.scoring_model import ScoringModel


class PublishingPolicy(models.Model):
    """How this company publishes: one row."""

    four_eyes = models.BooleanField(
        "Four eyes", default=False, help_text="A second person who may publish must approve the draft exactly as it is."
    )
    changed_at = models.DateTimeField(null=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_publishing_policy")]

    def __str__(self) -> str:
        return "Four eyes" if self.four_eyes else "Whoever may publish"

    @classmethod
    def get(cls) -> Self:
        return cls.objects.filter(pk=1).first() or cls(pk=1)


class Approval(models.Model):
    """Somebody approved the draft with this digest; another draft has another digest, so any change voids it."""

    model = models.ForeignKey(ScoringModel, models.CASCADE, related_name="approvals")
    digest = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["model", "digest", "by"], name="one_approval_of_a_person")]

    def __str__(self) -> str:
        return f"{self.by}, {self.at:%Y-%m-%d %H:%M}"


class ScheduledPublication(models.Model):
    """The draft with this digest is to be published at that moment.

    It ends with a publication, is cancelled, or could not be done: then `problem` says why.
    """

    model = models.ForeignKey(ScoringModel, models.CASCADE, related_name="scheduled")
    at = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True)
    digest = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    publication = models.ForeignKey(Publication, models.SET_NULL, null=True, related_name="+")
    cancelled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["model"], condition=Q(ended_at=None), name="one_scheduled_publication")
        ]
        indexes = [models.Index(fields=["at"], condition=Q(ended_at=None), name="scheduled_due")]

    def __str__(self) -> str:
        return f"{self.model}, {self.at:%Y-%m-%d %H:%M}"

    @property
    def state(self) -> str:
        """waiting, published, cancelled or failed."""
        if self.ended_at is None:
            return "waiting"
        return "published" if self.publication_id else "failed" if self.problem else "cancelled"
