"""A file on its way in: what it is, how its columns are read, how far it got, and what could not be read."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from leads.enums import ImportKind, ImportPolicy, ImportState
from leads.models.source import Source
from leads.models.team import OwnedQuerySet, Team

UNDONE_WORDS = {
    "lead": "lead leads", "company": "company companies", "deal": "deal deals", "event": "activity activities",
    "leadidentity": "id ids",
}  # fmt: skip


class Import(models.Model):
    """created + updated + unchanged + rejected = processed, after every page; at the end processed = rows."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="imports")
    source = models.ForeignKey(Source, models.PROTECT)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    file = models.FileField(upload_to="imports/%Y/%m/", max_length=200)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=ImportKind)
    policy = models.CharField(max_length=10, choices=ImportPolicy, default=ImportPolicy.FILL)
    encoding = models.CharField(max_length=20)
    delimiter = models.CharField(max_length=1, blank=True)
    header = models.BooleanField(default=True, help_text="Off: the first row holds data already.")
    columns = models.JSONField(default=list, help_text="The header of the file, in order.")
    mapping = models.JSONField(default=dict, help_text="{column: field or null}; see leads/ingest/columns.py.")
    facts = models.JSONField(default=dict, help_text="{column: what was seen in it}; see leads/ingest/survey.py.")
    trial = models.JSONField(default=dict, help_text="What a trial run of the present mapping found.")
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.UPLOADED)
    read_percent = models.PositiveSmallIntegerField(default=0, help_text="How much of a large workbook is read.")
    rows = models.PositiveIntegerField(default=0)
    processed = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    in_part = models.PositiveIntegerField(default=0, help_text="Rows taken without a value that could not be read.")
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True, help_text="Until then a worker has it; after that it may be resumed.")

    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    undo_asked_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undo_counts = models.JSONField(default=dict, help_text="{what: how many went or were put back}")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def words(self) -> str:
        """How the file is written: semicolons, UTF-8."""
        signs = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
        encoding = self.encoding.upper().replace("-SIG", "").replace("XLSX", "Excel")
        return f"{signs[self.delimiter]}, {encoding}" if self.delimiter else encoding

    @property
    def pace(self) -> str:
        """How much is done, and how long the rest takes at the pace so far."""
        if not (self.processed and self.rows and self.started_at):
            return ""
        left = (timezone.now() - self.started_at).total_seconds() / self.processed * (self.rows - self.processed)
        rest = f"{left / 60:.0f} min" if left >= 90 else f"{left:.0f} s"
        return f"{self.processed * 100 // self.rows}%, about {rest} left"

    @property
    def kept_until(self) -> datetime:
        """Until then the file is here, and the import can be undone (leads/ingest/retention.py)."""
        return self.created_at + timedelta(days=30)

    @property
    def undo_words(self) -> str:
        """What an undo did: "3,862 leads and 12 companies went, 40 fields were put back"."""
        found = [(words.split(), self.undo_counts.get(what, 0)) for what, words in UNDONE_WORDS.items()]
        gone = [f"{count:,} {words[count != 1]}" for words, count in found if count]
        back = self.undo_counts.get("change", 0)
        parts = [f"{', '.join(gone)} went"] * bool(gone) + [
            f"{back:,} field{'s were' if back != 1 else ' was'} put back"
        ] * bool(back)
        return f"{'; '.join(parts)}." if parts else "Nothing could be taken back."

    @property
    def undo_total(self) -> int:
        return self.traces.count()

    @property
    def undo_done(self) -> int:
        return self.traces.filter(undone=True).count()


class ImportTrace(models.Model):
    """Rows that one page of an import made, or changes it caused, by id: what an undo goes by. Kept like the file."""

    EVENT, DEAL, CHANGE, IDENTITY, LEAD, COMPANY = "event", "deal", "change", "leadidentity", "lead", "company"

    job = models.ForeignKey(Import, models.CASCADE, related_name="traces")
    what = models.CharField(max_length=12)
    rows = ArrayField(models.BigIntegerField())
    undone = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{len(self.rows)} × {self.what}"


class ImportKept(models.Model):
    """What the undo of an import left as it is, and why."""

    job = models.ForeignKey(Import, models.CASCADE, related_name="kept")
    what = models.CharField(max_length=12)
    row = models.BigIntegerField()
    name = models.CharField(max_length=200)
    field = models.CharField(max_length=80, blank=True)
    why = models.CharField(max_length=300)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.name}: {self.why}"


class ImportProblem(models.Model):
    """One cell or row that could not be taken as it is, where it stands, and what to do."""

    REJECTED, IN_PART = "rejected", "in_part"

    job = models.ForeignKey(Import, models.CASCADE, related_name="problems")
    line = models.PositiveIntegerField(help_text="Line in the file, the header being line 1.")
    column = models.CharField(max_length=150, blank=True)
    value = models.CharField(max_length=200, blank=True)
    outcome = models.CharField(max_length=10, choices=[(REJECTED, "Skipped"), (IN_PART, "Imported in part")])
    message = models.CharField(max_length=300)
    row = models.JSONField(default=list, help_text="The cells of the line as they came.")

    class Meta:
        ordering = ["line", "pk"]

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: {self.message}"
