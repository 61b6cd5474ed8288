from django.db import models
from django.utils import timezone

from leads.enums import Cause
from leads.models import Lead
from scoring.models.version import Version


class Move(models.Model):
    """A lead got another label, and what follows is still to be done. Written with the standing, deleted when done."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    version = models.ForeignKey(Version, models.CASCADE, null=True, db_index=False, db_constraint=False)
    cause = models.CharField(max_length=10, choices=Cause)
    label_before = models.CharField(max_length=12, blank=True)
    label = models.CharField(max_length=12, blank=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.label_before} → {self.label}"
