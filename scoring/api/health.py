"""How a live model fares, and that somebody has looked at it."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from scoring.findings import findings, last_review
from scoring.models import Health, Review
from scoring.reviews import review


class FindingSerializer(serializers.Serializer):
    """`tone`: bad, warn or info. `url`: where to act, a page."""

    kind = serializers.CharField()
    tone = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()
    url = serializers.CharField()


class HealthSerializer(serializers.ModelSerializer):
    """`figures`: weeks (leads by label), entering (of labels handed to sales, per week), capacity, drift, outcomes and
    silent criteria; pairs are [k, n].
    """

    number = serializers.IntegerField(source="version.number")
    findings = serializers.SerializerMethodField()
    figures = serializers.SerializerMethodField()

    class Meta:
        model = Health
        fields = ("version", "number", "as_of", "findings", "figures")

    @extend_schema_field(FindingSerializer(many=True))
    def get_findings(self, health: Health) -> list[dict[str, Any]]:
        return [asdict(finding) for finding in findings(health, last_review(health.version)[0])]

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_figures(self, health: Health) -> Any:
        return health.figures


class ReviewSerializer(serializers.ModelSerializer):
    class Meta:
        model = Review
        fields = ("id", "by", "at", "note")
        read_only_fields = ("by", "at")


class HealthActions:
    """Mixed into the models of the API."""

    @extend_schema(responses=HealthSerializer)
    @action(detail=True, permissions={"GET": "scoring.view_scoringmodel"})
    def health(self: Any, request: Request, pk: str) -> Response:
        """How the live version fares, as counted last. 404 until it is live and counted, some minutes later."""
        kept = Health.objects.filter(model=self.get_object(), version__state="live").select_related("version")
        return Response(HealthSerializer(get_object_or_404(kept)).data)

    @extend_schema(methods=["GET"], responses=ReviewSerializer(many=True))
    @extend_schema(methods=["POST"], request=ReviewSerializer, responses={201: ReviewSerializer})
    @action(
        detail=True, methods=["get", "post"],
        permissions={"GET": "scoring.view_scoringmodel", "POST": "scoring.change_scoringmodel"}, pagination_class=None,
    )  # fmt: skip
    def reviews(self: Any, request: Request, pk: str) -> Response:
        """GET: the last hundred. POST: say that the live model was looked at and still holds."""
        model = self.get_object()
        if request.method == "GET":
            return Response(ReviewSerializer(model.reviews.all()[:100], many=True).data)
        given = ReviewSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        made = review(model, by=request.user, **given.validated_data)
        return Response(ReviewSerializer(made).data, status=201)
