"""A version on its way to being live: every lead is scored beside its present standing, then all switch at once."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models import Lead
from scoring.models.version import Version


class Publication(models.Model):
    """At most one runs at a time. Its pages are the progress: what is done stays done when a worker dies.

    It ends with the switch, or is abandoned: then the versions that were live stay so.
    """

    version = models.ForeignKey(Version, models.CASCADE, related_name="publications")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    leads = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0, help_text="Leads whose standing changed with the switch.")
    abandoned = models.BooleanField(default=False, help_text="It ended without a switch.")
    problem = models.TextField(blank=True, help_text="Why the version could not be scored.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(finished_at__isnull=True), name="one_publication_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.version} since {self.started_at:%Y-%m-%d %H:%M}"


class PublicationPage(models.Model):
    """A range of lead ids, both ends included."""

    publication = models.ForeignKey(Publication, models.CASCADE, related_name="pages")
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    leads = models.PositiveIntegerField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["first"]

    def __str__(self) -> str:
        return f"{self.first}–{self.last}"


class PublicationScore(models.Model):
    """Where a lead will stand after the switch. `rev` is the revision of the facts that were read.

    Written for every lead and gone minutes later, so the table is not logged: after a crash of the database server it
    is empty, and what is missing is scored before the switch like whatever came late.
    """

    stays_when_merged = True  # see leads/identity/belongings.py

    pk = models.CompositePrimaryKey("publication", "lead")
    publication = models.ForeignKey(
        Publication, models.CASCADE, related_name="scores", db_index=False, db_constraint=False
    )
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    rev = models.BigIntegerField()
    as_of = models.DateTimeField()
    version = models.IntegerField(null=True)
    fit = models.SmallIntegerField(null=True)
    engagement = models.SmallIntegerField(null=True)
    total = models.SmallIntegerField(null=True)
    grade = models.CharField(max_length=2, blank=True)
    label = models.CharField(max_length=12, blank=True)
    points = ArrayField(models.SmallIntegerField(), default=list)
    due_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.total}"
