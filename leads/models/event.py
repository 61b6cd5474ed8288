"""What they did."""

from datetime import date, datetime
from typing import Any, Self

from django.db import models
from django.utils import timezone

from leads.days import day_of
from leads.models.lead import Lead
from leads.models.source import Source

EPOCH = date(1970, 1, 1)


def day_number(moment: datetime) -> int:
    """Whole days since 1970-01-01 in the installation's zone: the unit in which windows and ages count."""
    return (day_of(moment) - EPOCH).days


class DayField(models.IntegerField):
    """The day number of `occurred_at`, kept by every way of saving a row, `bulk_create` included."""

    def pre_save(self, model_instance: models.Model, add: bool) -> int:
        day = day_number(model_instance.occurred_at)  # type: ignore[attr-defined]
        setattr(model_instance, self.attname, day)
        return day


class EventKind(models.Model):
    """A kind of event: page viewed, form submitted, call held. The number is small so that events stay narrow."""

    id = models.SmallAutoField(primary_key=True)
    slug = models.SlugField(max_length=60, unique=True)
    label = models.CharField(max_length=80, help_text="As in a sentence: viewed a page, attended a webinar.")
    by_lead = models.BooleanField(
        "done by the lead", default=True, help_text="Counts as activity of the lead. An e-mail we sent does not."
    )

    class Meta:
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label


class EventQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        return self if user.is_superuser else self.filter(lead__team_id__in=user.team_ids)


class Event(models.Model):
    """An append-only fact. A correction is a new fact, or the mark `quarantined`; nothing else changes."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="events", db_index=False)
    kind = models.ForeignKey(EventKind, models.PROTECT, db_index=False)
    source = models.ForeignKey(Source, models.PROTECT, db_index=False)
    occurred_at = models.DateTimeField()
    day = DayField(editable=False)
    received_at = models.DateTimeField(default=timezone.now, editable=False)
    message_id = models.CharField(max_length=150)
    properties = models.JSONField(default=dict, blank=True)
    quarantined = models.BooleanField(default=False)
    # The lead by whose identity it came, where that lead was merged into this one: undoing the merge gives it back.
    came_by = models.BigIntegerField(null=True, editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "message_id"], name="event_counts_once")]
        indexes = [models.Index(fields=["lead", "day", "kind"], name="event_lead_day")]

    def __str__(self) -> str:
        return f"{self.kind_id} {self.occurred_at:%Y-%m-%d %H:%M}"
