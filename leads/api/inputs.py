"""What serializers of input share; which team and source a record that comes in belongs to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from rest_framework import serializers

from leads.access import teams_with
from leads.enums import SourceKind
from leads.models import Source, Team, User
from leads.requests import whole


class Strict:
    """Refuses names it does not take, so that a misspelt one is not silently dropped."""

    def to_internal_value(self, data: Any) -> Any:
        wrong = self._unknown(data) if isinstance(data, dict) else {}
        try:
            values = super().to_internal_value(data)  # type: ignore[misc]
        except serializers.ValidationError as error:
            raise serializers.ValidationError({**error.detail, **wrong}) from None  # type: ignore[dict-item]
        if wrong:
            raise serializers.ValidationError(wrong)
        return values

    def _unknown(self, data: dict[str, Any]) -> dict[str, list[str]]:
        taken = self.fields  # type: ignore[attr-defined]
        return {name: [f"Cannot be set. What can: {', '.join(taken)}."] for name in sorted(set(data) - set(taken))}


class Read(serializers.CharField):
    """Text that a reader of leads/ingest/normalise puts into the one spelling we keep."""

    def __init__(self, reader: Callable[[str], str], **extra: Any):
        super().__init__(**extra)
        self.reader = reader

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            return self.reader(text) if text else ""
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None


class VisibleRow(serializers.PrimaryKeyRelatedField):
    """A row the caller may see, by id."""

    def __init__(self, rows: Any, **extra: Any):
        super().__init__(queryset=rows.none(), **extra)
        self.rows = rows

    def get_queryset(self) -> QuerySet:
        return self.rows.visible_to(self.context["request"].user)


class Colleague(VisibleRow):
    """Somebody of the caller's teams, by id."""

    def __init__(self, **extra: Any):
        super().__init__(User.objects, **extra)


@contextmanager
def moved_errors() -> Iterator[None]:
    """A ValidationError of a verb becomes one of the serializer."""
    try:
        yield
    except DjangoValidationError as error:
        raise serializers.ValidationError(serializers.as_serializer_error(error)) from None


def team_of(user: User, given: Any, permission: str) -> Team:
    """The team named by id or slug, else the only one in which the caller may. Raises ValidationError."""
    teams, allowed = Team.objects.visible_to(user), teams_with(user, permission)
    if given in (None, ""):
        if len(allowed) == 1:
            return teams.get(pk=allowed[0])
        raise serializers.ValidationError({"team": ["You are in several teams: say which, by id or slug."]})
    text = str(given)
    by = {"pk": whole(text)} if whole(text) else {"slug": text}
    team = teams.filter(**by).first()
    if team is None:
        raise serializers.ValidationError({"team": [f"You are in no team {text[:60]!r}. GET teams lists yours."]})
    if team.pk not in allowed:
        raise serializers.ValidationError({"team": [f"Your role in {team} does not allow this."]})
    return team


def source_of(team: Team, given: Any) -> Source:
    """The team's source of that name; "API" where none is given. Made when it is not there yet."""
    name = str(given or "API").strip()[:100]
    return Source.objects.named(team, name or "API", SourceKind.API)
