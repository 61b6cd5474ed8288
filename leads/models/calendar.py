"""When a team works, what it promises, and what follows when a promise comes due."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from leads.enums import Label
from leads.models.handoff import Handoff
from leads.models.team import OwnedQuerySet, Team
from leads.selling import worktime
from leads.selling.worktime import WorkTime


def usual_week() -> list[Any]:
    return [day and list(day) for day in worktime.USUAL]


def check_zone(name: str) -> None:
    """Raises ValidationError unless it is a time zone such as Europe/Berlin."""
    try:
        worktime.zone_of(name)
    except (ValueError, OSError, LookupError):
        raise ValidationError(f"There is no time zone {name!r}. Write one such as Europe/Berlin.") from None


class Calendar(models.Model):
    """The working week of a team. A team without one works Monday to Friday, 09:00 to 18:00, here."""

    NOTHING, PASS_ON, EXPIRE = "", "pass_on", "expire"

    team = models.OneToOneField(Team, models.CASCADE, related_name="calendar")
    time_zone = models.CharField(max_length=50, blank=True, validators=[check_zone])
    week = models.JSONField("opening hours", default=usual_week, help_text="Seven days from Monday: opening, closing.")
    country = models.CharField(
        max_length=10, blank=True, help_text="Whose public holidays were taken over, as in DE or US-CA."
    )
    holidays = models.JSONField(default=dict, blank=True, help_text="{day: name}")

    objects = OwnedQuerySet["Calendar"].as_manager()

    class Meta:
        ordering = ["team__name"]

    def __str__(self) -> str:
        return f"Calendar of {self.team}"

    @property
    def work(self) -> WorkTime:
        return WorkTime(
            worktime.read_hours(self.week), worktime.read_holidays(self.holidays), worktime.zone_of(self.time_zone)
        )


def _hours(name: str, least: str = "0", **extra: Any) -> models.DecimalField:
    between = [MinValueValidator(Decimal(least)), MaxValueValidator(Decimal("400"))]
    return models.DecimalField(name, max_digits=5, decimal_places=2, validators=between, **extra)


class Promise(models.Model):
    """How soon a team answers leads of a label, in working hours, and what follows when it does not."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="promises")
    label = models.CharField(max_length=12, choices=Label, blank=True, help_text="Empty: every other label.")
    hours = _hours("promised within", least="0.25", help_text="Working hours.")
    remind_before = _hours(
        "remind before", null=True, blank=True, help_text="Working hours before it is late. Empty: no reminder."
    )
    escalate_after = _hours(
        "tell managers after", null=True, blank=True, help_text="Working hours after it became late. Empty: never."
    )
    then = models.CharField(
        max_length=10, blank=True, default=Calendar.NOTHING,
        choices=[(Calendar.NOTHING, "Nothing more"), (Calendar.PASS_ON, "Next rep in turn"),
                 (Calendar.EXPIRE, "It expires, and the lead rests")],
    )  # fmt: skip
    then_after = _hours("that after", default=Decimal(0), help_text="Working hours after it became late.")
    fast_track = models.BooleanField(default=False, help_text="Stands first in the queue, and the rep is told at once.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["calendar", "label"], name="one_promise_for_a_label")]
        ordering = ["hours"]

    def __str__(self) -> str:
        return f"{self.get_label_display() or 'Others'} within {float(self.hours):g} working hours"


class Step(models.Model):
    """What must follow on a handoff that is not answered, and when. Written with the handoff; each is done once."""

    REMIND, ESCALATE, PASS_ON, EXPIRE = "remind", "escalate", "pass_on", "expire"

    handoff = models.ForeignKey(Handoff, models.CASCADE, related_name="steps")
    kind = models.CharField(
        max_length=10,
        choices=[(REMIND, "Reminded"), (ESCALATE, "Managers told"), (PASS_ON, "Passed on"), (EXPIRE, "Expired")],
    )
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["handoff", "kind"], name="each_step_once")]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(done_at=None), name="step_due")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.handoff_id}"
