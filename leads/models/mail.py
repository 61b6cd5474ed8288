"""E-mail providers that tell us what became of mails."""

import secrets

from django.db import models
from django.utils import timezone

from leads.models.source import Source
from leads.outgoing.sealing import SealedField


def new_key() -> str:
    return secrets.token_urlsafe(12)


class MailHook(models.Model):
    """The webhook of one e-mail provider for a source. `key` names it in its address; what proves a sender is the
    secret: the provider's signing key, or the user and password we made for it.
    """

    source = models.ForeignKey(Source, models.CASCADE, related_name="mail_hooks")
    provider = models.CharField(max_length=20, help_text="Its slug in leads/ingest/mail/providers.py.")
    key = models.CharField(max_length=24, unique=True, editable=False, default=new_key)
    secret = SealedField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["provider"], condition=models.Q(closed_at=None), name="mail_hook_open")]

    def __str__(self) -> str:
        return f"{self.provider} of {self.source}"

    @property
    def team_id(self) -> int:
        return self.source.team_id
