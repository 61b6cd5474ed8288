from collections.abc import Iterable
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from leads.enums import Axis, Cause, Label, Stage
from leads.models.lead import Lead
from leads.models.team import OwnedQuerySet


class StandingQuerySet(OwnedQuerySet["Standing"]):
    def due(self, moment: Any = None) -> Self:
        """The one definition of due: facts newer than the score, or the moment at which time alone changes it."""
        return self.facts_due() | self.time_due(moment or timezone.now())

    def facts_due(self) -> Self:
        return self.filter(scored_rev__lt=F("facts_rev"))

    def time_due(self, moment: Any) -> Self:
        return self.filter(due_at__lte=moment)


class Standing(models.Model):
    """Where a lead stands: one narrow row per lead, made with the lead.

    Only scoring writes the numbers. Whoever writes a fact raises `facts_rev` in the same transaction; triggers of the
    database do so for leads, companies and events. `version` names a row of scoring.Version and is None while the lead
    is not scored: then the numbers are None too, which is not the same as 0. team, owner, stage and created_at are
    copies of the lead's, kept by a trigger for the list page.
    """

    stays_when_merged = True  # see leads/identity/belongings.py

    lead = models.OneToOneField(Lead, models.CASCADE, primary_key=True)
    team = models.ForeignKey("leads.Team", models.CASCADE, db_index=False, related_name="+")
    owner = models.ForeignKey("leads.User", models.SET_NULL, null=True, db_index=False, related_name="+")
    stage = models.CharField(max_length=12, choices=Stage, default=Stage.NEW)

    fit = models.SmallIntegerField(null=True)
    engagement = models.SmallIntegerField(null=True)
    total = models.SmallIntegerField(null=True)
    grade = models.CharField(max_length=2, blank=True)
    label = models.CharField(max_length=12, choices=Label, blank=True)
    automatic_label = models.CharField(
        max_length=12, choices=Label, null=True, help_text="What the score says, while a person has set the label."
    )
    version = models.IntegerField(null=True)
    as_of = models.DateTimeField(null=True)
    seq = models.IntegerField(default=0)
    # One entry for each LedgerLine of the version, in order of position. They add up to `total`.
    points = ArrayField(models.SmallIntegerField(), default=list)

    facts_rev = models.BigIntegerField(default=1)
    scored_rev = models.BigIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    due_cause = models.CharField(max_length=10, choices=Cause, default=Cause.ACTIVITY)
    changed_at = models.DateTimeField(null=True)

    objects = StandingQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(F("total").desc(nulls_last=True), F("lead").desc(), name="standing_total"),
            models.Index("team", F("total").desc(nulls_last=True), F("lead").desc(), name="standing_team_total"),
            models.Index(
                "team", "label", F("total").desc(nulls_last=True), F("lead").desc(), name="standing_team_label"
            ),
            models.Index(fields=["team", "grade"], name="standing_team_grade"),
            models.Index("owner", F("total").desc(nulls_last=True), F("lead").desc(), name="standing_owner_total"),
            models.Index(fields=["lead"], condition=Q(scored_rev__lt=F("facts_rev")), name="standing_facts_due"),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="standing_time_due"),
        ]

    def __str__(self) -> str:
        return f"{self.total} {self.grade} {self.label}" if self.version else "Not scored"


class LedgerLineQuerySet(models.QuerySet["LedgerLine"]):
    def of(self, versions: Iterable[int | None]) -> dict[int, list["LedgerLine"]]:
        """The lines of each version, in the order of `Standing.points`. One query."""
        lines: dict[int, list[LedgerLine]] = {}
        for line in self.filter(version__in={version for version in versions if version}).order_by("position"):
            lines.setdefault(line.version, []).append(line)
        return lines


class LedgerLine(models.Model):
    """What the numbers in `Standing.points` are called. Scoring writes the lines of a version when it is published."""

    CRITERION, GROUP, AXIS = "criterion", "group", "axis"

    version = models.IntegerField()
    position = models.SmallIntegerField()
    kind = models.CharField(
        max_length=10, choices=[(CRITERION, "Criterion"), (GROUP, "Limit of the group"), (AXIS, "Limit of the axis")]
    )
    name = models.CharField(max_length=150)
    group = models.CharField(max_length=80, blank=True)
    axis = models.CharField(max_length=10, choices=Axis)

    objects = LedgerLineQuerySet.as_manager()

    class Meta:
        ordering = ["version", "position"]
        constraints = [models.UniqueConstraint(fields=["version", "position"], name="ledger_line_in_version")]

    def __str__(self) -> str:
        return self.name


def top_reasons(points: list[int], lines: list[LedgerLine], count: int = 3) -> list[tuple[str, int]]:
    """The criteria that give most, with their points, most first: [("Asked for pricing", 18), …]."""
    given = [
        (line.name, value) for line, value in zip(lines, points, strict=True)
        if line.kind == LedgerLine.CRITERION and value > 0
    ]  # fmt: skip
    return sorted(given, key=lambda reason: -reason[1])[:count]
