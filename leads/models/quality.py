"""What quality has looked at, has still to look at, and has taken out of the count."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models.event import Event


class QuarantineRule(models.TextChoices):
    """Why an event does not count. The rules and their thresholds: leads/quality/scanners.py."""

    TRAP = "trap", "Opened a link that people do not see"
    AGENT = "agent", "A known robot or mail scanner"
    BURST = "burst", "Many links within seconds"
    INSTANT = "instant", "Clicked at the moment of delivery, nothing followed"
    HAND = "hand", "Taken out by hand"


class QuarantineQuerySet(models.QuerySet["Quarantine"]):
    def visible_to(self, user: Any) -> Self:
        return self if user.is_superuser else self.filter(event__lead__team_id__in=user.team_ids)

    def held(self) -> Self:
        return self.filter(released_at=None)


class Quarantine(models.Model):
    """An event was taken out of the count, and perhaps put back: never deleted, so that the past can be counted.

    `Event.quarantined` says the same of now. What a person released stays released, whatever the rules say.
    """

    event = models.ForeignKey(Event, models.CASCADE, related_name="quarantines")
    rule = models.CharField(max_length=10, choices=QuarantineRule)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    objects = QuarantineQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event"], condition=Q(released_at=None), name="one_quarantine_at_a_time")
        ]

    def __str__(self) -> str:
        return self.get_rule_display()


class Unchecked(models.Model):
    """Facts that quality has not looked at yet, written by triggers with the fact. Gone once looked at.

    `since`: the first day of the new events; None where no event came.
    """

    lead = models.BigIntegerField(null=True)
    company = models.BigIntegerField(null=True)
    since = models.IntegerField(null=True)

    class Meta:
        verbose_name_plural = "unchecked"

    def __str__(self) -> str:
        return f"lead {self.lead}" if self.lead else f"company {self.company}"
