from django.conf import settings
from django.db import models
from django.utils import timezone


class Change(models.Model):
    """A field of a lead, company or deal got another value. Append-only, by a trigger: no update is missed.

    `held_at` is when the new value began to hold in the world, `learned_at` when we learned it. What a row was at a
    moment follows from its present values by undoing later changes (leads/history.py).
    """

    stays_when_merged = True  # see leads/identity/belongings.py

    lead = models.ForeignKey("leads.Lead", models.CASCADE, null=True, related_name="changes")
    company = models.ForeignKey("leads.Company", models.CASCADE, null=True, related_name="changes")
    deal = models.ForeignKey("leads.Deal", models.CASCADE, null=True, related_name="changes")
    field = models.CharField(max_length=80)
    old = models.JSONField(null=True)
    new = models.JSONField(null=True)
    held_at = models.DateTimeField(default=timezone.now)
    learned_at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    origin = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["-learned_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.field}: {self.old} → {self.new}"
