"""What came of each lead, counted beforehand (docs/decisions/0033-figures-are-counted-beforehand.md).

reports/summaries/ alone writes here. No row has a foreign key that the database checks: a lead that is deleted leaves
its row until the next count, which needs it to take the lead out of the sums.
"""

from django.db import models

from leads.enums import Label
from leads.models import Team
from leads.models.team import OwnedQuerySet


class Chosen(models.TextChoices):
    """Who chose that a lead goes to sales first: its score, by a rule of the model, a person whatever its score, or
    nobody, where the control sample drew it.
    """

    NOBODY = "", "Never handed off"
    SCORE = "score", "By its score"
    PERSON = "person", "By a person"
    LOT = "lot", "By lot"


class By(models.TextChoices):
    """What leads are tallied by, beside team, source and version: which of their facts is the key of a tally."""

    CHOSEN = "chosen"
    LABEL = "label"
    CAMPAIGN = "campaign"
    GRADE = "grade"
    TOTAL = "total"

    def days(self, *, sourced: bool) -> str:
        """What the tallies of days are called; `sourced`: of each source, else of all together."""
        return f"{'' if sourced else 'all:'}day:{self}"

    def months(self, *, sourced: bool) -> str:
        """What those of whole months are called."""
        return f"{'' if sourced else 'all:'}month:{self}"

    @property
    def ways(self) -> list[bool]:
        """Whether its tallies are `sourced`: both, but that campaigns are always asked of with their source."""
        return [True] if self == By.CAMPAIGN else [True, False]


class _Counted(models.Model):
    """What a report may be narrowed to, and what is counted. A fact counts one lead, a tally counts many."""

    team = models.ForeignKey(Team, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    source = models.CharField(max_length=100)
    day = models.DateField(help_text="On which the lead was created, in the zone of the installation.")
    version = models.IntegerField(help_text="By which the label was given; 0: not scored then.")

    leads = models.IntegerField()
    good = models.IntegerField(help_text="Hot or Warm.")
    mql = models.IntegerField(help_text="Handed off.")
    sal = models.IntegerField(help_text="Accepted after a handoff.")
    sql = models.IntegerField(help_text="Accepted, with a deal.")
    won_sql = models.IntegerField(help_text="Accepted, with a won deal.")
    open_sql = models.IntegerField(help_text="Accepted, with an open deal and none won.")
    customers = models.IntegerField(help_text="With a won deal, however they got there.")
    in_time = models.IntegerField(help_text="Customers within 90 days.")
    priced = models.IntegerField(help_text="Won deals with an amount.")
    value = models.DecimalField(max_digits=18, decimal_places=2, help_text="Sum of the amounts of won deals.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True


_NARROWED = ("team", "source", "version")


class Fact(_Counted):
    """One lead: where it came from, what it was worth when it mattered, and when it came how far.

    `label`, `grade` and `total` are those of the first handoff; without one those of day 30. Before that the label is
    today's, and grade and total are not known yet. `settles_at`: when day 30 comes.
    """

    lead_id = models.BigIntegerField(primary_key=True)
    label = models.CharField(max_length=12, choices=Label)
    chosen = models.CharField(max_length=6, choices=Chosen)
    campaign = models.CharField(max_length=100, default="", db_default="")
    created_at = models.DateTimeField()
    grade = models.CharField(max_length=2)
    total = models.SmallIntegerField(null=True)
    settles_at = models.DateTimeField(null=True)
    handed_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True, help_text="Its first deal.")
    won_at = models.DateTimeField(null=True, help_text="Its first won deal with a day.")
    took = models.FloatField(null=True, help_text="Days from its creation to that.")

    class Meta:
        indexes = [
            models.Index(fields=["day", "team"], name="fact_day"),
            models.Index(fields=["created_at", "lead_id"], name="fact_newest"),
            # those who came further are few, and reports read of them no more than this
            models.Index(
                fields=["day"], condition=models.Q(customers=1), name="fact_won",
                include=["lead_id", *_NARROWED, "label", "chosen", "grade", "settles_at", "took", "value"],
            ),
            models.Index(
                fields=["day"], condition=models.Q(mql=1), name="fact_handed_off",
                include=["lead_id", *_NARROWED, "sal", "sql", "won_sql", "open_sql", "created_at", "handed_at",
                         "accepted_at", "opened_at", "won_at"],
            ),
            models.Index(fields=["settles_at"], condition=models.Q(settles_at__isnull=False), name="fact_settles"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Lead {self.lead_id}, {self.day}"


class Tally(_Counted):
    """The leads of a day, or of a whole month, that are alike, added up. It is the sum over their facts, always.

    Each lead counts once in each way of `by`, by its `key`, and once more where all sources are taken together, as most
    questions do: these tallies are few, and have no source. Grades and totals count once they are settled; of one
    source totals are tallied by month only, since of a day hardly two leads have the same.
    """

    of = models.CharField(
        max_length=16,
        help_text="day:label, month:label, all:month:label (all sources), …: `day` is that day, or the first of the "
        "month.",
    )
    key = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["of", "day", "team", "source", "version", "key"], name="tally_of_those_alike"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day}, {self.source}, {self.of} {self.key}: {self.leads}"


class Change(models.Model):
    """Something happened to a lead that its fact does not know yet. Written by triggers, deleted with the count."""

    lead_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"Lead {self.lead_id}"


class Counting(models.Model):
    """The one row that says how far the summaries are. `as_of`: everything committed before is in them; None: never.

    While all is counted anew: first every lead up to `anew_lead`, then the tallies of the months before `anew_month`.
    """

    as_of = models.DateTimeField(null=True)
    zone = models.CharField(max_length=50, help_text="In which days begin.")
    anew_lead = models.BigIntegerField(null=True)
    anew_month = models.DateField(null=True)

    def __str__(self) -> str:
        return f"{self.as_of}"
