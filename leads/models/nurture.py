"""Leads that are not for sales now: named lists of a team, and who is on them, why and until when."""

from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.enums import Label
from leads.models.endpoint import Endpoint
from leads.models.lead import Lead
from leads.models.segment import Segment
from leads.models.team import OwnedQuerySet, Team


class NurtureList(models.Model):
    """A list that marketing works on: rejected leads, those with a low label, a segment, or chosen by hand."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="nurture_lists")
    name = models.CharField(max_length=100)
    takes_rejected = models.BooleanField(
        "takes what sales sends back", default=False, help_text="Leads that are rejected, recycled or not answered."
    )
    takes_labels: Any = ArrayField(
        models.CharField(max_length=12, choices=Label), default=list, blank=True,
        help_text="Leads with these labels that were never handed off.",
    )  # fmt: skip
    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, help_text="Leads inside that were never handed off."
    )
    quiet_days = models.PositiveSmallIntegerField(default=30, help_text="So long a lead stays, at least.")
    endpoint = models.ForeignKey(
        Endpoint, models.SET_NULL, null=True, blank=True, help_text="The webhook told who enters and who leaves."
    )

    to_crm = models.BooleanField(
        "bring its leads into the CRM", default=False,
        help_text="They are made there where they are not, with the name of the list.",
    )  # fmt: skip

    objects = OwnedQuerySet["NurtureList"].as_manager()

    class Meta:
        ordering = ["team__name", "name"]
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="nurture_list_name"),
            models.UniqueConstraint(
                fields=["team"], condition=Q(takes_rejected=True), name="one_list_takes_rejected",
                violation_error_message="Another list of this team takes what sales sends back.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class NurtureMemberQuerySet(models.QuerySet["NurtureMember"]):
    def visible_to(self, user: Any) -> Self:
        return self if user.is_superuser else self.filter(list__team_id__in=user.team_ids)

    def present(self) -> Self:
        return self.filter(left_at=None)


class NurtureMember(models.Model):
    """A lead on a list. Who leaves stays known, with the reason."""

    list = models.ForeignKey(NurtureList, models.CASCADE, related_name="members")
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="nurtured")
    reason = models.CharField(max_length=200, blank=True)
    since = models.DateTimeField(default=timezone.now)
    until = models.DateField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    left_because = models.CharField(max_length=100, blank=True)

    objects = NurtureMemberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["list", "lead"], condition=Q(left_at=None), name="once_on_a_nurture_list")
        ]

    def __str__(self) -> str:
        return f"{self.lead} on {self.list}"
