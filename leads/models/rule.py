"""What happens when leads enter or leave a segment."""

from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.enums import Cause, CrossingState, Direction, Label, RulePhase
from leads.models.lead import Lead
from leads.models.segment import Segment
from leads.models.team import Team

QUIET_AT_MOST = 3650


class RuleQuerySet(models.QuerySet["Rule"]):
    def visible_to(self, user: Any) -> Self:
        """Those of the company and of the user's teams, and the user's own. Nobody sees what others watch for."""
        if user.is_superuser:
            return self.filter(Q(person=None) | Q(person=user))
        shared = Q(person=None) & (Q(team=None) | Q(team__in=user.team_ids))
        return self.filter(shared | Q(person=user))

    def due(self, moment: Any) -> Self:
        """Rules for which all leads have to be asked now: see leads/rules/passes.py."""
        return self.filter(active=True, due_at__lte=moment)


class Rule(models.Model):
    """On entering or leaving a segment: hand off, tell somebody, tag.

    A lead is inside from the moment it belongs to `segment` until it belongs neither to that nor to `stays`. Who was
    inside when the rule was switched on is recorded as inside, and nothing happens for them.
    """

    name = models.CharField(max_length=100)
    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="rules", help_text="Empty: for all teams."
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, editable=False, related_name="rules",
        help_text="Whose own rule it is: for the leads of their teams, and it tells nobody else.",
    )  # fmt: skip
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="rules")
    stays = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="stays inside while in",
        help_text="A wider segment, so that a lead at the border does not come and go. Empty: leaves at once.",
    )  # fmt: skip
    direction = models.CharField("when a lead", max_length=10, choices=Direction, default=Direction.ENTERING)
    quiet_days = models.PositiveSmallIntegerField(
        "quiet days", default=0, validators=[MaxValueValidator(QUIET_AT_MOST)],
        help_text="After it acted for a lead, the rule does nothing more for it for so many days.",
    )  # fmt: skip
    actions = models.JSONField(default=dict, editable=False, help_text="What is done, by kind: leads/rules/actions.")
    active = models.BooleanField("on", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )

    # How far it is with asking all leads. `rev` changes with whatever the answers depend on.
    rev = models.BigIntegerField(default=1, editable=False)
    phase = models.CharField(max_length=10, choices=RulePhase, default=RulePhase.PRIMING, editable=False)
    position = models.BigIntegerField(default=0, editable=False, help_text="The last lead that was asked.")
    pass_cause = models.CharField(max_length=10, choices=Cause, blank=True, editable=False)
    due_at = models.DateTimeField(null=True, editable=False, help_text="When all leads are to be asked. None: never.")
    problem = models.TextField(blank=True, editable=False, help_text="Why it was switched off by itself.")

    objects = RuleQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_personal(self) -> bool:
        return self.person_id is not None


class Inside(models.Model):
    """Whether a lead is inside a rule's condition. There is a row once it was; it is written under the standing's lock.

    `number` counts the crossings; `fired_at` is when the rule acted for this lead, for the quiet days.
    """

    stays_when_merged = True  # see leads/identity/belongings.py

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="leads", db_index=False)
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="+")
    inside = models.BooleanField()
    number = models.IntegerField(default=0)
    since = models.DateTimeField()
    fired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "lead"], name="inside_once")]

    def __str__(self) -> str:
        return f"{self.lead_id} {'inside' if self.inside else 'outside'} {self.rule_id}"


class CrossingQuerySet(models.QuerySet["Crossing"]):
    def visible_to(self, user: Any) -> Self:
        """Of leads of the user's teams, without what other people watch for by themselves."""
        mine = self.filter(Q(rule__person=None) | Q(rule__person=user))
        return mine if user.is_superuser else mine.filter(lead__team__in=user.team_ids)

    def review(self) -> Self:
        return self.filter(state=CrossingState.REVIEW)


class Crossing(models.Model):
    """A lead entered or left a rule's condition: one row, the `number`-th of this lead, and what became of it.

    Without a rule: a published version moved the lead to a label that is handed off, and marketing decides.
    """

    stays_when_merged = True  # see leads/identity/belongings.py

    rule = models.ForeignKey(Rule, models.CASCADE, null=True, related_name="crossings")
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="crossings")
    number = models.IntegerField(default=0)
    entered = models.BooleanField(default=True)
    cause = models.CharField(max_length=10, choices=Cause)
    state = models.CharField(max_length=10, choices=CrossingState)
    label_before = models.CharField(max_length=12, choices=Label, blank=True)
    label = models.CharField(max_length=12, choices=Label, blank=True)
    at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    problem = models.CharField(max_length=300, blank=True, help_text="What could not be done.")

    objects = CrossingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "lead", "number"], name="one_crossing"),
            models.UniqueConstraint(
                fields=["lead"], condition=Q(rule=None, state="review"), name="one_review_of_a_lead"
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="due"), name="crossing_due"),
            models.Index(fields=["id"], condition=Q(state="review"), name="crossing_review"),
            models.Index(fields=["rule", "-at"], name="crossing_of_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} {'entered' if self.entered else 'left'} {self.rule}"
