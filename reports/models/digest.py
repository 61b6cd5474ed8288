"""Which weeks were mailed."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Digest(models.Model):
    """The week that ended before this Monday was mailed to this person, or had nothing in it. Once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="digests", db_index=False)
    monday = models.DateField()
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "monday"], name="digest_once_a_week")]

    def __str__(self) -> str:
        return f"{self.user}, {self.monday}"
