"""People who may buy."""

from typing import Any

from django.db import IntegrityError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from leads import customfields, ingest
from leads.api.connection_shapes import SyncEntrySerializer
from leads.api.errors import Conflict
from leads.api.filtering import refuse_others
from leads.api.inputs import Colleague, Read, Strict, moved_errors, source_of, team_of
from leads.api.lists import ReadViewSet
from leads.api.requests import Request
from leads.crm.history import entries_of, told
from leads.editing import edit_lead
from leads.enums import ImportPolicy
from leads.filters import LeadFilters
from leads.ingest.normalise import addresses
from leads.ingest.normalise.countries import country
from leads.ingest.normalise.industries import industry
from leads.ingest.normalise.phones import phone
from leads.ingest.records import LeadRecord, Result
from leads.models import Company, Field, Lead, Standing, Team, User

ORIGIN = "API"


class CompanyOfLead(serializers.ModelSerializer):
    class Meta:
        model = Company
        fields = ("id", "name", "domain", "industry", "employees", "country")


class StandingOfLead(serializers.ModelSerializer):
    """All null while the lead is not scored, which is not the same as 0.

    `automatic_label` is what the score says while a person has set the label, else null.
    """

    class Meta:
        model = Standing
        fields = ("fit", "engagement", "total", "grade", "label", "automatic_label", "version", "as_of")


class LeadSerializer(serializers.ModelSerializer):
    company = CompanyOfLead(allow_null=True)
    standing = StandingOfLead()

    class Meta:
        model = Lead
        fields = (
            "id", "email", "first_name", "last_name", "title", "seniority", "department", "phone", "country", "city",
            "website", "source", "campaign", "company", "team", "owner", "stage", "tags", "fields", "standing",
            "created_at",
        )  # fmt: skip
        read_only_fields = fields


class CompanyInput(Strict, serializers.ModelSerializer):
    """The employer: found by domain, then by name, else made."""

    country = Read(country, required=False, allow_blank=True, max_length=100, help_text="Two letters, or the name.")
    industry = Read(industry, required=False, allow_blank=True, max_length=100)

    class Meta:
        model = Company
        fields = ("name", "domain", "website", "phone", "industry", "employees", "revenue", "country", "city")
        extra_kwargs = {"name": {"required": False}}


class LeadChange(Strict, serializers.ModelSerializer):
    """`fields` holds values of custom fields by key; null takes one away."""

    email = Read(addresses.email, required=False, allow_blank=True, max_length=300)
    phone = Read(phone, required=False, allow_blank=True, max_length=60)
    country = Read(country, required=False, allow_blank=True, max_length=100, help_text="Two letters, or the name.")
    owner = Colleague(required=False, allow_null=True)
    company = CompanyInput(required=False, allow_null=True)
    tags = serializers.ListField(child=serializers.CharField(max_length=40), max_length=50, required=False)
    fields = serializers.DictField(required=False)

    class Meta:
        model = Lead
        fields: tuple[str, ...] = (
            "email", "first_name", "last_name", "title", "phone", "country", "city", "website", "source", "campaign",
            "owner", "tags", "company", "fields",
        )  # fmt: skip
        validators: tuple[Any, ...] = ()

    def validate_fields(self, value: dict[str, Any]) -> dict[str, Any]:
        with moved_errors():
            return customfields.checked(Field.LEAD, value)


class LeadInput(LeadChange):
    """A person, found by external_id or e-mail address, else made."""

    team = serializers.CharField(required=False, help_text="Id or slug. Needed when you are in several teams.")
    external_id = serializers.CharField(required=False, max_length=200, help_text="Your own id of this person.")

    class Meta(LeadChange.Meta):
        fields = (*LeadChange.Meta.fields, "team", "external_id")


class LeadViewSet(ReadViewSet):
    """Leads, highest score first; those that are not scored come last.

    The rows are standings, which is what lists of leads are filtered and ordered by.
    """

    queryset = Standing.objects.select_related("lead__company")
    permissions = {"GET": "leads.view_lead", "POST": "leads.add_lead", "PATCH": "leads.change_lead"}
    serializer_class = LeadSerializer
    filterset_class = LeadFilters
    lookup_url_kwarg = "id"
    orderings = {"-total": "-total", "total": "total", "-id": "-pk", "id": "pk"}

    def list(self, request: Any, *args: Any, **extra: Any) -> Response:
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(LeadSerializer([row.lead for row in rows or []], many=True).data)

    def retrieve(self, request: Any, *args: Any, **extra: Any) -> Response:
        return Response(LeadSerializer(self.get_lead()).data)

    @extend_schema(request=LeadInput, responses={201: LeadSerializer, 200: LeadSerializer})
    def create(self, request: Request) -> Response:
        """Tell us about a person. 201: made. 200: known by external_id or e-mail, and brought up to date."""
        form = LeadInput(data=request.data, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        team = team_of(request.user, values.pop("team", ""), "leads.add_lead")
        check_owner(values.get("owner"), team)
        record = _record(values)
        source = source_of(team, "")
        outcome = ingest.upsert_leads(source, [record], policy=ImportPolicy.FILE_WINS, by=request.user)[0]
        if outcome.rejected:
            raise serializers.ValidationError([outcome.reason])
        body = {**LeadSerializer(self.get_lead(outcome.pk)).data}
        if outcome.notes:
            body["notes"] = [f"{name}: {note}" for name, note in outcome.notes]
        return Response(body, status=201 if outcome.result == Result.CREATED else 200)

    @extend_schema(request=LeadChange, responses=LeadSerializer)
    def partial_update(self, request: Request, id: str) -> Response:
        """Set the fields given, and only those. Empty text and null empty a field."""
        lead = self.get_lead()
        form = LeadChange(lead, data=request.data, partial=True, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        company = values.pop("company", {}) or {} if "company" in values else None
        check_owner(values.get("owner"), lead.team)
        try:
            edit_lead(lead, values, company=company, by=request.user, origin=ORIGIN)
        except IntegrityError:
            raise Conflict(f"Another lead of the team has the address {values.get('email')}.") from None
        return Response(LeadSerializer(self.get_lead()).data)

    @extend_schema(responses=SyncEntrySerializer(many=True))
    @action(
        detail=True, methods=["get"], url_path="sync-history", url_name="sync-history", filter_backends=[],
        ordering="-id", orderings=None,
    )  # fmt: skip
    def sync_history(self, request: Request, id: str) -> Response:
        """What syncs with the CRM did with the lead, newest first."""
        refuse_others(request, self)
        rows = self.paginate_queryset(entries_of(self.get_lead(), request.user)) or []
        told(rows)
        return self.get_paginated_response(SyncEntrySerializer(rows, many=True).data)

    def get_lead(self, pk: Any = None) -> Lead:
        lead = get_object_or_404(self.get_queryset(), pk=pk or self.kwargs["id"]).lead
        self.check_object_permissions(self.request, lead)
        return lead


def check_owner(owner: User | None, team: Team) -> None:
    if owner and not owner.memberships.filter(team=team).exists():
        raise serializers.ValidationError({"owner": [f"This person is not in team {team}."]})


def _record(values: dict[str, Any]) -> LeadRecord:
    external_id = values.pop("external_id", "")
    company = values.pop("company", None) or {}
    custom = {f"fields.{key}": value for key, value in values.pop("fields", {}).items()}
    return LeadRecord({**values, **custom}, company, (external_id,) if external_id else ())
