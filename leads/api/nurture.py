"""Nurture lists and who is on them."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from leads.access import teams_with
from leads.api.inputs import Strict, VisibleRow, moved_errors
from leads.api.lists import ReadViewSet
from leads.enums import Label
from leads.filters import TeamFilter
from leads.models import Endpoint, Lead, NurtureList, NurtureMember, Segment, Team
from leads.selling import nurture

AT_ONCE = 500


class NurtureListSerializer(Strict, serializers.ModelSerializer):
    """`takes_rejected`: what sales sends back; one list of a team does. `segment`, `takes_labels`: who comes by itself.
    `endpoint`: the webhook that is told who enters and leaves."""

    team = VisibleRow(Team.objects)
    takes_labels = serializers.ListField(child=serializers.ChoiceField(Label.choices), required=False)
    segment = VisibleRow(Segment.objects, allow_null=True, required=False)
    endpoint = VisibleRow(Endpoint.objects, allow_null=True, required=False)

    class Meta:
        model = NurtureList
        fields = ("id", "team", "name", "takes_rejected", "takes_labels", "segment", "quiet_days", "endpoint",
                  "to_crm")  # fmt: skip
        validators: tuple[Any, ...] = ()  # the table's own words come from the row

    def validate_team(self, team: Team) -> Team:
        if self.instance is not None and team.pk != self.instance.team_id:
            raise serializers.ValidationError("The team of a list stays: its leads are of that team.")
        if team.pk not in teams_with(self.context["request"].user, "leads.change_nurturelist"):
            raise serializers.ValidationError(f"Your role in {team} does not allow this.")
        return team

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        team = attrs.get("team") or (self.instance and self.instance.team)
        if wrong := nurture.foreign(team, attrs.get("segment"), attrs.get("endpoint")):
            raise serializers.ValidationError(wrong)
        return attrs

    def save(self, **extra: Any) -> NurtureList:
        of = self.instance or NurtureList()
        for name, value in self.validated_data.items():
            setattr(of, name, value)
        with moved_errors():
            of.full_clean()
        of.save()
        self.instance = of
        return of


class NurtureMemberSerializer(serializers.ModelSerializer):
    class Meta:
        model = NurtureMember
        fields = ("id", "list", "lead", "reason", "since", "until", "left_at", "left_because")


class MembersInput(serializers.Serializer):
    leads = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), min_length=1, max_length=AT_ONCE
    )
    reason = serializers.CharField(max_length=200)
    until = serializers.DateField(required=False)


class Came(serializers.Serializer):
    came = serializers.IntegerField(help_text="How many were not on the list yet.")


class NurtureListFilters(filters.FilterSet):
    team = TeamFilter()

    class Meta:
        model = NurtureList
        fields: tuple[str, ...] = ()


class NurtureListViewSet(mixins.CreateModelMixin, mixins.UpdateModelMixin, mixins.DestroyModelMixin, ReadViewSet):
    """The nurture lists of your teams."""

    http_method_names = ("get", "head", "options", "post", "patch", "delete")

    queryset = NurtureList.objects.all()
    serializer_class = NurtureListSerializer
    filterset_class = NurtureListFilters
    permissions: dict[str, str] | None = None

    def perform_destroy(self, instance: NurtureList) -> None:
        """Whoever is on it is on it no more; whom the list tells is told."""
        nurture.give_up(instance, by=self.request.user)

    @extend_schema(request=MembersInput, responses={201: Came})
    @action(detail=True, methods=["post"], permissions={"POST": "leads.change_nurturelist"})
    def members(self, request: Request, pk: str) -> Response:
        """Put leads of the list's team on it, by hand. Who is on a list: nurture-members?list=."""
        of = self.get_object()
        given = MembersInput(data=request.data)
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(given.validated_data)
        ids = values.pop("leads")
        known = set(Lead.objects.filter(pk__in=ids, team=of.team_id).values_list("pk", flat=True))
        if unknown := sorted(set(ids) - known):
            raise serializers.ValidationError({"leads": [f"Not leads of the list's team: {unknown[:10]}."]})
        return Response({"came": nurture.nurture(of, ids, **values)}, status=201)


class NurtureMemberFilters(filters.FilterSet):
    list = filters.NumberFilter(field_name="list_id", decimal_places=0)
    lead = filters.NumberFilter(field_name="lead_id", decimal_places=0)
    present = filters.BooleanFilter(field_name="left_at", lookup_expr="isnull", label="On the list now.")

    class Meta:
        model = NurtureMember
        fields: tuple[str, ...] = ()


class NurtureMemberViewSet(ReadViewSet):
    """Who is or was on a nurture list, last first."""

    queryset = NurtureMember.objects.all()
    serializer_class = NurtureMemberSerializer
    filterset_class = NurtureMemberFilters
    ordering = "-id"
    permissions = {"GET": "leads.view_nurturelist"}
