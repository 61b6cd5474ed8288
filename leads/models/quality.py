"""What quality has looked at, has still to look at, and has taken out of the count."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models.event import Event
from leads.models.team import OwnedQuerySet, Team


class QuarantineRule(models.TextChoices):
    """Why an event does not count. The rules and their thresholds: leads/quality/scanners.py."""

    TRAP = "trap", "Opened a link that people do not see"
    AGENT = "agent", "A known robot or mail scanner"
    BURST = "burst", "Many links within seconds"
    INSTANT = "instant", "Clicked at the moment of delivery, nothing followed"
    HAND = "hand", "Taken out by hand"


class QuarantineQuerySet(models.QuerySet["Quarantine"]):
    def visible_to(self, user: Any) -> Self:
        return self if user.is_superuser else self.filter(event__lead__team_id__in=user.team_ids)

    def held(self) -> Self:
        return self.filter(released_at=None)


class Quarantine(models.Model):
    """An event was taken out of the count, and perhaps put back: never deleted, so that the past can be counted.

    `Event.quarantined` says the same of now. What a person released stays released, whatever the rules say.
    """

    event = models.ForeignKey(Event, models.CASCADE, related_name="quarantines")
    rule = models.CharField(max_length=10, choices=QuarantineRule)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    objects = QuarantineQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event"], condition=Q(released_at=None), name="one_quarantine_at_a_time")
        ]

    def __str__(self) -> str:
        return self.get_rule_display()


class Unchecked(models.Model):
    """Facts that quality has not looked at yet, written by triggers with the fact. Gone once looked at.

    `since`: the first day of the new events; None where no event came.
    """

    lead = models.BigIntegerField(null=True)
    company = models.BigIntegerField(null=True)
    since = models.IntegerField(null=True)

    class Meta:
        verbose_name_plural = "unchecked"

    def __str__(self) -> str:
        return f"lead {self.lead}" if self.lead else f"company {self.company}"


class ProblemKind(models.TextChoices):
    """What may be wrong with a lead, company or deal. Where it is read from: leads/quality/findings.py."""

    PHONE_COUNTRY = "phone_country", "Phone of another country"
    EMAIL_COMPANY = "email_company", "E-mail of another company"
    TITLE = "title", "Job title contradicts itself"
    TITLE_READING = "title_reading", "Job title reads otherwise"
    COUNTRY = "country", "Country is no country code"
    INDUSTRY = "industry", "Industry under another name"
    DEAL_DATES = "deal_dates", "Deal closed before it was opened"
    BOUNCED = "bounced", "E-mail does not arrive"
    STALE = "stale", "Nothing heard for a year"


class Cleanup(models.Model):
    """Problems were decided together: their suggestion put in place, or dismissed. Can be undone."""

    APPLY, DISMISS = "apply", "dismiss"

    team = models.ForeignKey(Team, models.CASCADE, related_name="cleanups")
    act = models.CharField(max_length=8, choices=[(APPLY, "Put right"), (DISMISS, "Dismissed")])
    kind = models.CharField(max_length=20, choices=ProblemKind)
    value = models.CharField(max_length=200, blank=True)
    count = models.IntegerField(default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.get_act_display()}: {self.get_kind_display()}"


class ProblemQuerySet(OwnedQuerySet["Problem"]):
    def open(self) -> Self:
        return self.filter(cleanup=None)


class Problem(models.Model):
    """Something wrong with a lead, company or deal, at most one of each kind; gone when it is no longer so.

    `value` is what is wrong, as a person reads it; problems of one kind and value are decided together. `suggestion` is
    {field: value} where we know better, `before` what stood there when it was put in place. A dismissed problem comes
    back only with another value.
    """

    stays_when_merged = True  # see leads/identity/belongings.py

    team = models.ForeignKey(Team, models.CASCADE, related_name="problems", db_index=False)
    kind = models.CharField(max_length=20, choices=ProblemKind)
    lead = models.ForeignKey("leads.Lead", models.CASCADE, null=True, related_name="problems")
    company = models.ForeignKey("leads.Company", models.CASCADE, null=True, related_name="problems")
    deal = models.ForeignKey("leads.Deal", models.CASCADE, null=True, related_name="problems")
    value = models.CharField(max_length=200)
    suggestion = models.JSONField(default=dict, blank=True)
    before = models.JSONField(default=dict, blank=True)
    found_at = models.DateTimeField(default=timezone.now)
    cleanup = models.ForeignKey(Cleanup, models.SET_NULL, null=True, related_name="problems")

    objects = ProblemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead", "kind"], name="problem_of_lead"),
            models.UniqueConstraint(fields=["company", "kind"], name="problem_of_company"),
            models.UniqueConstraint(fields=["deal", "kind"], name="problem_of_deal"),
        ]
        indexes = [models.Index("team", "kind", "value", "id", condition=Q(cleanup=None), name="problem_open")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.value}"

    @property
    def about(self) -> Any:
        return self.lead or self.company or self.deal


class QualityDay(models.Model):
    """The data of a team as it was at the end of a day, of all leads and of each source; the last one is of today.

    known: {field: leads that have it}; problems: {kind: open ones}. Only the last day has rows of single sources.
    """

    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    day = models.DateField()
    source = models.CharField(max_length=100, blank=True, help_text="Empty: all leads of the team.")
    leads = models.IntegerField(default=0)
    known = models.JSONField(default=dict)
    problems = models.JSONField(default=dict)
    quarantined = models.IntegerField(default=0)
    counted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "day", "source"], name="quality_day")]

    def __str__(self) -> str:
        return f"{self.team}, {self.day}"
