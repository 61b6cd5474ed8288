"""What the other endpoints refer to: teams, sources, and the custom fields of leads and companies."""

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.response import Response

from leads.access import teams_with
from leads.api.errors import Conflict
from leads.api.inputs import Strict
from leads.api.permissions import needed
from leads.api.requests import Request
from leads.fieldorder import read_precedence
from leads.filters import TeamFilter
from leads.ingest.precedence import reorder
from leads.models import Field, Source, Team
from leads.uses import uses_of


class TeamSerializer(serializers.ModelSerializer):
    class Meta:
        model = Team
        fields = ("id", "name", "slug")


class SourceSerializer(serializers.ModelSerializer):
    class Meta:
        model = Source
        fields = ("id", "team", "name", "slug", "kind")


class FieldSerializer(serializers.ModelSerializer):
    choices = serializers.ListField(child=serializers.CharField(max_length=200), max_length=1000, required=False)
    precedence = serializers.ListField(
        child=serializers.CharField(max_length=100), max_length=50, required=False,
        help_text='Which source wins, strongest first: "kind:crm", "source:hubspot".',
    )  # fmt: skip

    class Meta:
        model = Field
        fields = ("id", "of", "key", "label", "type", "choices", "help", "precedence")

    def validate_precedence(self, value: list[str]) -> list[str]:
        try:
            return read_precedence(value)
        except ValueError as wrong:
            raise serializers.ValidationError(str(wrong)) from None


class FieldChange(Strict, FieldSerializer):
    """Key, type and what the field is of are fixed: values and criteria refer to them."""

    class Meta(FieldSerializer.Meta):
        fields = ("label", "choices", "help", "precedence")


class ReadViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Lists and reads rows the caller may see; others are not there."""

    request: Request
    lookup_value_regex = "[0-9]+"
    ordering = "id"

    def get_queryset(self) -> QuerySet:
        rows: Any = super().get_queryset()
        user, permission = self.request.user, needed(self, "GET")
        rows = rows.visible_to(user)
        if permission is None or not any(field.name == "team" for field in rows.model._meta.concrete_fields):
            return rows
        allowed = teams_with(user, permission)  # of several teams, those in which the role may read this
        return rows if user.is_superuser or set(allowed) == set(user.team_ids) else rows.filter(team_id__in=allowed)


class TeamViewSet(ReadViewSet):
    """The teams you are in."""

    queryset = Team.objects.all()
    serializer_class = TeamSerializer


class SourceFilters(filters.FilterSet):
    team = TeamFilter()

    class Meta:
        model = Source
        fields = ("kind", "slug")


class SourceViewSet(ReadViewSet):
    """Where facts come from."""

    queryset = Source.objects.all()
    serializer_class = SourceSerializer
    filterset_class = SourceFilters


class FieldFilters(filters.FilterSet):
    class Meta:
        model = Field
        fields = ("of", "key", "type")


class FieldViewSet(mixins.CreateModelMixin, ReadViewSet):
    """Custom fields. They belong to the company, not to a team. A key is fixed once it is made; a label is not."""

    queryset = Field.objects.all()
    serializer_class = FieldSerializer
    filterset_class = FieldFilters

    def get_queryset(self) -> QuerySet:
        return Field.objects.all()

    @extend_schema(request=FieldChange, responses=FieldSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Set the properties given. A new order of sources holds at once for what every source said last."""
        field = self.get_object()
        form = FieldChange(field, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        before = field.precedence
        saved = form.save()
        if saved.precedence != before:
            reorder(saved, by=request.user, origin="API")
        return Response(FieldSerializer(saved).data)

    def destroy(self, request: Request, pk: str) -> Response:
        """Take the field away. 409 with the list of uses while something asks for it."""
        field = self.get_object()
        if places := uses_of(field.term):
            raise Conflict(f"{field} is used by {', '.join(places[:20])}.")
        field.delete()
        return Response(status=204)
