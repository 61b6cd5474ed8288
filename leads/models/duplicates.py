"""Leads that may be one, and leads that became one."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from leads.enums import PairState
from leads.models.lead import Lead
from leads.models.team import OwnedQuerySet, Team

LEAST_AUTOMATIC = 90


class DuplicatePair(models.Model):
    """Two leads of a team that look alike: how much (percent), and what speaks for and against it.

    `low` is the lead with the smaller id. `evidence`: [[sentence, weight in percent or minus], …], the strongest
    first. What a person decided is remembered for ever: such a pair is not asked again.
    """

    stays_when_merged = True  # see leads/identity/belongings.py

    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    low = models.ForeignKey(Lead, models.CASCADE, related_name="+")
    high = models.ForeignKey(Lead, models.CASCADE, related_name="+")
    confidence = models.PositiveSmallIntegerField()
    evidence: Any = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=PairState, default=PairState.OPEN)
    found_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    objects = OwnedQuerySet["DuplicatePair"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["low", "high"], name="one_pair_of_two"),
            models.CheckConstraint(condition=Q(low__lt=F("high")), name="pair_in_order"),
        ]
        indexes = [models.Index(fields=["team", "state", "-confidence", "-id"], name="pair_list")]

    def __str__(self) -> str:
        return f"{self.low_id} and {self.high_id}, {self.confidence} %"


class Merge(models.Model):
    """`merged` became part of `survivor`, and what is needed to part them again.

    `brought` are the ids that came along: the merged lead, and those merged into it before. `fields` is
    {field: [the survivor's value before, its value since]}, `standing` the merged lead's standing as it was.
    """

    stays_when_merged = True  # see leads/identity/belongings.py

    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    survivor = models.ForeignKey(Lead, models.CASCADE, related_name="+")
    merged = models.ForeignKey(Lead, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    confidence = models.PositiveSmallIntegerField(null=True)
    evidence: Any = models.JSONField(default=list)
    brought = ArrayField(models.BigIntegerField(), default=list)
    fields: Any = models.JSONField(default=dict)
    standing: Any = models.JSONField(default=dict)
    closed_handoff = models.BigIntegerField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    objects = OwnedQuerySet["Merge"].as_manager()

    class Meta:
        ordering = ["-at"]
        constraints = [models.UniqueConstraint(fields=["merged"], condition=Q(undone_at=None), name="merged_once")]
        indexes = [models.Index(fields=["survivor"], name="merge_survivor")]

    def __str__(self) -> str:
        return f"{self.merged_id} → {self.survivor_id}"


class MovedRow(models.Model):
    """A row that belonged to a merged lead, by table and id: whose it is again when the merge is undone."""

    table = models.CharField(max_length=60)
    row = models.BigIntegerField()
    came_by = models.ForeignKey(Lead, models.CASCADE, related_name="+")

    stays_when_merged = True  # see leads/identity/belongings.py

    class Meta:
        constraints = [models.UniqueConstraint(fields=["table", "row"], name="moved_row_once")]

    def __str__(self) -> str:
        return f"{self.table} {self.row}"


class MergeRule(models.Model):
    """From which confidence two leads of a team are merged without asking. Without a row, or empty: never."""

    team = models.OneToOneField(Team, models.CASCADE, related_name="merge_rule")
    automatic_from = models.PositiveSmallIntegerField(
        "merge without asking from",
        null=True,
        blank=True,
        validators=[MinValueValidator(LEAST_AUTOMATIC), MaxValueValidator(100)],
        help_text=f"Percent, {LEAST_AUTOMATIC} or more. Empty: never. Every merge can be undone.",
    )

    objects = OwnedQuerySet["MergeRule"].as_manager()

    class Meta:
        verbose_name = "rule for merging"
        verbose_name_plural = "rules for merging"

    def __str__(self) -> str:
        return f"{self.team}: " + (f"from {self.automatic_from} %" if self.automatic_from else "never")


class Likeness(models.Model):
    """Whether a lead was compared since it changed. A trigger raises `rev`; due while `checked` is behind."""

    stays_when_merged = True  # see leads/identity/belongings.py

    lead = models.OneToOneField(Lead, models.CASCADE, primary_key=True, related_name="+")
    rev = models.BigIntegerField(default=1)
    checked = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["lead"], condition=Q(checked__lt=F("rev")), name="likeness_due")]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.checked} of {self.rev}"


class LikenessKey(models.Model):
    """Something leads that may be one have in common. Only leads that share a key are compared."""

    stays_when_merged = True  # see leads/identity/belongings.py

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=100)

    class Meta:
        indexes = [models.Index(fields=["team", "key"], name="likeness_key")]

    def __str__(self) -> str:
        return self.key
