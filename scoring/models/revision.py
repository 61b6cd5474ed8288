from django.conf import settings
from django.db import models

from scoring.models.scoring_model import ScoringModel


class Revision(models.Model):
    """A draft as it was after somebody saved it, complete, so that it can be had again.

    What somebody saves within a few minutes is one row: `began_at` is the first save, `at` the last.
    """

    model = models.ForeignKey(ScoringModel, models.CASCADE, related_name="revisions")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    origin = models.CharField(max_length=80, blank=True, help_text="By which way: admin, API, file, version 3…")
    began_at = models.DateTimeField()
    at = models.DateTimeField()
    snapshot = models.JSONField(help_text="See scoring/revisions.py.")

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["model", "-id"], name="revision_of_model")]

    def __str__(self) -> str:
        return f"{self.model}, {self.at:%Y-%m-%d %H:%M}"
