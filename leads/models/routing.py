"""To which team a lead belongs: territories and segments, as conditions in an order."""

from django.db import models

from leads.conditions.formfields import SegmentConditionField
from leads.models.team import OwnedQuerySet, Team


class RoutingRule(models.Model):
    """Leads of one team that match go to another when they are handed off. The first rule that matches decides."""

    name = models.CharField(max_length=100)
    position = models.PositiveSmallIntegerField(default=0, help_text="The lowest is asked first.")
    of = models.ForeignKey(Team, models.CASCADE, related_name="+", verbose_name="leads of")
    condition = SegmentConditionField()
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", verbose_name="go to")
    active = models.BooleanField(default=True)

    objects = OwnedQuerySet["RoutingRule"].as_manager()

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name
