"""What the forecast remembers: what was counted, what it said, and what a manager set otherwise."""

from typing import Any, Self

import numpy as np
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from numpy.typing import NDArray

from leads.enums import Label
from leads.models import Team
from leads.models.team import OwnedQuerySet


class ForecastCountQuerySet(models.QuerySet["ForecastCount"]):
    def running(self) -> "ForecastCount | None":
        """The one that is asked for or under way."""
        return self.filter(finished_at=None).first()

    def finished(self) -> "ForecastCount | None":
        """The last that was, with or without enough for a forecast. Its evidence is large and not read."""
        return self.filter(finished_at__isnull=False).defer("evidence").first()

    def enough(self) -> "ForecastCount | None":
        """The last one, where a forecast could be made of it."""
        return self.filter(finished_at__isnull=False, missing="").first()


class ForecastCount(models.Model):
    """One count of what forecasts rest on. The last one that is finished holds; one at a time is under way.

    A worker holds it until `leased_until`; a count that was broken off is done again from its start.
    """

    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    step = models.CharField(max_length=80, blank=True)
    leased_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    as_of = models.DateTimeField(null=True)
    evidence: Any = models.JSONField(default=dict)
    missing = models.CharField(max_length=200, blank=True, help_text="What would be needed for a forecast.")

    objects = ForecastCountQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            # several that are not finished would be alike
            models.UniqueConstraint(fields=["finished_at"], nulls_distinct=False, name="one_count_at_a_time")
        ]

    def __str__(self) -> str:
        return f"Count of {self.asked_at:%Y-%m-%d %H:%M}"


class TeamForecastQuerySet(OwnedQuerySet["TeamForecast"]):
    def latest_ones(self) -> Self:
        return self.filter(month=None)

    def record(self) -> Self:
        """Those kept at the beginning of a month, to be held against what came."""
        return self.filter(month__isnull=False)


class TeamForecast(models.Model):
    """What one team was expected to win.

    `month`: kept at the beginning of that month and never changed; None: the latest.
    `paths` are simulated revenues, draw by draw and month by month; those of several teams add up draw by draw.
    """

    team = models.ForeignKey(Team, models.CASCADE, related_name="forecasts")
    month = models.DateField(null=True)
    as_of = models.DateTimeField()
    made_at = models.DateTimeField(default=timezone.now)
    spans: Any = models.JSONField(help_text="[[month, start, end, whole], …]")
    expected: Any = models.JSONField(help_text="{label: [expected revenue of each month]}")
    paths = models.BinaryField()
    basis: Any = models.JSONField(default=dict, help_text="What it rests on: reports.forecast.basis.")
    won: Any = models.JSONField(default=dict, help_text="{month: [revenue, deals, largest deal]}, of the latest only.")

    objects = TeamForecastQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "month"], name="one_forecast", nulls_distinct=False)]

    def __str__(self) -> str:
        return f"{self.team}, {self.as_of:%Y-%m-%d}"

    @property
    def revenue(self) -> NDArray[np.float32]:
        """[draw, month]"""
        return np.frombuffer(self.paths, dtype=np.float32).reshape(-1, len(self.spans))


class AssumptionQuerySet(OwnedQuerySet["Assumption"]):
    def in_force(self, moment: Any = None) -> Self:
        """Those that hold at the moment (default: now)."""
        then = moment or timezone.now()
        return self.filter(Q(ended_at=None) | Q(ended_at__gt=then), at__lte=then)


class Assumption(models.Model):
    """What a manager says instead of what was counted, of one label in one team. Taken back, it stays as a line."""

    class Name(models.TextChoices):
        NEW = "new", "New leads a month"
        OPENS = "opens", "Leads that open a deal within 6 months"
        WINS = "wins", "Deals won"
        VALUE = "value", "Average won deal"
        DAYS = "days", "Median days from deal to won"
        UNWORKED = "unworked", "What a handed-off lead keeps of its chance when nobody works it"

    team = models.ForeignKey(Team, models.CASCADE, related_name="assumptions")
    label = models.CharField(max_length=12, choices=Label, blank=True)
    name = models.CharField(max_length=10, choices=Name)
    value = models.FloatField()
    counted = models.FloatField(null=True, help_text="What the evidence said when it was set.")
    why = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    objects = AssumptionQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "label", "name"], condition=Q(ended_at__isnull=True), name="one_assumption_in_force"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_name_display()}, {self.team}"
