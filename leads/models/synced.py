"""What syncs did, for people: each run, what it did with each record, and what it could not do."""

from typing import Any, Self

from django.db import models
from django.utils import timezone

from leads.enums import CrmKind, SyncWhat
from leads.models.connection import Connection, ConnectionPart
from leads.models.lead import Lead
from leads.models.team import User


class SyncRun(models.Model):
    """One run, from claim to end. `counts`: {"contacts": {"read", "created", "updated", …}, "push": {…}}."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="history")
    number = models.PositiveIntegerField()
    began_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    ok = models.BooleanField(null=True, help_text="None while it runs, or when its worker died.")
    counts: Any = models.JSONField(default=dict)
    calls = models.PositiveIntegerField(default=0, help_text="Requests made.")
    error = models.CharField(max_length=500, blank=True)

    objects = ConnectionPart.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["connection", "number"], name="run_once")]

    def __str__(self) -> str:
        return f"{self.connection}, run {self.number}"


class SyncEntry(models.Model):
    """What a sync did with one record: the history of a lead between us and its CRM.

    `said`: {field: [before, after]}.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="entries")
    what = models.CharField(max_length=10, choices=SyncWhat)
    kind = models.CharField(max_length=10, choices=CrmKind)
    external_id = models.CharField(max_length=150, blank=True)
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, related_name="sync_entries")
    at = models.DateTimeField(default=timezone.now)
    said: Any = models.JSONField(default=dict)
    words = models.CharField(max_length=500, blank=True)

    objects = ConnectionPart.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "sync entries"
        indexes = [
            models.Index(fields=["lead", "-id"], name="entry_of_lead"),
            models.Index(fields=["connection", "-id"], name="entry_of_connection"),
            models.Index(fields=["at"], name="entry_at"),
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()}: {self.kind} {self.external_id}"


class SyncConflict(models.Model):
    """Both sides had changed a field: who won, by which rule, and what the other had."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="conflicts")
    kind = models.CharField(max_length=10, choices=CrmKind)
    external_id = models.CharField(max_length=150)
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, related_name="sync_conflicts")
    field = models.CharField(max_length=150)
    ours: Any = models.JSONField(null=True)
    theirs: Any = models.JSONField(null=True)
    winner = models.CharField(
        max_length=6, choices=[("ours", "Ours"), ("theirs", "The CRM's"), ("", "Nobody")], blank=True
    )
    rule = models.CharField(max_length=120)
    at = models.DateTimeField(default=timezone.now)

    objects = ConnectionPart.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.field}: {self.ours} / {self.theirs}"


class ProblemQuerySet(ConnectionPart):
    def open(self) -> Self:
        """Those that are to be put right."""
        return self.filter(left_out_at=None)

    def left_out(self) -> Self:
        return self.exclude(left_out_at=None)

    def left_out_with_people(self) -> Self:
        """Deals that nobody left out, but everybody they belong to: they come along when one of those does."""
        return self.left_out().filter(way=SyncProblem.IN, kind=CrmKind.DEALS, left_out_by=None)


class SyncProblem(models.Model):
    """One row that could not be taken or brought there, in the CRM's words. Solved when it goes through.

    One that came from the CRM may be left out: it is no longer tried by itself, and counts as no problem.
    """

    IN, OUT = "in", "out"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="problems")
    way = models.CharField(max_length=3, choices=[(IN, "From the CRM"), (OUT, "To the CRM")])
    kind = models.CharField(max_length=10, choices=CrmKind)
    external_id = models.CharField(max_length=150, blank=True)
    lead = models.ForeignKey(Lead, models.CASCADE, null=True, related_name="sync_problems")
    message = models.CharField(max_length=500)
    attempts = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(default=timezone.now)
    at = models.DateTimeField(default=timezone.now)
    retry_at = models.DateTimeField(null=True, help_text="None: not before somebody asks for it.")
    left_out_at = models.DateTimeField(null=True)
    left_out_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", help_text="None: it went with the people it belongs to."
    )

    objects = ProblemQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "way", "kind", "external_id", "lead"],
                                    nulls_distinct=False, name="problem_of_row_once"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.message
