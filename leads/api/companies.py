"""Where leads work."""

from typing import Any

import django_filters as filters
from django.db import IntegrityError
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from leads import customfields
from leads.api.errors import Conflict
from leads.api.inputs import Read, Strict, moved_errors
from leads.api.lists import ReadViewSet
from leads.api.requests import Request
from leads.editing import edit_company
from leads.filters import CountryFilter, TeamFilter
from leads.ingest.normalise import addresses
from leads.ingest.normalise.countries import country
from leads.ingest.normalise.industries import industry
from leads.models import Company, Field
from leads.search import search_query


class CompanySerializer(serializers.ModelSerializer):
    """`best_score`, `top3_score` (the sum of three) and `engaged_people` follow from the people who work there."""

    best_score = serializers.IntegerField(allow_null=True, read_only=True)
    top3_score = serializers.IntegerField(allow_null=True, read_only=True)
    engaged_people = serializers.IntegerField(read_only=True)

    class Meta:
        model = Company
        fields = (
            "id", "team", "name", "domain", "website", "phone", "industry", "employees", "revenue", "country", "city",
            "fields", "best_score", "top3_score", "engaged_people", "created_at",
        )  # fmt: skip


class CompanyFilters(filters.FilterSet):
    q = filters.CharFilter(method="search", max_length=200, label="Words of the name or domain.")
    domain = filters.CharFilter(lookup_expr="iexact")
    country = CountryFilter(max_length=100)
    team = TeamFilter()

    class Meta:
        model = Company
        fields = ("industry",)

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        query = search_query(value)
        return queryset.filter(search=query) if query else queryset


class CompanyChange(Strict, serializers.ModelSerializer):
    """`fields` holds values of custom fields by key; null takes one away."""

    country = Read(country, required=False, allow_blank=True, max_length=100, help_text="Two letters, or the name.")
    industry = Read(industry, required=False, allow_blank=True, max_length=100)
    fields = serializers.DictField(required=False)

    class Meta:
        model = Company
        fields = (
            "name", "domain", "website", "phone", "industry", "employees", "revenue", "country", "city", "fields",
        )  # fmt: skip
        validators: tuple[Any, ...] = ()

    def validate_domain(self, value: str) -> str:
        if value and not addresses.domain(value):
            raise serializers.ValidationError("Give a domain such as northwind.example.")
        return addresses.domain(value)

    def validate_fields(self, value: dict[str, Any]) -> dict[str, Any]:
        with moved_errors():
            return customfields.checked(Field.COMPANY, value)


class CompanyViewSet(ReadViewSet):
    """Companies of your teams, by id. Leads bring theirs along: see POST leads."""

    queryset = Company.objects.with_rollup()
    serializer_class = CompanySerializer
    filterset_class = CompanyFilters

    @extend_schema(request=CompanyChange, responses=CompanySerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Set the fields given, and only those."""
        company = self.get_object()
        form = CompanyChange(company, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        try:
            edit_company(company, form.validated_data, by=request.user, origin="API")
        except IntegrityError:
            raise Conflict("Another company of the team has this domain.") from None
        return Response(CompanySerializer(self.get_object()).data)
