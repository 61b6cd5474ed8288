"""What still has to go out, and every attempt to bring it there (leads/outgoing: outbox, delivery)."""

from typing import Any, Self

from django.db import models
from django.utils import timezone

from leads.models.team import Team


class Lane(models.Model):
    """What fails together: one endpoint, the mail server. One effect at a time goes along a lane.

    `free_at` is when the next may: after the lease of the one under way, or when a lane that failed is tried again.
    """

    name = models.CharField(max_length=60, primary_key=True)
    free_at = models.DateTimeField(default=timezone.now)
    failures = models.PositiveIntegerField(default=0, help_text="In a row, since something last arrived.")

    class Meta:
        indexes = [models.Index(fields=["free_at"], name="lane_free")]

    def __str__(self) -> str:
        return self.name


class EffectQuerySet(models.QuerySet["Effect"]):
    def visible_to(self, user: Any) -> Self:
        """Those of the user's teams, and those of no team: mails to people."""
        mine = models.Q(team_id__in=user.team_ids) | models.Q(team=None)
        return self if user.is_superuser else self.filter(mine)

    def waiting(self) -> Self:
        return self.filter(state=Effect.WAITING)

    def dead(self) -> Self:
        return self.filter(state=Effect.DEAD)


class Effect(models.Model):
    """Something that must happen outside: a mail, a webhook, a message to Slack. Written with its cause.

    `attempts` is raised before each attempt and tells whose attempt it is: who finishes late, after the lease went to
    somebody else, writes nothing.
    """

    WAITING, DONE, DEAD = "waiting", "done", "dead"
    STATES = ((WAITING, "Waiting"), (DONE, "Delivered"), (DEAD, "Given up"))

    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=200, help_text="The same effect has the same key: it is written once.")
    team = models.ForeignKey(Team, models.CASCADE, null=True, db_index=False)
    lane = models.CharField(max_length=60)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now, help_text="Not before; while under way, the end of the lease.")
    state = models.CharField(max_length=10, choices=STATES, default=WAITING)
    attempts = models.PositiveIntegerField(default=0)
    begun_at = models.DateTimeField(null=True, help_text="When the attempt under way began.")
    deaths = models.PositiveIntegerField(default=0, help_text="Attempts that ended with their worker.")
    ended_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)

    objects = EffectQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="effect_once")]
        indexes = [
            models.Index(fields=["lane", "due_at"], name="effect_due", condition=models.Q(state="waiting")),
            models.Index(fields=["created_at"], name="effect_backlog", condition=models.Q(state="waiting")),
            models.Index(fields=["lane", "-id"], name="effect_log"),
            models.Index(fields=["-id"], name="effect_dead", condition=models.Q(state="dead")),
            models.Index(fields=["ended_at"], name="effect_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def subject(self) -> str:
        """What it is about, in a few words."""
        return str(self.payload.get("type") or self.payload.get("text") or self.payload.get("template", ""))


class Attempt(models.Model):
    """One try to bring an effect out, as the delivery log shows it."""

    effect = models.ForeignKey(Effect, models.CASCADE, related_name="tries")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField(default=0)
    ok = models.BooleanField()
    status = models.PositiveIntegerField(null=True, help_text="Of HTTP, where it came to an answer.")
    text = models.CharField(max_length=500, blank=True, help_text="What went wrong, or the beginning of the answer.")

    class Meta:
        ordering = ["number", "pk"]

    def __str__(self) -> str:
        return f"{self.effect_id}, attempt {self.number}"
