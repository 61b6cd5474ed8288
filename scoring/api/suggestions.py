"""Suggestions for drafts, and what somebody does about one."""

from typing import Any

import django_filters as filters
from django.core.exceptions import ValidationError as DjangoValidationError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from leads.api.errors import Conflict
from leads.api.inputs import Strict
from leads.wake import wake
from scoring.models import ScoringModel, Suggestion, SuggestionCount, SuggestionState
from scoring.suggestions import counting
from scoring.suggestions.deciding import adopt, bring_back, dismiss
from scoring.tasks import count_suggestions

VIEW, CHANGE = "scoring.view_suggestion", "scoring.change_suggestion"


class SuggestionSerializer(serializers.ModelSerializer):
    """`edit`: what changes in the draft, `before`: what must stand there until then. `evidence`: [k, n] of those it is
    about (`with`) and of the others (`without`), the interval of the difference, the gain of AUC, Hot leads before and
    after, reasons of sales.
    """

    edit = serializers.SerializerMethodField()
    before = serializers.SerializerMethodField()
    evidence = serializers.SerializerMethodField()

    class Meta:
        model = Suggestion
        fields = (
            "id", "model", "kind", "criterion", "name", "words", "edit", "before", "evidence", "state", "found_at",
            "decided_at", "decided_by",
        )  # fmt: skip

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_edit(self, row: Suggestion) -> Any:
        return row.edit

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_before(self, row: Suggestion) -> Any:
        return row.before

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_evidence(self, row: Suggestion) -> Any:
        return row.evidence


class SuggestionFilters(filters.FilterSet):
    model = filters.NumberFilter(field_name="model_id", decimal_places=0, label="Only those for this model.")
    state = filters.ChoiceFilter(choices=SuggestionState.choices, label="open unless said.")

    class Meta:
        model = Suggestion
        fields: tuple[str, ...] = ()


class SuggestionsView(ListAPIView):
    """What past leads and sales speak for."""

    queryset = Suggestion.objects.all()
    serializer_class = SuggestionSerializer
    filterset_class = SuggestionFilters
    permissions = {"GET": VIEW}
    ordering = "-strength"

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        return rows if self.request.query_params.get("state") else rows.filter(state=SuggestionState.OPEN)


class SuggestionCountInput(Strict, serializers.Serializer):
    model = serializers.SlugField()


class SuggestionCountSerializer(serializers.ModelSerializer):
    """`due_at` in the past: a worker is about to weigh it. `figures`: cases, comparisons made, reasons by criterion."""

    figures = serializers.SerializerMethodField()

    class Meta:
        model = SuggestionCount
        fields = ("model", "due_at", "counted_at", "problem", "figures")

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_figures(self, row: SuggestionCount) -> Any:
        return row.figures


class CountsView(GenericAPIView):
    queryset = SuggestionCount.objects.all()
    serializer_class = SuggestionCountSerializer
    pagination_class = None
    permissions = {"GET": VIEW, "POST": CHANGE}

    @extend_schema(responses=SuggestionCountSerializer(many=True))
    def get(self, request: Request) -> Response:
        """When the evidence was weighed last, by model."""
        return Response(SuggestionCountSerializer(SuggestionCount.objects.order_by("model")[:200], many=True).data)

    @extend_schema(request=SuggestionCountInput, responses={202: SuggestionCountSerializer})
    def post(self, request: Request) -> Response:
        """Weigh the evidence for a model's draft now."""
        given = SuggestionCountInput(data=request.data)
        given.is_valid(raise_exception=True)
        row = counting.ask(get_object_or_404(ScoringModel, slug=given.validated_data["model"]))
        wake(count_suggestions)
        return Response(SuggestionCountSerializer(row).data, status=202)


class SuggestionView(GenericAPIView):
    queryset = Suggestion.objects.all()
    serializer_class = SuggestionSerializer
    permissions = {"GET": VIEW}

    def get(self, request: Request, pk: str) -> Response:
        return Response(SuggestionSerializer(get_object_or_404(Suggestion, pk=int(pk))).data)


class AdoptionView(GenericAPIView):
    queryset = Suggestion.objects.all()
    serializer_class = SuggestionSerializer
    permissions = {"POST": CHANGE}

    @extend_schema(request=None, responses=SuggestionSerializer)
    def post(self, request: Request, pk: str) -> Response:
        """Put the edit into the draft. 409: decided already, or the criterion has changed since."""
        return _decided(lambda: adopt(get_object_or_404(Suggestion, pk=int(pk)), by=request.user))


class DismissalView(GenericAPIView):
    queryset = Suggestion.objects.all()
    serializer_class = SuggestionSerializer
    permissions = {"POST": CHANGE, "DELETE": CHANGE}

    @extend_schema(request=None, responses=SuggestionSerializer)
    def post(self, request: Request, pk: str) -> Response:
        """Keep it away until the evidence changes."""
        return _decided(lambda: dismiss(get_object_or_404(Suggestion, pk=int(pk)), by=request.user))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: str) -> Response:
        """Show it again."""
        bring_back(get_object_or_404(Suggestion, pk=int(pk)))
        return Response(status=204)


def _decided(verb: Any) -> Response:
    try:
        return Response(SuggestionSerializer(verb()).data)
    except DjangoValidationError as error:
        raise Conflict(" ".join(error.messages)) from None
