"""A small random share of the leads below the bar goes to sales all the same, to learn what the model misses."""

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.enums import Label
from leads.models import Handoff, Lead, Team
from leads.models.team import OwnedQuerySet

MOST = 100  # tenths of a percent


class ControlSample(models.Model):
    """How many of a team's leads below the bar are handed off by lot; without a team: of every team without a row.

    A lead is drawn or not `after_days` days after it was created, once; leads created before `since` are left alone.
    """

    team = models.OneToOneField(Team, models.CASCADE, null=True, blank=True, related_name="control_sample")
    permille = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(MOST)], help_text="Tenths of a percent: 30 is 3%."
    )
    after_days = models.PositiveSmallIntegerField(default=7, validators=[MaxValueValidator(365)])
    excluded = models.BooleanField(default=True, help_text="Its handoffs are left out of the reports on handoffs.")
    salt = models.CharField(max_length=32, editable=False)
    since = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(null=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        permissions = [("set_controlsample", "May set how many are drawn")]
        constraints = [
            models.UniqueConstraint(models.Value(1), condition=Q(team=None), name="one_control_sample_of_the_company"),
            models.CheckConstraint(condition=Q(permille__lte=MOST), name="control_sample_is_small"),
        ]

    def __str__(self) -> str:
        return f"{self.team or 'Every team'}: {self.permille / 10:g}%"


class ControlCase(models.Model):
    """A lead that reached its day below the bar, as it stood then, and whether it was drawn, at which chance.

    All of them are kept, so that what was drawn can be weighed against what it stands for. `handoff` None: not drawn,
    or sales could not be offered the lead then.
    """

    stays_when_merged = True  # see leads/identity/belongings.py

    lead = models.OneToOneField(Lead, models.CASCADE, related_name="+", db_constraint=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_index=False)
    label = models.CharField(max_length=12, choices=Label)
    total = models.SmallIntegerField()
    version = models.IntegerField()
    permille = models.PositiveSmallIntegerField()
    drawn = models.BooleanField()
    excluded = models.BooleanField()
    at = models.DateTimeField()
    offered_at = models.DateTimeField(null=True, help_text="When a drawn lead was offered, or could not be.")
    handoff: Any = models.OneToOneField(Handoff, models.SET_NULL, null=True, related_name="control")

    objects = OwnedQuerySet["ControlCase"].as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["team", "at"], name="control_case_of_team"),
            models.Index(fields=["at"], condition=Q(drawn=True, offered_at=None), name="control_case_due"),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {'drawn' if self.drawn else 'not drawn'}"
