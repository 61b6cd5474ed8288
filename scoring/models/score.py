from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models

from leads.enums import Label
from leads.models import Lead, Standing
from scoring.models.publication import Publication
from scoring.models.scoring_model import ScoringModel
from scoring.models.version import Version


class Numbers(models.Model):
    """What a version gives a lead at a moment."""

    as_of = models.DateTimeField()
    fit = models.SmallIntegerField()
    engagement = models.SmallIntegerField()
    total = models.SmallIntegerField()
    grade = models.CharField(max_length=2)
    label = models.CharField(max_length=12, choices=Label)
    points = ArrayField(models.SmallIntegerField(), default=list)

    class Meta:
        abstract = True

    def standing_by(self, version: int, standing: Standing, as_of: datetime | None = None) -> Standing:
        """Where the lead would stand by this version alone: now, or as it did at `as_of`."""
        names = ("fit", "engagement", "total", "grade", "label", "points")
        numbers = {name: getattr(self, name) for name in names}
        return Standing(lead=standing.lead, version=version, as_of=as_of or standing.as_of, **numbers)


class Score(Numbers):
    """What another live model says of a lead, beside the one that decides its standing (scoring/engine/others.py).

    There is a row for every live model whose audience the lead belongs to, except the first. `as_of` is when these
    numbers were first counted; they still hold when the standing was counted.
    """

    stays_when_merged = True  # see leads/identity/belongings.py

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="scores", db_index=False, db_constraint=False)
    model = models.ForeignKey(ScoringModel, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    version = models.ForeignKey(Version, models.CASCADE, related_name="+", db_index=False, db_constraint=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lead", "model"], name="one_score_of_a_model")]

    def __str__(self) -> str:
        return f"{self.total} {self.grade} {self.label}"


class PublicationOther(Numbers):
    """A row of Score as it will be after the switch of the publication."""

    stays_when_merged = True  # see leads/identity/belongings.py

    publication = models.ForeignKey(
        Publication, models.CASCADE, related_name="others", db_index=False, db_constraint=False
    )
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    version = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["publication", "lead", "version"], name="one_other_score")]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.total}"
