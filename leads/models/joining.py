"""How people come in: invitations to a team, who is signed in where, and how often somebody tried."""

from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.enums import Role
from leads.models.team import OwnedQuerySet, Team

VALID_FOR = timedelta(days=7)


class InvitationQuerySet(OwnedQuerySet["Invitation"]):
    def open(self) -> Self:
        """Those that can be accepted now."""
        return self.waiting().filter(expires_at__gt=timezone.now())

    def waiting(self) -> Self:
        """Neither accepted nor revoked; an expired one among them can be sent again."""
        return self.filter(accepted_at=None, revoked_at=None)


class Invitation(models.Model):
    """An address is asked to join a team in a role: once, and for seven days from the last mail.

    The token of the link is kept as a digest only. It is made from `nonce` and the secret key of the installation when
    the mail is composed (leads/people/invitations.py), so neither this row nor the outbox lets anybody in.
    """

    team = models.ForeignKey(Team, models.CASCADE, related_name="invitations")
    email = models.EmailField("e-mail")
    role = models.CharField(max_length=10, choices=Role)
    nonce = models.CharField(max_length=43, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    sent_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, editable=False)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "email"], condition=Q(accepted_at=None, revoked_at=None), name="one_open_invitation"
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.team}"

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()


class DepartureQuerySet(OwnedQuerySet["Departure"]):
    def away(self) -> Self:
        """Those who were not taken back."""
        return self.filter(returned_at=None)


class Departure(models.Model):
    """Somebody left a team: the role, share and hours they had there, so that they can be taken back with them."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="departures")
    team = models.ForeignKey(Team, models.CASCADE, related_name="departures")
    role = models.CharField(max_length=10, choices=Role)
    weight = models.PositiveSmallIntegerField(default=1)
    weekly_capacity = models.PositiveSmallIntegerField(null=True)
    week: Any = models.JSONField(null=True)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    returned_at = models.DateTimeField(null=True)
    returned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    objects = DepartureQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["team", "-id"], condition=Q(returned_at=None), name="departure_away")]

    def __str__(self) -> str:
        return f"{self.user} left {self.team}"


class SignIn(models.Model):
    """A browser in which a person signed in. It is signed in as long as its session is there."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sign_ins")
    session_key = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField(default=timezone.now)
    address = models.CharField(max_length=45, blank=True)
    browser = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.user} since {self.at:%-d %b %Y %H:%M}"


class SignInBudget(models.Model):
    """A bucket that every wrong password fills and time empties: leads/people/throttle.py. The key is a digest."""

    key = models.CharField(max_length=64, primary_key=True)
    level = models.FloatField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="sign_in_budget_at")]

    def __str__(self) -> str:
        return f"{self.level:.1f}"
