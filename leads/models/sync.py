"""What a sync remembers: which record of theirs is which row of ours, how far it read, what is still to go there."""

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.enums import CrmKind
from leads.models.company import Company
from leads.models.connection import Connection, ConnectionPart
from leads.models.crm import Deal
from leads.models.lead import Lead
from leads.models.team import User


class Link(models.Model):
    """A record of theirs and the row it is here, with what both held when they were last the same.

    `theirs` {their field: value} is what we last saw or wrote there: a value that comes back the same is no news, so
    our own writes never come back as changes. `ours` {our field: value} is what we held then: a value that differs from
    it was changed here since. `forms` {their field: what we wrote} are words that the CRM keeps in a form of its own,
    which stands in `theirs`; "" where it may, so that the next one written is read back. Whether anything of the lead
    is to be looked at for it is said by a row of PushDue.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="links")
    kind = models.CharField(max_length=10, choices=CrmKind)
    external_id = models.CharField(max_length=150)
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, related_name="crm_links")
    company = models.ForeignKey(Company, models.SET_NULL, null=True, related_name="crm_links")
    deal = models.ForeignKey(Deal, models.SET_NULL, null=True, related_name="crm_links")
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    theirs: Any = models.JSONField(default=dict)
    ours: Any = models.JSONField(default=dict)
    forms: Any = models.JSONField(default=dict)
    modified_at = models.DateTimeField(null=True, help_text="By their clock.")
    pulled_at = models.DateTimeField(null=True)
    pushed_at = models.DateTimeField(null=True)
    sweep = models.PositiveIntegerField(default=0, help_text="The last sweep that found it there.")
    gone_at = models.DateTimeField(null=True)
    became = models.CharField(max_length=150, blank=True, help_text="The record it was merged into.")
    left_at = models.DateTimeField(null=True, help_text="When its lead went to another team.")
    created_at = models.DateTimeField(default=timezone.now)

    objects = ConnectionPart.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "kind", "external_id"], name="link_once")]
        indexes = [
            models.Index(fields=["connection", "kind", "id"], condition=Q(gone_at=None), name="link_living"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.external_id}"

    def holds(self, name: str) -> str:
        """What the record has under that field of theirs, as we wrote it."""
        return str(self.forms.get(name) or self.theirs.get(name, ""))


class PushDue(models.Model):
    """The lead of this link changed, in anything that may be pushed, since it was last looked at.

    Triggers of the database write it in the transaction of the change (migrations push_due_…): score, owner and what
    they are called, fields, company, handoff, list, the link itself. `rev` is the number of that change, so that
    whoever looked at the lead before it takes no row away that speaks of more.
    """

    link = models.OneToOneField(Link, models.CASCADE, primary_key=True, related_name="due")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=CrmKind)
    rev = models.BigIntegerField()

    objects = ConnectionPart.as_manager()

    class Meta:
        indexes = [models.Index(fields=["connection", "kind", "link"], name="push_due")]

    def __str__(self) -> str:
        return f"link {self.link_id}"


class HeldEvent(models.Model):
    """What was done with a person of theirs whom we could not take. It comes with the person, once that is put right.

    `external_id` is the person's; the rest becomes an event.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="held_events")
    kind = models.CharField(max_length=10, choices=CrmKind)
    external_id = models.CharField(max_length=150)
    what = models.CharField(max_length=100)
    occurred_at = models.DateTimeField()
    message_id = models.CharField(max_length=400)
    properties: Any = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    objects = ConnectionPart.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "message_id"], name="held_event_once")]
        indexes = [models.Index(fields=["connection", "kind", "external_id"], name="held_event_of")]

    def __str__(self) -> str:
        return f"{self.what} of {self.kind}:{self.external_id}"


class Cursor(models.Model):
    """How far one kind of record was read, by our clock. `at`: everything that changed until then is here.

    While a window is open, `until` is its end and `after` the id at which the next page begins.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="cursors")
    kind = models.CharField(max_length=10, choices=CrmKind)
    at = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    after = models.CharField(max_length=300, blank=True)
    read = models.PositiveIntegerField(default=0, help_text="Rows of the open window so far.")
    total = models.PositiveIntegerField(null=True, help_text="Of the open window, where the CRM says it.")
    # The sweep for deletions
    sweep = models.PositiveIntegerField(default=0)
    sweep_after = models.CharField(max_length=300, blank=True)
    swept_at = models.DateTimeField(null=True)

    objects = ConnectionPart.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "kind"], name="cursor_once")]

    def __str__(self) -> str:
        return f"{self.kind} until {self.at}"


class PushAsk(models.Model):
    """A rule or a person wants this lead in the CRM, whether or not it would be sent there otherwise."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="asks")
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="push_asks")
    because = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = ConnectionPart.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "lead"], name="push_ask_once")]

    def __str__(self) -> str:
        return f"{self.lead} → {self.connection}"


class Nudge(models.Model):
    """A webhook said that this record changed. It is read at the next run; `key` keeps a repeated one from counting."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="nudges")
    key = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=CrmKind)
    external_id = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)

    objects = ConnectionPart.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "key"], name="nudge_once")]
        indexes = [models.Index(fields=["connection"], condition=Q(done_at=None), name="nudge_waiting")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.external_id}"
