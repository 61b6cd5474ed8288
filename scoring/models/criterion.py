from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import TextChoices

from leads.conditions import ConditionField
from leads.enums import Axis
from scoring.models.scoring_model import ScoringModel


class Counting(TextChoices):
    """How a criterion gives its points."""

    ONCE = "once", "Once"
    EACH = "each", "For each event"
    EACH_DAY = "each_day", "For each day with such an event"
    HALF_LIFE = "half_life", "For each event, halving with its age"
    LINEAR = "linear", "For each event, fading evenly to nothing"


class Group(models.Model):
    """Criteria that share an axis and a limit, so that ten ways of saying one thing do not count ten times."""

    model = models.ForeignKey(ScoringModel, models.CASCADE, related_name="groups")
    name = models.CharField(max_length=80)
    axis = models.CharField(max_length=10, choices=Axis)
    cap = models.SmallIntegerField(null=True, blank=True, help_text="At most this many points. Empty: no limit.")
    floor = models.SmallIntegerField(null=True, blank=True, help_text="At least this many points. Empty: no limit.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["model", "name"], name="group_name_in_model")]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_axis_display()})"

    def clean(self) -> None:
        if self.cap is not None and self.floor is not None and self.floor > self.cap:
            raise ValidationError({"floor": "The floor must not be above the cap."})


class Criterion(models.Model):
    """A condition worth points."""

    model = models.ForeignKey(ScoringModel, models.CASCADE, related_name="criteria")
    group = models.ForeignKey(Group, models.CASCADE, related_name="criteria")
    name = models.CharField(max_length=120, help_text="As it reads on a lead: Asked for pricing.")
    condition = ConditionField()
    points = models.SmallIntegerField(validators=[MinValueValidator(-1000), MaxValueValidator(1000)])
    counting = models.CharField(max_length=10, choices=Counting, default=Counting.ONCE)
    days = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text="The half-life, or after how many days nothing is left.",
    )  # fmt: skip
    at_most = models.SmallIntegerField(
        null=True, blank=True, help_text="The most points all events together give (for negative points, the least)."
    )
    disqualifies = models.BooleanField(default=False, help_text="The lead is Disqualified; its score stays visible.")
    active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name_plural = "criteria"

    def __str__(self) -> str:
        return self.name
