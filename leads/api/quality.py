"""What is wrong with the data, and decisions about it."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.access import teams_with
from leads.api.errors import Conflict
from leads.api.inputs import Strict
from leads.api.lists import ReadViewSet
from leads.api.requests import Request
from leads.filters import TeamFilter
from leads.models import Cleanup, Problem, ProblemKind, Team
from leads.quality.cleaning import MOST, clean_up, undo
from leads.quality.overview import Overview, overview


class ProblemSerializer(serializers.ModelSerializer):
    """One of lead, company and deal is set. `suggestion`: {field: value} where we know better."""

    class Meta:
        model = Problem
        fields = ("id", "team", "kind", "lead", "company", "deal", "value", "suggestion", "found_at")


class ProblemFilters(filters.FilterSet):
    team = TeamFilter()
    kind = filters.ChoiceFilter(choices=ProblemKind.choices)
    value = filters.CharFilter(max_length=200)
    lead = filters.NumberFilter(field_name="lead_id", decimal_places=0)

    class Meta:
        model = Problem
        fields: tuple[str, ...] = ()


class ProblemViewSet(ReadViewSet):
    """Open problems, latest first."""

    queryset = Problem.objects.open()
    serializer_class = ProblemSerializer
    filterset_class = ProblemFilters
    ordering = "-id"


class CleanupSerializer(serializers.ModelSerializer):
    class Meta:
        model = Cleanup
        fields = ("id", "team", "act", "kind", "value", "count", "by", "at", "undone_at", "undone_by")


class CleanupInput(Strict, serializers.Serializer):
    """All open problems of a kind and value, or those of a kind with these ids."""

    kind = serializers.ChoiceField(choices=ProblemKind.choices)
    act = serializers.ChoiceField(choices=[Cleanup.APPLY, Cleanup.DISMISS])
    value = serializers.CharField(required=False, max_length=200)
    problems = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), required=False, max_length=MOST
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("value" in attrs) == ("problems" in attrs):
            raise serializers.ValidationError("Give either a value or problems.")
        return attrs


class CleanupViewSet(ReadViewSet):
    """Decisions about problems, latest first: put right or dismissed."""

    queryset = Cleanup.objects.all()
    serializer_class = CleanupSerializer
    permissions = {"GET": "leads.view_cleanup", "POST": "leads.change_problem"}
    ordering = "-id"

    @extend_schema(request=CleanupInput, responses={201: CleanupSerializer(many=True)})
    def create(self, request: Request) -> Response:
        """Put the suggestions in place, or dismiss: one decision for each of your teams that has such problems."""
        form = CleanupInput(data=request.data)
        form.is_valid(raise_exception=True)
        said = dict(form.validated_data)
        ids = said.pop("problems", None)
        teams = Team.objects.filter(pk__in=teams_with(request.user, "leads.change_problem"))
        done = [clean_up(team, by=request.user, ids=ids, **said) for team in teams]
        return Response(CleanupSerializer([each for each in done if each], many=True).data, status=201)

    @extend_schema(request=None, responses=CleanupSerializer)
    @action(detail=True, methods=["post"])
    def undoing(self, request: Request, pk: str) -> Response:
        """Take the decision back. 409 when that was done before."""
        found = self.get_object()
        if undo(found, by=request.user) is None:
            raise Conflict("This was undone before.")
        return Response(CleanupSerializer(self.get_object()).data)


class FieldFigures(serializers.Serializer):
    name = serializers.CharField()
    known = serializers.IntegerField()
    of = serializers.IntegerField()


class SourceFigures(serializers.Serializer):
    name = serializers.CharField()
    leads = serializers.IntegerField()
    percent = serializers.IntegerField()
    problems = serializers.IntegerField()


class QualitySerializer(serializers.Serializer):
    """`percent`: mean share of the expected fields that are known. `kinds`: {kind: open problems}."""

    leads = serializers.IntegerField()
    percent = serializers.IntegerField()
    problems = serializers.IntegerField()
    quarantined = serializers.IntegerField()
    kinds = serializers.SerializerMethodField()
    fields = FieldFigures(many=True)
    sources = SourceFigures(many=True)
    counted_at = serializers.DateTimeField(allow_null=True)

    def get_kinds(self, seen: Overview) -> dict[str, int]:
        return {kind: number for kind, _, number in seen.kinds}


class QualityView(APIView):
    """How good the data of your teams is, as the page of that name shows it."""

    request: Request
    permissions = {"GET": "leads.view_problem"}

    @extend_schema(responses=QualitySerializer)
    def get(self, request: Request) -> Response:
        return Response(QualitySerializer(overview(request.user)).data)
