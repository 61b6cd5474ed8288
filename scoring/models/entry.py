from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from leads.enums import Cause, Label
from leads.models import Lead
from scoring.models.version import Version


class Entry(models.Model):
    """One change of a lead's standing. Per lead `seq` runs 1, 2, 3… and each `before` is the previous entry's after.

    version is None where the lead left every audience; then the numbers after are None.

    Rows are only written for standings held at that moment, so no foreign key is checked row by row: the check would
    lock every lead of a rescore. Deleting a lead takes its entries along all the same.
    """

    stays_when_merged = True  # see leads/identity/belongings.py

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="entries", db_index=False, db_constraint=False)
    seq = models.IntegerField()
    cause = models.CharField(max_length=10, choices=Cause)
    version = models.ForeignKey(Version, models.PROTECT, null=True, db_index=False, db_constraint=False)
    as_of = models.DateTimeField()
    recorded_at = models.DateTimeField()
    total_before = models.SmallIntegerField(null=True)
    grade_before = models.CharField(max_length=2, blank=True)
    label_before = models.CharField(max_length=12, blank=True)
    fit = models.SmallIntegerField(null=True)
    engagement = models.SmallIntegerField(null=True)
    total = models.SmallIntegerField(null=True)
    grade = models.CharField(max_length=2, blank=True)
    label = models.CharField(max_length=12, choices=Label, blank=True)
    automatic_label = models.CharField(max_length=12, choices=Label, null=True)
    points = ArrayField(models.SmallIntegerField(), default=list)

    class Meta:
        ordering = ["-seq"]
        verbose_name_plural = "entries"
        constraints = [models.UniqueConstraint(fields=["lead", "seq"], name="entry_in_order")]
        # lines lie in the order in which they were recorded
        indexes = [
            BrinIndex(fields=["recorded_at"], name="entry_recorded", autosummarize=True),
            models.Index(fields=["lead", "recorded_at"], condition=Q(label=Label.HOT), name="entry_hot"),
        ]

    def __str__(self) -> str:
        return f"{self.total_before} → {self.total} ({self.get_cause_display()})"
