"""Leads that may be one, and those that became one."""

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from leads import identity
from leads.api.errors import Conflict
from leads.api.inputs import Strict, VisibleRow
from leads.api.lists import ReadViewSet
from leads.api.requests import Request
from leads.enums import PairState
from leads.filters import TeamFilter
from leads.identity import finding
from leads.identity.merging import FIELDS
from leads.identity.pairs import RIGHT, better_first, dismiss, merges_of, pairs_of, reopen
from leads.models import DuplicatePair, Lead, Merge

AT_ONCE = 200


class PairSerializer(serializers.ModelSerializer):
    """Two leads that look alike. `confidence` and the weights of `evidence` are percent; minus speaks against it."""

    evidence = serializers.ListField(child=serializers.ListField())
    survivor = serializers.SerializerMethodField(help_text="Which of the two would survive.")

    class Meta:
        model = DuplicatePair
        fields = (
            "id", "team", "low", "high", "survivor", "confidence", "evidence", "state", "found_at", "decided_at",
            "decided_by",
        )  # fmt: skip

    def get_survivor(self, pair: DuplicatePair) -> int:
        return better_first(pair)[0].pk


class MergeSerializer(serializers.ModelSerializer):
    """`merged` is part of `survivor` since `at`, until `undone_at`. `by` null: by the team's rule."""

    evidence = serializers.ListField(child=serializers.ListField())

    class Meta:
        model = Merge
        fields = (
            "id", "team", "survivor", "merged", "at", "by", "confidence", "evidence", "undone_at", "undone_by",
        )  # fmt: skip


class PairInput(Strict, serializers.Serializer):
    """Without a survivor the one that is shown. `take`: fields whose value comes from the other lead."""

    survivor = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    take = serializers.ListField(child=serializers.ChoiceField(choices=FIELDS), required=False, max_length=len(FIELDS))


class MergeInput(Strict, serializers.Serializer):
    survivor = VisibleRow(Lead.objects)
    merged = VisibleRow(Lead.objects)
    take = serializers.ListField(child=serializers.ChoiceField(choices=FIELDS), required=False, max_length=len(FIELDS))


class BulkInput(Strict, serializers.Serializer):
    confidence = serializers.IntegerField(min_value=finding.SHOWN_FROM, max_value=100, help_text="From here on.")


class BulkOutcome(serializers.Serializer):
    merged = serializers.IntegerField()
    left = serializers.IntegerField()


class PairFilters(filters.FilterSet):
    team = TeamFilter()
    confidence = filters.NumberFilter(field_name="confidence", lookup_expr="gte", decimal_places=0)
    lead = filters.NumberFilter(method="of_lead", decimal_places=0)

    class Meta:
        model = DuplicatePair
        fields = ("state",)

    def of_lead(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        return queryset.filter(low=value) | queryset.filter(high=value)


class DuplicateViewSet(ReadViewSet):
    """Pairs of leads that look alike, the surest first. `confidence=90` lists those from 90 % on."""

    queryset = DuplicatePair.objects.all()
    permissions = {"GET": RIGHT, "POST": RIGHT, "DELETE": RIGHT}
    serializer_class = PairSerializer
    filterset_class = PairFilters
    ordering = "-confidence"

    def get_queryset(self) -> QuerySet:
        return pairs_of(self.request.user).select_related("low", "high")

    @extend_schema(request=PairInput, responses={201: MergeSerializer})
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        """Make the two one. 409 when one of them was merged before."""
        pair = self.get_object()
        given = PairInput(data=request.data)
        given.is_valid(raise_exception=True)
        survivor, other = better_first(pair)
        wanted = given.validated_data.get("survivor", survivor.pk)
        if wanted not in (survivor.pk, other.pk):
            raise serializers.ValidationError({"survivor": [f"One of the two: {survivor.pk} or {other.pk}."]})
        if wanted == other.pk:
            survivor, other = other, survivor
        return _merged(survivor, other, request, take=given.validated_data.get("take", ()), pair=pair)

    @extend_schema(request=None, responses=PairSerializer)
    @action(detail=True, methods=["post", "delete"])
    def dismissal(self, request: Request, pk: str) -> Response:
        """POST: they are not the same, for ever. DELETE: to be decided again."""
        verb = reopen if request.method == "DELETE" else dismiss
        return Response(PairSerializer(verb(self.get_object(), by=request.user)).data)

    @extend_schema(request=BulkInput, responses=BulkOutcome)
    @action(detail=False, methods=["post"])
    def merges(self, request: Request) -> Response:
        """Merge the open pairs from a confidence on, 200 at most at once; `left` says how many wait."""
        given = BulkInput(data=request.data)
        given.is_valid(raise_exception=True)
        sure = self.get_queryset().filter(state=PairState.OPEN, confidence__gte=given.validated_data["confidence"])
        done = finding.merge_pairs(list(sure.order_by("-confidence", "pk")[:AT_ONCE]), by=request.user)
        return Response({"merged": done, "left": sure.count()})


class MergeFilters(filters.FilterSet):
    team = TeamFilter()
    survivor = filters.NumberFilter(field_name="survivor_id", decimal_places=0)
    merged = filters.NumberFilter(field_name="merged_id", decimal_places=0)

    class Meta:
        model = Merge
        fields: tuple[str, ...] = ()


class MergeViewSet(ReadViewSet):
    """Merges, the last first."""

    queryset = Merge.objects.all()
    permissions = {"GET": RIGHT, "POST": RIGHT}
    serializer_class = MergeSerializer
    filterset_class = MergeFilters
    ordering = "-id"

    def get_queryset(self) -> QuerySet:
        return merges_of(self.request.user)

    @extend_schema(request=MergeInput, responses={201: MergeSerializer})
    def create(self, request: Request) -> Response:
        """Make two leads one, found as a pair or not. 409 says why it cannot be."""
        given = MergeInput(data=request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        survivor, merged = given.validated_data["survivor"], given.validated_data["merged"]
        for lead in (survivor, merged):
            if not request.user.has_perm(RIGHT, lead):
                raise serializers.ValidationError([f"Your role in {lead.team} does not allow this."])
        return _merged(survivor, merged, request, take=given.validated_data.get("take", ()))

    @extend_schema(request=None, responses=MergeSerializer)
    @action(detail=True, methods=["post"])
    def undoing(self, request: Request, pk: str) -> Response:
        """Part the two again. 409 when that was done before."""
        try:
            return Response(MergeSerializer(identity.unmerge(self.get_object(), by=request.user)).data)
        except identity.CannotMerge as error:
            raise Conflict(str(error)) from None


def _merged(survivor: Lead, other: Lead, request: Request, **extra: Any) -> Response:
    try:
        return Response(MergeSerializer(identity.merge(survivor, other, by=request.user, **extra)).data, status=201)
    except identity.CannotMerge as error:
        raise Conflict(str(error)) from None
