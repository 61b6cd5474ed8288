"""People, teams, and the role a person has in each."""

import hashlib
import secrets
from datetime import timedelta
from functools import cached_property
from typing import Any, Self, TypeVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone

from leads.enums import Role


class TeamQuerySet(models.QuerySet["Team"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(pk__in=user.team_ids) if not user.is_superuser else self


class Team(models.Model):
    """A business unit or region. Leads belong to a team."""

    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=50, unique=True)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def team_id(self) -> int:
        """A team belongs to itself, when rights are asked (leads/access.py)."""
        return self.pk


Row = TypeVar("Row", bound=models.Model, covariant=True)


class OwnedQuerySet(models.QuerySet[Row]):
    """Rows with a `team`. Every query of a view, serializer or admin starts at `visible_to`."""

    def visible_to(self, user: Any) -> Self:
        """The rows of the user's teams; every row for a superuser."""
        return self if user.is_superuser else self.filter(team_id__in=user.team_ids)


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":
        user = self.model(email=email.strip().lower(), **extra)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> "User":
        return self.create_user(email, password, is_superuser=True, **extra)

    def visible_to(self, user: "User") -> models.QuerySet["User"]:
        """Colleagues: the people of the user's teams, and the user."""
        if user.is_superuser:
            return self.all()
        return self.filter(models.Q(pk=user.pk) | models.Q(memberships__team_id__in=user.team_ids)).distinct()


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in, with the e-mail address as login. Roles come from memberships."""

    email = models.EmailField("e-mail", unique=True)
    name = models.CharField(max_length=150)
    is_active = models.BooleanField("may sign in", default=True)
    time_zone = models.CharField(
        max_length=50, blank=True, help_text="In which times are shown. Empty: the team's, else the installation's."
    )
    weekly_digest = models.BooleanField(
        "mail me the week on Mondays", default=True, help_text="How handoffs went in each of your teams."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = UserManager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        """What the admin calls a person."""
        return self.name

    def clean(self) -> None:
        super().clean()
        self.email = self.email.strip().lower()

    @cached_property
    def _memberships(self) -> list[tuple[int, str]]:
        return list(self.memberships.values_list("team_id", "role"))

    @property
    def team_ids(self) -> list[int]:
        return [team for team, _ in self._memberships]

    @property
    def roles(self) -> set[str]:
        """The roles this person has in any team."""
        return {role for _, role in self._memberships}

    def roles_in(self, team: int) -> set[str]:
        """The role this person has in that team, or none."""
        return {role for one, role in self._memberships if one == team}

    def teams_as(self, *roles: str) -> list[int]:
        """Ids of the teams in which this person has one of the roles."""
        return [team for team, role in self._memberships if role in roles]

    def has_role(self, *roles: str) -> bool:
        return self.is_active and (self.is_superuser or bool(self.roles.intersection(roles)))

    @property
    def is_staff(self) -> bool:
        """Who may open the admin. What they may do there: leads/access.py."""
        return self.has_role(Role.MARKETING, Role.MANAGER, Role.ADMIN)

    @property
    def home_role(self) -> str:
        """The role that decides which home page greets this person."""
        order = (Role.ADMIN, Role.MANAGER, Role.MARKETING, Role.REP)
        return next((role for role in order if role in self.roles), Role.ADMIN if self.is_superuser else Role.REP)


class MembershipQuerySet(OwnedQuerySet["Membership"]):
    def hold(self) -> None:
        """Lock these places in the pool (leads/selling/assignment.py) until the end of the transaction.

        Assignments that are under way are waited for, and the next ones wait.
        """
        list(self.order_by("pk").select_for_update(no_key=True).values_list("pk"))


class Membership(models.Model):
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    weight = models.PositiveSmallIntegerField(
        default=1,
        validators=[MaxValueValidator(100)],
        help_text="Of new leads, against the others. 0: none.",
    )
    weekly_capacity = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Leads a week, from Monday. Empty: no limit."
    )
    week: Any = models.JSONField(
        "working hours", null=True, blank=True, help_text="Seven days from Monday. Empty: those of the team."
    )
    # How many turns of the round robin this member had, and how many more (or fewer) than that are fair so far.
    assigned = models.PositiveIntegerField(default=0, editable=False)
    credit = models.FloatField(default=0, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "team"], name="one_role_in_a_team")]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()} in {self.team}"


class Capacity(Membership):
    """The reps of a team, as managers see them: how many leads each gets."""

    objects = OwnedQuerySet["Capacity"].as_manager()  # type: ignore[misc, assignment]

    class Meta:
        proxy = True
        verbose_name_plural = "capacity of reps"


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def visible_to(self, user: Any) -> Self:
        """One's own, and those of the people of one's teams."""
        people = models.Q(user=user) | models.Q(user__memberships__team_id__in=user.team_ids)
        return self if user.is_superuser else self.filter(people).distinct()


class Absence(models.Model):
    """Days on which a person is given no leads, both included."""

    user = models.ForeignKey(User, models.CASCADE, related_name="absences")
    first = models.DateField("first day")
    last = models.DateField("last day")
    note = models.CharField(max_length=100, blank=True)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        ordering = ["first", "pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(last__gte=models.F("first")), name="absence_ends_after_it_begins")
        ]

    def __str__(self) -> str:
        return f"{self.user} is away {self.first:%-d %b} to {self.last:%-d %b %Y}"


class ApiToken(models.Model):
    """A key of the REST API. It acts as its user, within its scope. Only the hash is kept."""

    READ, WRITE = "read", "write"
    MOST_DAYS = 366

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, blank=True)
    scope = models.CharField(max_length=10, choices=[(READ, "Read"), (WRITE, "Read and write")], default=READ)
    hint = models.CharField(max_length=8, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name or 'Token'} …{self.hint}"

    @classmethod
    def issue(cls, user: User, *, scope: str, name: str = "", days: int = 365) -> tuple["ApiToken", str]:
        """A new token and its secret, which is never shown again."""
        secret = f"lst_{secrets.token_urlsafe(32)}"
        token = cls.objects.create(
            user=user, scope=scope, name=name, hint=secret[-4:], digest=digest(secret),
            expires_at=timezone.now() + timedelta(days=days),
        )  # fmt: skip
        return token, secret


def digest(secret: str) -> str:
    """How keys of 32 random bytes are kept; a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()
