"""Who they are."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils import timezone

from leads.enums import Seniority, Stage
from leads.models.company import Company
from leads.models.source import Source
from leads.models.team import OwnedQuerySet, Team
from leads.search import search_query, search_vector


class LeadQuerySet(OwnedQuerySet["Lead"]):
    def matching(self, term: str) -> Self:
        """Leads whose name, e-mail, title or company has words beginning with the words of the term."""
        query = search_query(term)
        if query is None:
            return self
        of_company = Lead.objects.filter(company__in=Company.objects.filter(search=query))
        return self.filter(pk__in=Lead.objects.filter(search=query).values("pk").union(of_company.values("pk")))


class _LiveLeads(models.Manager.from_queryset(LeadQuerySet)):  # type: ignore[misc]
    """Leads as everybody means them: without those that were merged into another (0028 in decisions)."""

    def get_queryset(self) -> LeadQuerySet:
        return super().get_queryset().filter(merged_into=None)


class Lead(models.Model):
    """A person who may buy. A new or changed lead is due for scoring: the database sees to it (0013 in decisions).

    A lead that was merged into another keeps its row, for its history and for whoever still has its id, and nothing
    else: it has no standing, and `objects` does not have it.
    """

    team = models.ForeignKey(Team, models.PROTECT, related_name="leads", db_index=False)
    company = models.ForeignKey(Company, models.SET_NULL, null=True, blank=True, related_name="leads", db_index=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="owned_leads",
        db_index=False,
    )
    email = models.EmailField("e-mail", blank=True)
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    title = models.CharField("job title", max_length=200, blank=True)
    seniority = models.CharField(max_length=10, choices=Seniority, blank=True, help_text="Read from the job title.")
    department = models.CharField(max_length=30, blank=True, help_text="Read from the job title.")
    phone = models.CharField(max_length=40, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="Two letters, ISO 3166.")
    city = models.CharField(max_length=100, blank=True)
    website = models.CharField(max_length=500, blank=True)
    source = models.CharField(max_length=100, blank=True, help_text="The channel this lead came from.")
    campaign = models.CharField(
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text="What of the channel brought it first. It stays.",
    )
    stage = models.CharField(max_length=12, choices=Stage, default=Stage.NEW)
    resting_until = models.DateField(null=True, blank=True, editable=False)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True, db_default=[])
    fields = models.JSONField("custom fields", default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    merged_into = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, editable=False, related_name="merged", db_index=False
    )
    search = models.GeneratedField(
        expression=search_vector("first_name", "last_name", "email", "title"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = _LiveLeads()
    with_merged = LeadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "email"], condition=~models.Q(email="") & models.Q(merged_into=None), name="lead_email"
            ),
        ]
        indexes = [
            GinIndex(fields=["search"], name="lead_search", fastupdate=False),
            models.Index(fields=["company"], name="lead_company"),
            # What lists are narrowed to beside the score. With the id, leads are counted in the index alone.
            models.Index(fields=["team", "country", "source", "stage"], include=["id"], name="lead_team_country"),
            models.Index(fields=["team", "source", "stage"], include=["id"], name="lead_team_source"),
            models.Index(
                fields=["team", "campaign", "stage"],
                include=["id"],
                condition=~models.Q(campaign=""),
                name="lead_team_campaign",
            ),
            models.Index(fields=["team", "stage"], include=["id"], name="lead_team_stage"),
            models.Index(fields=["owner", "team", "stage"], include=["id"], name="lead_owner"),
            models.Index(fields=["created_at"], name="lead_created"),
            models.Index(fields=["merged_into"], condition=models.Q(merged_into__isnull=False), name="lead_merged"),
            models.Index(
                fields=["team", "email"], condition=models.Q(merged_into__isnull=False), name="lead_merged_email"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """First and last name, else what is known: the e-mail address, else the number."""
        return f"{self.first_name} {self.last_name}".strip() or self.email or f"Lead {self.pk}"


class LeadIdentity(models.Model):
    """A key by which a source knows a lead: a CRM id, a column of a file, a user id, an anonymous id."""

    EXTERNAL, USER, ANONYMOUS = "external", "user", "anonymous"

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="identities")
    source = models.ForeignKey(Source, models.CASCADE)
    kind = models.CharField(max_length=10, choices=[(EXTERNAL, "Id"), (USER, "User id"), (ANONYMOUS, "Anonymous id")])
    value = models.CharField(max_length=200)
    # As of an event: the merged lead whose key this is, while it is another's.
    came_by = models.BigIntegerField(null=True, editable=False)

    class Meta:
        verbose_name_plural = "lead identities"
        constraints = [models.UniqueConstraint(fields=["source", "kind", "value"], name="identity_of_one_lead")]

    def __str__(self) -> str:
        return f"{self.source}: {self.value}"
