from typing import Self

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils import timezone

from leads import rollup
from leads.models.team import OwnedQuerySet, Team
from leads.search import search_vector


class CompanyQuerySet(OwnedQuerySet["Company"]):
    def with_rollup(self) -> Self:
        """With best_score, top3_score and engaged_people."""
        rollups = (rollup.best_score, rollup.top3_score, rollup.engaged_people)
        return self.annotate(**{count.__name__: count(models.F("pk")) for count in rollups})


class Company(models.Model):
    """Where leads work. Matched by domain, else by name, within a team."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="companies")
    name = models.CharField(max_length=200)
    domain = models.CharField(max_length=253, blank=True, help_text="Without www, as in northwind.example.")
    website = models.CharField(max_length=500, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    industry = models.CharField(max_length=100, blank=True)
    employees = models.PositiveIntegerField(null=True, blank=True)
    revenue = models.DecimalField("annual revenue", max_digits=16, decimal_places=2, null=True, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="Two letters, ISO 3166.")
    city = models.CharField(max_length=100, blank=True)
    fields = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    search = models.GeneratedField(
        expression=search_vector("name", "domain"), output_field=SearchVectorField(), db_persist=True
    )

    objects = CompanyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "companies"
        constraints = [
            models.UniqueConstraint(fields=["team", "domain"], condition=~models.Q(domain=""), name="company_domain"),
        ]
        indexes = [
            GinIndex(fields=["search"], name="company_search", fastupdate=False),
            models.Index(fields=["team", "name"], name="company_name"),
        ]

    def __str__(self) -> str:
        return self.name or self.domain
