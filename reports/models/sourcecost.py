from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models

from leads.models import Team
from leads.models.team import OwnedQuerySet


class SourceCost(models.Model):
    """What a team spent on a source in a month, whatever of it: advertisements, a fair, a bought list.

    `campaign` empty: what was spent on the source itself, on none of its campaigns.
    """

    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    source = models.CharField(max_length=100, help_text="As leads have it.")
    campaign = models.CharField(max_length=100, blank=True, default="", db_default="", help_text="As leads have it.")
    month = models.DateField(help_text="Its first day.")
    amount = models.DecimalField(max_digits=12, decimal_places=2, validators=[MinValueValidator(0)])
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    entered_at = models.DateTimeField(auto_now=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-month", "source", "campaign"]
        constraints = [models.UniqueConstraint(fields=["team", "source", "campaign", "month"], name="one_cost_a_month")]

    def __str__(self) -> str:
        return f"{self.of}, {self.month:%b %Y}: {self.amount}"

    @property
    def of(self) -> str:
        """The source, and the campaign if it is of one."""
        return f"{self.source}, {self.campaign}" if self.campaign else self.source
