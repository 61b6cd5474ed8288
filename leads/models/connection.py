"""A CRM that a team is connected with, and how its fields and stages are read."""

import secrets as randoms
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.enums import ConnectionState, Creates, CrmKind, DealState, Flow, SourceKind, Wins
from leads.models.source import Source
from leads.models.team import OwnedQuerySet, Team, User
from leads.outgoing import sealing
from leads.outgoing.sealing import SealedField


class ConnectionQuerySet(OwnedQuerySet["Connection"]):
    def due(self, now: datetime) -> Self:
        """Those that are on, that nobody works on, and whose time has come."""
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        return self.filter(free, state=ConnectionState.ON, due_at__lte=now)


class ConnectionPart(models.QuerySet[Any]):
    """Rows that belong to a connection, and so to its team."""

    def visible_to(self, user: Any) -> Self:
        return self if user.is_superuser else self.filter(connection__team_id__in=user.team_ids)


def new_key() -> str:
    return randoms.token_urlsafe(9)


class Connection(models.Model):
    """A CRM of a team. What it sends are facts of `source`.

    `due_at` is when it is synced next: after `every` seconds, or later while it fails. `runs` counts the runs and tells
    whose run it is: a worker that comes back after its lease went to another writes nothing.
    """

    team = models.ForeignKey(Team, models.CASCADE, related_name="connections")
    source = models.OneToOneField(Source, models.PROTECT, related_name="connection", editable=False)
    crm = models.CharField("CRM", max_length=20, help_text="Its slug in leads/crm/registry.py.")
    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=50, unique=True, help_text="As commands and addresses call it.")
    hook_key = models.CharField(max_length=24, unique=True, default=new_key, editable=False)
    base_url = models.CharField("address", max_length=300, blank=True, help_text="Empty: the CRM's usual one.")
    options = models.JSONField(default=dict, blank=True, help_text="What the CRM asks for and is no secret.")
    creates = models.CharField(max_length=10, choices=Creates, default=Creates.HANDED_OFF)
    every = models.PositiveIntegerField(default=60, help_text="Seconds between runs.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, editable=False, related_name="+")

    state = models.CharField(max_length=10, choices=ConnectionState, default=ConnectionState.SETUP)
    paused_at = models.DateTimeField(null=True, editable=False)
    paused_by = models.ForeignKey(User, models.SET_NULL, null=True, editable=False, related_name="+")

    due_at = models.DateTimeField(default=timezone.now, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    runs = models.PositiveIntegerField(default=0, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False, help_text="In a row.")
    error = models.CharField(max_length=500, blank=True, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    needs_person = models.BooleanField(default=False, editable=False, help_text="The key or a right is missing.")
    synced_at = models.DateTimeField(null=True, editable=False, help_text="Up to then everything of theirs is here.")
    swept_at = models.DateTimeField(null=True, editable=False)
    fields_made = models.BooleanField(
        default=False, editable=False, help_text="Fields of ours that are mapped are there."
    )
    account = models.CharField(max_length=150, blank=True, editable=False, help_text="Whose links these are.")
    account_seen = models.CharField(
        max_length=150, blank=True, editable=False, help_text="What the key opens, looked at since it was entered."
    )
    clock_ahead = models.FloatField(
        null=True, editable=False, help_text="Seconds their clock is ahead of ours; less than 0: behind."
    )

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="connection_name_in_team")]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="on"), name="connection_due")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_on(self) -> bool:
        return self.state == ConnectionState.ON

    @property
    def is_disconnected(self) -> bool:
        """Its keys were forgotten after it had been on, or could have been; what is linked waits for new ones."""
        return self.state == ConnectionState.SETUP and self.paused_at is not None

    @property
    def lag(self) -> timedelta | None:
        """How far we are behind; None while the first load is under way."""
        return timezone.now() - self.synced_at if self.synced_at else None

    def keep_secret(self, name: str, text: str) -> None:
        """Seal a secret under that name; "" removes it."""
        if not text:
            self.secrets.filter(name=name).delete()
            return
        row, _ = ConnectionSecret.objects.get_or_create(connection=self, name=name)
        sealing.put(row, "value", text)

    @classmethod
    def make(cls, team: Team, *, crm: str, name: str, slug: str, by: User | None = None,
             **extra: Any) -> "Connection":  # fmt: skip
        """A connection with a source of its own, not yet on."""
        source = Source.objects.create(team=team, name=name[:100], slug=slug, kind=SourceKind.CRM)
        return cls.objects.create(team=team, source=source, crm=crm, name=name, slug=slug, created_by=by, **extra)


class ConnectionSecret(models.Model):
    """A key of a connection: a token, a password, what webhooks are signed with."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="secrets")
    name = models.CharField(max_length=40)
    value = SealedField()

    objects = ConnectionPart.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "name"], name="secret_once")]

    def __str__(self) -> str:
        return f"{self.name} of {self.connection_id}"

    @property
    def hint(self) -> str:
        """All that is shown of it: the last four characters."""
        return str(self.value.hint)  # type: ignore[attr-defined]

    @property
    def is_readable(self) -> bool:
        """Whether it can be used; False asks people to enter it again."""
        return sealing.is_readable(self, "value")


class FieldMap(models.Model):
    """A field of theirs and the one it is here.

    `ours` is a target of leads/ingest/targets.py ("email", "company.name", "fields.budget") or a key of OUR_FIELDS in
    leads/crm/mapping.py ("score", "label"), which only go there.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="field_maps")
    kind = models.CharField(max_length=10, choices=CrmKind)
    theirs = models.CharField(max_length=150)
    ours = models.CharField(max_length=150)
    flow = models.CharField(max_length=4, choices=Flow, default=Flow.BOTH)
    wins = models.CharField(max_length=6, choices=Wins, default=Wins.LATEST)

    objects = ConnectionPart.as_manager()

    class Meta:
        ordering = ["kind", "pk"]
        constraints = [models.UniqueConstraint(fields=["connection", "kind", "ours"], name="field_map_once")]

    def __str__(self) -> str:
        return f"{self.theirs} → {self.ours}"

    @property
    def comes(self) -> bool:
        return self.flow in (Flow.PULL, Flow.BOTH)

    @property
    def goes(self) -> bool:
        return self.flow in (Flow.PUSH, Flow.BOTH)


class StageMap(models.Model):
    """A stage of a pipeline of theirs, and whether a deal in it is open, won or lost."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="stage_maps")
    pipeline = models.CharField(max_length=100)
    pipeline_label = models.CharField(max_length=150)
    stage = models.CharField(max_length=100)
    label = models.CharField(max_length=150)
    state = models.CharField(max_length=4, choices=DealState, default=DealState.OPEN)
    by_hand = models.BooleanField(default=False, help_text="A person said so: the CRM's word no longer counts.")
    position = models.PositiveIntegerField(default=0)

    objects = ConnectionPart.as_manager()

    class Meta:
        ordering = ["pipeline", "position", "pk"]
        constraints = [models.UniqueConstraint(fields=["connection", "pipeline", "stage"], name="stage_map_once")]

    def __str__(self) -> str:
        return f"{self.pipeline_label}: {self.label}"
