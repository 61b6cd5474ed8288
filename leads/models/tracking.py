"""What the tracking protocol leaves behind beside events: visitors who wait, what was said of whom, and the stream."""

from typing import ClassVar, Self

from django.db import models
from django.utils import timezone

from leads.models.company import Company
from leads.models.event import EventKind
from leads.models.lead import Lead
from leads.models.source import Source


class VisitorEvent(models.Model):
    """What somebody did whom nobody knows yet. Append-only; moved to the lead's events once the visitor is known.

    The columns are those of Event, so that moving is one statement.
    """

    source = models.ForeignKey(Source, models.CASCADE, db_index=False)
    visitor = models.CharField(max_length=200, help_text="The anonymous id; mailto:… for an address no lead has.")
    kind = models.ForeignKey(EventKind, models.PROTECT, db_index=False)
    occurred_at = models.DateTimeField()
    day = models.IntegerField()
    received_at = models.DateTimeField()
    message_id = models.CharField(max_length=150)
    properties = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "message_id"], name="visit_counts_once")]
        indexes = [
            models.Index(fields=["source", "visitor"], name="visit_visitor"),
            models.Index(fields=["received_at"], name="visit_received"),
            models.Index(
                fields=["visitor"], condition=models.Q(visitor__startswith="mailto:"), name="visit_of_an_address"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.visitor} {self.occurred_at:%Y-%m-%d %H:%M}"


class Profile(models.Model):
    """What a source said of a lead or of a visitor nobody knows yet: {trait: [latest value, when it was said]}.

    A trait is put on the lead when its value is new and said later than the one before. So a repeated or late
    message changes nothing, order does not matter, and what a colleague corrected stays until the source has news.
    """

    stays_when_merged = True  # see leads/identity/belongings.py

    source = models.ForeignKey(Source, models.CASCADE)
    lead = models.ForeignKey(Lead, models.CASCADE, null=True, related_name="profiles")
    visitor = models.CharField(max_length=200, blank=True, help_text="The anonymous id, while there is no lead.")
    traits = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "lead"], name="one_profile_of_a_lead"),
            models.UniqueConstraint(
                fields=["source", "visitor"], condition=models.Q(lead=None), name="one_profile_of_a_visitor"
            ),
            models.CheckConstraint(condition=models.Q(lead=None) ^ models.Q(visitor=""), name="profile_of_one"),
        ]

    def __str__(self) -> str:
        return f"{self.source} of {self.visitor or self.lead_id}"


class CompanyIdentity(models.Model):
    """The id by which a source knows a company (the groupId of the protocol), and what it said of it, as in Profile."""

    source = models.ForeignKey(Source, models.CASCADE)
    company = models.ForeignKey(Company, models.CASCADE, related_name="identities")
    value = models.CharField(max_length=200)
    traits = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "company identities"
        constraints = [models.UniqueConstraint(fields=["source", "value"], name="group_of_one_company")]

    def __str__(self) -> str:
        return f"{self.source}: {self.value}"


class CallQuerySet(models.QuerySet["Call"]):
    def of(self, source: Source) -> Self:
        return self.filter(source=source).order_by("-pk")


class Call(models.Model):
    """One message of the tracking protocol as the event debugger shows it. Kept for days, never read by scoring.

    Every rejected message is here; of large batches only the first accepted ones.
    """

    stays_when_merged = True  # see leads/identity/belongings.py

    ACCEPTED, WAITING, DUPLICATE, REJECTED = "accepted", "waiting", "duplicate", "rejected"
    RESULTS: ClassVar = [
        (ACCEPTED, "Accepted"), (WAITING, "Waiting"), (DUPLICATE, "Duplicate"), (REJECTED, "Rejected"),
    ]  # fmt: skip

    source = models.ForeignKey(Source, models.CASCADE, db_index=False)
    received_at = models.DateTimeField(default=timezone.now)
    type = models.CharField(max_length=10)
    name = models.CharField(max_length=150)
    result = models.CharField(max_length=10, choices=RESULTS)
    reason = models.CharField(max_length=500, blank=True)
    occurred_at = models.DateTimeField(null=True)
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True)
    payload = models.TextField(help_text="As it came, cut where it is long.")

    objects = CallQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["source", "-id"], name="call_stream"),
            models.Index(fields=["received_at"], name="call_received"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.name}"


class SourceDay(models.Model):
    """How many messages of a source became what on a day, in a few slots so that senders do not wait for each other."""

    SLOTS: ClassVar = 8

    source = models.ForeignKey(Source, models.CASCADE, related_name="days", db_index=False)
    day = models.IntegerField(help_text="The day number (leads.models.event.day_number).")
    slot = models.SmallIntegerField()
    accepted = models.BigIntegerField(default=0)
    waiting = models.BigIntegerField(default=0)
    duplicate = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "day", "slot"], name="one_count_of_a_day")]

    def __str__(self) -> str:
        return f"{self.source} {self.day}"


class LeadForm(models.Model):
    """An address to which a plain HTML form may be sent: each one sent makes or finds a lead."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="forms")
    key = models.CharField(max_length=24, unique=True, editable=False)
    name = models.CharField(max_length=100, help_text="As it shows on the lead: Contact, Newsletter.")
    thanks_url = models.URLField(
        "thank-you page", max_length=500, blank=True,
        help_text="Where the sender goes then. Empty: a plain page of ours that says thank you.",
    )  # fmt: skip
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
