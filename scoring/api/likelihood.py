"""What became of past leads like this one, and what that rests on."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from leads.api.errors import Conflict
from leads.models import Standing
from scoring.likelihood import likelihood
from scoring.models import Calibration


class CalibrationSerializer(serializers.ModelSerializer):
    """`figures`: rates as [k, n] by label, by fifth of the score and by both ("hot 3"); two numbers that turn a score
    into a probability, 1 / (1 + exp(−(constant + slope · total))); `error`: how far that was off on newer leads.
    """

    number = serializers.IntegerField(source="version.number")
    figures = serializers.SerializerMethodField()

    class Meta:
        model = Calibration
        fields = ("version", "number", "counted_at", "question", "missing", "figures")

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_figures(self, row: Calibration) -> Any:
        return row.figures


class CalibrationView(GenericAPIView):
    queryset = Calibration.objects.all()
    serializer_class = CalibrationSerializer
    permissions = {"GET": "scoring.view_scoringmodel"}

    def get(self, request: Request, pk: str) -> Response:
        """What became of past leads by label and score of the live version. 404 until it is counted."""
        rows = Calibration.objects.filter(version__model=int(pk), version__state="live", counted_at__isnull=False)
        return Response(CalibrationSerializer(get_object_or_404(rows.select_related("version"))).data)


class LikelihoodSerializer(serializers.Serializer):
    """`share` of past leads like this one (`like` says how) became customers: k of n. `missing`: why not said."""

    like = serializers.CharField()
    k = serializers.IntegerField(source="rate.k")
    n = serializers.IntegerField(source="rate.n")
    share = serializers.FloatField(source="rate.share", allow_null=True)
    low = serializers.FloatField(source="interval.low", default=None)
    high = serializers.FloatField(source="interval.high", default=None)
    promised = serializers.FloatField(allow_null=True)
    within = serializers.IntegerField()
    missing = serializers.CharField()


class LikelihoodView(GenericAPIView):
    queryset = Standing.objects.all()
    serializer_class = LikelihoodSerializer
    permissions = {"GET": "leads.view_standing"}

    def get(self, request: Request, pk: str) -> Response:
        """What became of past leads like this one. 409: it has no score, or the version is not calibrated yet."""
        row = get_object_or_404(Standing.objects.visible_to(request.user), pk=int(pk))
        said = likelihood(row)
        if said is None:
            raise Conflict("The lead has no score, or its version is not calibrated yet.")
        return Response(LikelihoodSerializer(said).data)
