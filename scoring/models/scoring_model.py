from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from leads.conditions import ConditionField
from leads.enums import Label

GRADES = [f"{letter}{digit}" for letter in "ABCD" for digit in "1234"]
AXIS_LIMIT = 50


def default_thresholds() -> list[int]:
    return [38, 25, 13]


def default_labels() -> dict[str, str]:
    cells = {"hot": "A1 A2 B1", "warm": "A3 B2 B3 C1", "cool": "A4 B4 C2 C3 D1", "cold": "C4 D2 D3 D4"}
    return {grade: label for label, grades in cells.items() for grade in grades.split()}


def validate_thresholds(limits: list[int]) -> None:
    if len(limits) != 3 or not limits[0] > limits[1] > limits[2]:
        raise ValidationError("Give three limits, each smaller than the one before, as in 38, 25, 13.")


def validate_labels(labels: dict[str, str]) -> None:
    allowed = {Label.HOT, Label.WARM, Label.COOL, Label.COLD}
    if set(labels) != set(GRADES) or not set(labels.values()) <= allowed:
        raise ValidationError("Every grade from A1 to D4 needs a label: hot, warm, cool or cold.")


class ScoringModel(models.Model):
    """Criteria, groups, bands and audience: the draft people edit. What scores leads is its published version.

    Where several models are live, the first whose audience a lead belongs to, by `position`, decides its standing.
    """

    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=50, unique=True)
    description = models.TextField(blank=True)
    audience = ConditionField(blank=True, null=True, help_text="Which leads this model is for. Empty: every lead.")
    position = models.PositiveSmallIntegerField(
        default=0, help_text="Where audiences overlap, the smaller number wins."
    )
    axis_limit = models.PositiveSmallIntegerField(
        default=AXIS_LIMIT, validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text="Fit and engagement each end here; the total goes to twice this.",
    )  # fmt: skip
    fit_limits = ArrayField(
        models.SmallIntegerField(), default=default_thresholds, validators=[validate_thresholds],
        help_text="Least fit for A, B and C.",
    )  # fmt: skip
    engagement_limits = ArrayField(
        models.SmallIntegerField(), default=default_thresholds, validators=[validate_thresholds],
        help_text="Least engagement for 1, 2 and 3.",
    )  # fmt: skip
    labels = models.JSONField(default=default_labels, validators=[validate_labels], help_text="A label for each grade.")
    handoff_labels = ArrayField(
        models.CharField(max_length=12, choices=Label), default=list, blank=True,
        help_text="Entering one of these labels hands the lead to sales.",
    )  # fmt: skip

    class Meta:
        ordering = ["position", "name"]
        verbose_name = "model"
        permissions = [("publish_scoringmodel", "May publish and roll back")]

    def __str__(self) -> str:
        return self.name

    @property
    def experiment(self) -> Any:
        """The one that runs on it, if any. One query."""
        return self.experiments.running().first()
