from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from leads.enums import DealState
from leads.models.company import Company
from leads.models.lead import Lead
from leads.models.source import Source
from leads.models.team import OwnedQuerySet, Team


class DealQuerySet(OwnedQuerySet["Deal"]):
    def won(self) -> Self:
        return self.filter(state=DealState.WON)


class Deal(models.Model):
    """The outcome: stage, amount, won or lost, and when. `known_at` is when we learned the present state."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="deals")
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, blank=True, related_name="deals")
    company = models.ForeignKey(Company, models.SET_NULL, null=True, blank=True, related_name="deals")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    source = models.ForeignKey(Source, models.PROTECT)
    external_id = models.CharField(max_length=150)
    name = models.CharField(max_length=200)
    pipeline = models.CharField(max_length=100, blank=True)
    stage = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=4, choices=DealState, default=DealState.OPEN)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    lost_reason = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    known_at = models.DateTimeField(default=timezone.now)
    fields: Any = models.JSONField(default=dict, blank=True)

    objects = DealQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="deal_once_per_source")]
        indexes = [models.Index(fields=["team", "state", "closed_at"], name="deal_team_state")]

    def __str__(self) -> str:
        return self.name
