"""Where messages go that leave the product: a program with a signed webhook, or a channel of Slack."""

from django.db import models
from django.utils import timezone

from leads.models.team import OwnedQuerySet, Team, User
from leads.outgoing.sealing import SealedField, is_readable


class EndpointQuerySet(OwnedQuerySet["Endpoint"]):
    def open(self) -> "EndpointQuerySet":
        return self.filter(disabled_at=None)


class Endpoint(models.Model):
    """An address of a team that is told what happens. `types`: what it wants to hear of; empty: everything."""

    WEBHOOK, SLACK = "webhook", "slack"
    KINDS = ((WEBHOOK, "Signed webhook"), (SLACK, "Slack channel"))

    team = models.ForeignKey(Team, models.CASCADE, related_name="endpoints")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=KINDS, default=WEBHOOK)
    url = models.CharField("address", max_length=500, blank=True, help_text="Of a webhook. That of Slack is a secret.")
    types = models.JSONField(default=list, blank=True)
    # Of a webhook: what its messages are signed with. Of Slack: the address, which lets anybody write.
    secret = SealedField()
    secret_before = SealedField()
    before_until = models.DateTimeField(null=True, editable=False, help_text="Until then both secrets sign.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, editable=False)
    disabled_at = models.DateTimeField(null=True, editable=False)
    disabled_for = models.CharField(max_length=200, blank=True, editable=False)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="endpoint_name_in_team")]

    def __str__(self) -> str:
        return self.name

    @property
    def lane(self) -> str:
        """Along which its effects go (leads/outgoing/outbox.py)."""
        return f"{self.kind}:{self.pk}"

    @property
    def is_readable(self) -> bool:
        """Whether the secret can be used; False asks people to enter it again."""
        return is_readable(self, "secret")
