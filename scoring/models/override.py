from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from leads.days import day_of
from leads.enums import Label
from leads.models import Lead


class OverrideQuerySet(models.QuerySet["Override"]):
    def at(self, moment: datetime) -> Self:
        """Those that held at the moment: at most one for each lead."""
        day = day_of(moment)
        ended = Q(ended_at=None) | Q(ended_at__gt=moment)
        return self.filter(ended, made_at__lte=moment, until__gte=day)


class Override(models.Model):
    """A person's word over the score's: the label of a lead, why, and until when. The score itself stays as it is.

    A fact: what was said does not change (a trigger refuses), it can only be ended, once, by hand or by the next one.
    """

    stays_when_merged = True  # see leads/identity/belongings.py

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="overrides")
    label = models.CharField(max_length=12, choices=Label)
    reason = models.CharField(max_length=300)
    until = models.DateField(help_text="The last day on which it holds.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    objects = OverrideQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at"]
        constraints = [
            models.UniqueConstraint(fields=["lead"], condition=Q(ended_at=None), name="one_override_of_a_lead")
        ]

    def __str__(self) -> str:
        return f"{self.get_label_display()} until {self.until}: {self.reason}"
