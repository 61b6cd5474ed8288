"""Where facts come from, and the keys that let a source write."""

import secrets
from typing import Any

from django.db import models
from django.utils.text import slugify

from leads.enums import SourceKind
from leads.models.team import OwnedQuerySet, Team, digest


class SourceQuerySet(OwnedQuerySet["Source"]):
    def named(self, team: Team, name: str, kind: str) -> "Source":
        """The team's source of that name, made when it is not there yet."""
        slug = slugify(name)[:50] or "source"
        return self.get_or_create(team=team, slug=slug, defaults={"name": name[:100], "kind": kind})[0]


class Source(models.Model):
    """A website, mail provider, CRM, file or program that sends facts. Every fact keeps its source."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="sources")
    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=50)
    kind = models.CharField(max_length=10, choices=SourceKind)
    mapping = models.JSONField(
        default=dict, blank=True, editable=False,
        help_text="{trait: field or null}, where it differs from leads/ingest/tracking/traits.py.",
    )  # fmt: skip

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["team", "slug"], name="source_slug_in_team")]

    def __str__(self) -> str:
        return self.name


class WriteKeyQuerySet(models.QuerySet["WriteKey"]):
    def valid(self, secret: str) -> "WriteKey | None":
        """The key with its source; None when it is not known or was revoked."""
        if not secret.isascii():
            return None
        return self.filter(digest=digest(secret), revoked_at=None).select_related("source").first()


class WriteKey(models.Model):
    """Lets a website or program send facts to one source, and nothing else. Only the hash is kept."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="write_keys")
    hint = models.CharField(max_length=8, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = WriteKeyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.source} …{self.hint}"

    @property
    def team_id(self) -> int:
        return self.source.team_id

    @classmethod
    def issue(cls, source: Source, **extra: Any) -> tuple["WriteKey", str]:
        """A new key and its secret, which is never shown again."""
        secret = f"lsw_{secrets.token_urlsafe(24)}"
        return cls.objects.create(source=source, hint=secret[-4:], digest=digest(secret), **extra), secret
