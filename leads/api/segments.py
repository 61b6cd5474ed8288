"""Saved conditions."""

from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.response import Response

from leads import segments
from leads.access import teams_with
from leads.api.errors import Conflict
from leads.api.inputs import Strict, VisibleRow
from leads.api.lists import ReadViewSet
from leads.conditions.formfields import validate_over_standing
from leads.conditions.vocabulary import Vocabulary
from leads.models import Segment, Team


@extend_schema_field({"type": "object", "description": 'docs/conditions.md: {"field": …}, {"all": […]}, …'})
class ConditionValue(serializers.JSONField):
    """A condition over facts and standing."""

    default_validators = [validate_over_standing]


class SegmentSerializer(Strict, serializers.ModelSerializer):
    """`team` null: for all teams. `sentence` says the condition in words. The leads inside: `leads?segment=<id>`."""

    team = VisibleRow(Team.objects, allow_null=True, default=None)
    condition = ConditionValue()
    sentence = serializers.SerializerMethodField()
    uses = serializers.SerializerMethodField(help_text="Who needs it; while somebody does it cannot be deleted.")

    class Meta:
        model = Segment
        fields = ("id", "name", "team", "condition", "sentence", "uses", "created_at")

    def get_sentence(self, segment: Segment) -> str:
        return segments.sentence(segment, self.vocabulary)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary.load()

    def get_uses(self, segment: Segment) -> list[str]:
        return self.used[segment.pk]

    @cached_property
    def used(self) -> dict[int, list[str]]:
        """Of the whole page at once, where it is one of many."""
        rows = getattr(self.parent, "instance", None) or [self.instance]
        return segments.uses_of_segments(rows)

    def validate_team(self, team: Team | None) -> Team | None:
        if team and team.pk not in teams_with(self.context["request"].user, "leads.change_segment"):
            raise serializers.ValidationError(f"Your role in {team} does not allow this.")
        return team


class SegmentViewSet(mixins.CreateModelMixin, mixins.UpdateModelMixin, mixins.DestroyModelMixin, ReadViewSet):
    """Saved conditions of the company and of your teams."""

    queryset = Segment.objects.all()
    serializer_class = SegmentSerializer
    filterset_fields = ("name",)
    orderings = {"name": "name", "id": "pk"}
    http_method_names = ("get", "head", "options", "post", "patch", "delete")

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = segments.save(Segment(created_by=self.request.user, **serializer.validated_data))

    def perform_update(self, serializer: Any) -> None:
        for name, value in serializer.validated_data.items():
            setattr(serializer.instance, name, value)
        segments.save(serializer.instance)

    def destroy(self, request: Any, *args: Any, **extra: Any) -> Response:
        """Refused with 409 while somebody needs it."""
        try:
            segments.delete(self.get_object())
        except ValidationError as error:
            raise Conflict(error.messages[0]) from None
        return Response(status=204)
