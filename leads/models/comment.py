"""What marketing and sales say to each other."""

from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models.handoff import Handoff
from leads.models.lead import Lead


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible_to(self, user: Any) -> Self:
        """Who sees the lead or the handoff sees what is said about it; what is about no team is the company's."""
        if user.is_superuser:
            return self
        company = Q(lead=None, handoff=None) if user.team_ids else Q(pk__in=[])
        return self.filter(Q(lead__team__in=user.team_ids) | Q(handoff__team__in=user.team_ids) | company)


class Comment(models.Model):
    """One thing said about a lead, a handoff, or a topic of the company such as "criterion:12" (leads/talk.py)."""

    # So long what was said can be taken back or put otherwise.
    REGRET = timedelta(minutes=30)

    lead = models.ForeignKey(Lead, models.CASCADE, null=True, related_name="comments")
    handoff = models.ForeignKey(Handoff, models.CASCADE, null=True, related_name="comments")
    topic = models.CharField(max_length=60, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="comments")
    text = models.TextField()
    mentioned = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True, help_text="Its text is gone; that something was said stays.")
    earlier: Any = models.JSONField(default=list, help_text="What it said before: [[text, until when], …].")

    objects = CommentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lead__isnull=False, handoff=None, topic="")
                | Q(lead=None, handoff__isnull=False, topic="")
                | Q(lead=None, handoff=None) & ~Q(topic=""),
                name="comment_about_one_thing",
            )
        ]
        indexes = [models.Index(fields=["topic", "id"], condition=~Q(topic=""), name="comment_topic")]

    def __str__(self) -> str:
        return self.text[:60] or "Deleted"

    @property
    def team_id(self) -> int | None:
        """The team whose roles count for it; None for a topic of the company."""
        return self.lead.team_id if self.lead else self.handoff.team_id if self.handoff else None

    @property
    def regrettable(self) -> bool:
        return self.deleted_at is None and timezone.now() - self.created_at < self.REGRET
