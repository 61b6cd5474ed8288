"""Nurture lists and who is on them."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from leads.api.lists import ReadViewSet
from leads.filters import TeamFilter
from leads.models import Lead, NurtureList, NurtureMember
from leads.selling.nurture import nurture

AT_ONCE = 500


class NurtureListSerializer(serializers.ModelSerializer):
    takes_labels = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = NurtureList
        fields = ("id", "team", "name", "takes_rejected", "takes_labels", "segment", "quiet_days", "endpoint")


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


class NurtureListViewSet(ReadViewSet):
    """The nurture lists of your teams."""

    queryset = NurtureList.objects.all()
    serializer_class = NurtureListSerializer
    filterset_class = NurtureListFilters
    permissions: dict[str, str] | None = None

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
        return Response({"came": nurture(of, ids, **values)}, status=201)


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
