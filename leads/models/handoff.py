"""The work between marketing and sales."""

from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.enums import HandoffState, Label
from leads.models.lead import Lead
from leads.models.team import OwnedQuerySet, Team
from leads.selling import sla, worktime


class RejectionReason(models.Model):
    """What sales may answer. The list is the company's own: edited in the admin, never deleted once used."""

    slug = models.SlugField(max_length=40, primary_key=True)
    label = models.CharField(max_length=80)
    help = models.CharField(max_length=150, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "label"]

    def __str__(self) -> str:
        return self.label


class HandoffQuerySet(OwnedQuerySet["Handoff"]):
    def open(self) -> Self:
        return self.filter(state=HandoffState.OPEN)

    def awake(self) -> Self:
        """Open, and not put off until later."""
        return self.open().filter(Q(snoozed_until=None) | Q(snoozed_until__lte=timezone.now()))

    def overdue(self, moment: Any = None) -> Self:
        return self.open().filter(due_at__lt=moment or timezone.now())


class Handoff(models.Model):
    """Offering a lead to a rep, with a clock and the promise: score and reasons as they were."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="handoffs")
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="handoffs")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="handoffs"
    )
    assigned_because = models.CharField(max_length=150, blank=True)
    assigned_at = models.DateTimeField(null=True, blank=True)
    waits_for_rep = models.BooleanField(default=False, help_text="Nobody had room: the next rep with room gets it.")
    state = models.CharField(max_length=10, choices=HandoffState, default=HandoffState.OPEN)
    opened_at = models.DateTimeField(default=timezone.now)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", help_text="None: by rule."
    )
    due_at = models.DateTimeField()
    fast_track = models.BooleanField(default=False)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    hours_taken = models.FloatField(
        null=True, blank=True, help_text="Working hours of the team from opening to the answer."
    )
    before: Any = models.JSONField(default=dict, blank=True, help_text="What the answer changed, to take it back.")

    # After accepting
    next_step = models.CharField(max_length=200, blank=True)
    next_on = models.DateField(null=True, blank=True)
    contacted_at = models.DateTimeField(null=True, blank=True)
    contacted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    # The promise
    fit = models.SmallIntegerField(null=True)
    engagement = models.SmallIntegerField(null=True)
    total = models.SmallIntegerField(null=True)
    grade = models.CharField(max_length=2, blank=True)
    label = models.CharField(max_length=12, choices=Label, blank=True)
    version = models.IntegerField(null=True)
    reasons = models.JSONField(default=list, help_text="[[sentence, points], …], most points first.")
    points: Any = ArrayField(
        models.SmallIntegerField(), null=True, editable=False,
        help_text="What each line of the ledger gave, as LedgerLine names them. None: not scored.",
    )  # fmt: skip

    objects = HandoffQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead"], condition=Q(state="open"), name="one_open_handoff"),
            # reports keep both by their place among these
            models.CheckConstraint(condition=Q(state__in=HandoffState.values), name="handoff_has_a_known_state"),
            models.CheckConstraint(condition=Q(label__in=["", *Label.values]), name="handoff_has_a_known_label"),
        ]
        indexes = [
            models.Index(fields=["team", "state", "due_at"], name="handoff_queue"),
            models.Index(fields=["assignee", "state", "due_at"], name="handoff_mine"),
            models.Index(fields=["team", "opened_at"], condition=Q(waits_for_rep=True), name="handoff_waits"),
            models.Index(fields=["team", "opened_at"], name="handoff_opened"),  # reports of a period
            models.Index(fields=["opened_at", "id"], name="handoff_newest"),  # their lists, of several teams
        ]

    def __str__(self) -> str:
        return f"{self.lead} ({self.get_state_display()})"

    @property
    def clock(self) -> sla.Clock:
        """What is left of the promised time, in the working time of the team."""
        return sla.clock(self.opened_at, self.due_at, timezone.now(), worktime.of(self.team))

    @property
    def hours(self) -> float | None:
        """The working hours the answer took; None while there is none."""
        return self.hours_taken

    @property
    def sleeps(self) -> bool:
        """Whether it is put off, out of the queue until a moment. The clock runs on."""
        return self.snoozed_until is not None and self.snoozed_until > timezone.now()

    @property
    def since(self) -> int | None:
        """The points won or lost since the handoff; None where the lead was or is not scored."""
        now = self.lead.standing.total
        return None if now is None or self.total is None else now - self.total


class FeedbackQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        return self if user.is_superuser else self.filter(handoff__team_id__in=user.team_ids)


class Feedback(models.Model):
    """What sales said about a lead, as data. One decision of a handoff is one row."""

    ACCEPTED, REJECTED, RECYCLED = "accepted", "rejected", "recycled"

    handoff = models.ForeignKey(Handoff, models.CASCADE, related_name="feedback")
    verdict = models.CharField(
        max_length=10, choices=[(ACCEPTED, "Accepted"), (REJECTED, "Rejected"), (RECYCLED, "Recycled")]
    )
    reason = models.ForeignKey(RejectionReason, models.PROTECT, null=True, blank=True)
    comment = models.TextField(blank=True)
    misled_by = models.CharField(
        max_length=200, blank=True, help_text="The reason of the promise that misled, in its own words."
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="feedback")
    created_at = models.DateTimeField(default=timezone.now)

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "feedback"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(verdict="rejected") | Q(reason__isnull=False), name="rejection_has_a_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.comment or self.reason or ''}"
