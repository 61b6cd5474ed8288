"""What came of leads: deals, open, won or lost."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from leads import ingest
from leads.api.inputs import Colleague, Read, Strict, VisibleRow, source_of, team_of
from leads.api.leads import CompanyInput, check_owner
from leads.api.lists import ReadViewSet
from leads.api.requests import Request
from leads.enums import DealState, ImportPolicy
from leads.filters import SourceFilter, TeamFilter
from leads.ingest.normalise import addresses
from leads.ingest.records import DealRecord, Result
from leads.models import Deal, Lead, Source, Team, User


class DealSerializer(serializers.ModelSerializer):
    source = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = Deal
        fields = (
            "id", "external_id", "source", "team", "lead", "company", "owner", "name", "pipeline", "stage", "state",
            "amount", "lost_reason", "opened_at", "closed_at", "known_at", "fields",
        )  # fmt: skip


class DealChange(Strict, serializers.ModelSerializer):
    """What is not given stays as it is. Without `state` the words of the stage decide: "Closed won" is won."""

    lead = VisibleRow(Lead.objects, required=False)
    owner = Colleague(required=False)
    email = Read(addresses.email, required=False, max_length=300, help_text="Of the lead; made when it is not known.")
    company = CompanyInput(required=False)
    name = serializers.CharField(required=False, max_length=200)
    state = serializers.ChoiceField(DealState.choices, required=False)
    amount = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0, required=False)
    opened_at = serializers.DateTimeField(required=False)
    closed_at = serializers.DateTimeField(required=False)

    class Meta:
        model = Deal
        fields: tuple[str, ...] = (
            "lead", "email", "company", "owner", "name", "pipeline", "stage", "state", "amount", "lost_reason",
            "opened_at", "closed_at",
        )  # fmt: skip
        validators: tuple[Any, ...] = ()


class DealInput(DealChange):
    """A deal, known by external_id within its source."""

    external_id = serializers.CharField(max_length=150)
    team = serializers.CharField(required=False, help_text="Id or slug. Needed when you are in several teams.")
    source = serializers.CharField(required=False, max_length=100, help_text="The name of the channel. Default: API.")

    class Meta(DealChange.Meta):
        fields = ("external_id", "team", "source", *DealChange.Meta.fields)


class DealFilters(filters.FilterSet):
    lead = filters.NumberFilter(field_name="lead_id", decimal_places=0)
    company = filters.NumberFilter(field_name="company_id", decimal_places=0)
    state = filters.ChoiceFilter(choices=DealState)
    team = TeamFilter()
    source = SourceFilter()

    class Meta:
        model = Deal
        fields = ("external_id",)


class DealViewSet(ReadViewSet):
    """Deals, last made first."""

    queryset = Deal.objects.select_related("source")
    serializer_class = DealSerializer
    filterset_class = DealFilters
    ordering = "-id"

    @extend_schema(request=DealInput, responses={201: DealSerializer, 200: DealSerializer})
    def create(self, request: Request) -> Response:
        """Tell us about a deal. 201: made. 200: known by external_id, and brought up to date.

        An open deal makes its lead an opportunity, a won one a customer.
        """
        form = DealInput(data=request.data, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        team = _team(request.user, values)
        source = source_of(team, values.pop("source", ""))
        outcome = _put(source, values.pop("external_id"), values, by=request.user)
        return self._answer(outcome.pk, 201 if outcome.result == Result.CREATED else 200)

    @extend_schema(request=DealChange, responses=DealSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Set the fields given, and only those."""
        deal = self.get_object()
        form = DealChange(data=request.data, partial=True, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        _put(deal.source, deal.external_id, dict(form.validated_data), by=request.user)
        return self._answer(deal.pk, 200)

    def _answer(self, pk: int | None, status: int) -> Response:
        return Response(DealSerializer(self.get_queryset().get(pk=pk)).data, status=status)


def _team(user: User, values: dict[str, Any]) -> Team:
    """The team that is named, else the one of the lead, else the only one."""
    named, lead = values.pop("team", ""), values.get("lead")
    return team_of(user, named or (lead.team_id if lead else ""), "leads.add_deal")


def _put(source: Source, external_id: str, values: dict[str, Any], *, by: User) -> Any:
    lead: Lead | None = values.pop("lead", None)
    if lead and lead.team_id != source.team_id:
        raise serializers.ValidationError({"lead": [f"This lead is not in team {source.team}."]})
    check_owner(values.get("owner"), source.team)
    record = DealRecord(
        external_id=external_id,
        lead=lead.pk if lead else None,
        email=values.pop("email", ""),
        company=values.pop("company", {}),
        values=values,
    )
    return ingest.upsert_deals(source, [record], policy=ImportPolicy.FILE_WINS, by=by)[0]
