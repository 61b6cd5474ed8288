"""Saved conditions: a name for the leads that match."""

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.conditions.formfields import SegmentConditionField
from leads.models.team import Team

if TYPE_CHECKING:
    from leads.conditions.vocabulary import Vocabulary


class SegmentQuerySet(models.QuerySet["Segment"]):
    def visible_to(self, user: Any) -> Self:
        """Those of the company and of the user's teams."""
        return self if user.is_superuser else self.filter(Q(team=None) | Q(team__in=user.team_ids))


class Segment(models.Model):
    """A condition with a name, over facts and standing. Lists, rules and nurture lists refer to it.

    Who is inside is asked whenever somebody wants to know; nothing is kept but the condition. What belongs to no team
    is the company's: everybody sees it, each over the leads they may see.
    """

    name = models.CharField(max_length=100)
    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="segments", help_text="Empty: for all teams."
    )
    condition = SegmentConditionField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )

    objects = SegmentQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "name"], name="segment_name", nulls_distinct=False,
                violation_error_message="There is a segment of this name already. Choose another.",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def matching(self, vocabulary: "Vocabulary | None" = None) -> Q:
        """A filter for leads: those inside now. Raises ConditionError where the condition can no longer be read."""
        from leads.conditions.compile import leads_matching  # needs the models, as conditions do

        inside = leads_matching(self.condition, vocabulary=vocabulary)
        return inside & (Q(team=self.team_id) if self.team_id else Q())
