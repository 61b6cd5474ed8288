"""The control sample for programs: its shares, what the model misses, and the leads that were drawn."""

from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from leads.access import teams_with
from leads.api.inputs import Strict, moved_errors
from leads.models import Team
from scoring.control.draw import set_share
from scoring.control.estimate import Missed, estimate
from scoring.models import ControlCase, ControlSample

SEE, SET = "scoring.view_controlsample", "scoring.set_controlsample"


class ShareSerializer(Strict, serializers.Serializer):
    """`team` is a slug; null: every team without a share of its own."""

    team = serializers.SlugRelatedField(slug_field="slug", queryset=Team.objects.none(), allow_null=True, default=None)
    percent = serializers.FloatField(min_value=0, max_value=10)
    after_days = serializers.IntegerField(min_value=0, max_value=365, default=7)
    excluded = serializers.BooleanField(default=True)

    def __init__(self, *args: Any, **extra: Any) -> None:
        super().__init__(*args, **extra)
        if request := self.context.get("request"):
            self.fields["team"].queryset = Team.objects.visible_to(request.user)  # type: ignore[attr-defined]


class MissedSerializer(serializers.Serializer):
    """`label` empty: all together. `share` is weighed; null under 30 cases, and so are `missed` and its ends."""

    label = serializers.CharField()
    reached = serializers.IntegerField()
    drawn = serializers.IntegerField()
    k = serializers.IntegerField()
    n = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)
    interval = serializers.SerializerMethodField()
    missed = serializers.FloatField(allow_null=True)

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_interval(self, row: Missed) -> dict[str, float] | None:
        return asdict(row.interval) if row.interval else None


class ControlSampleSerializer(serializers.Serializer):
    shares = ShareSerializer(many=True)
    accepted = MissedSerializer(many=True)
    won = MissedSerializer(many=True)


class ControlSampleView(GenericAPIView):
    """How many leads below the bar are handed off by lot, in your teams, and what the model misses there."""

    queryset = ControlSample.objects.none()
    serializer_class = ControlSampleSerializer
    permissions = {"GET": SEE, "PUT": SET}

    def get(self, request: Request) -> Response:
        found = estimate(teams_with(request.user, SEE))
        return Response({
            "shares": [_share(sample) for sample in _samples(request.user)],
            "accepted": MissedSerializer(found.accepted, many=True).data,
            "won": MissedSerializer(found.won, many=True).data,
        })  # fmt: skip

    @extend_schema(request=ShareSerializer, responses=ShareSerializer)
    def put(self, request: Request) -> Response:
        """Set the share of one team, or of every team without one. It holds for leads created from now on."""
        given = ShareSerializer(data=request.data, context={"request": request})
        given.is_valid(raise_exception=True)
        team, may = given.validated_data["team"], teams_with(request.user, SET)
        if team.pk not in may if team else Team.objects.count() != len(may):
            raise PermissionDenied
        values = dict(given.validated_data)
        with moved_errors():
            sample = set_share(values.pop("team"), **values, by=request.user)
        return Response(_share(sample))


def _samples(user: Any) -> QuerySet[ControlSample]:
    """Of the caller's teams, and the company's."""
    rows = ControlSample.objects.select_related("team")
    return rows.filter(team__in=Team.objects.visible_to(user)) | rows.filter(team=None)


def _share(sample: ControlSample) -> dict[str, Any]:
    return {
        "team": sample.team and sample.team.slug, "percent": sample.permille / 10, "after_days": sample.after_days,
        "excluded": sample.excluded,
    }  # fmt: skip


class CaseSerializer(serializers.ModelSerializer):
    """A lead that was drawn, as it stood then. `handoff` null: it could not be offered."""

    percent = serializers.SerializerMethodField()

    class Meta:
        model = ControlCase
        fields = ("id", "lead", "team", "label", "total", "percent", "at", "handoff")

    def get_percent(self, case: ControlCase) -> float:
        return case.permille / 10


class CasesView(ListAPIView):
    """The leads of your teams that were drawn."""

    queryset = ControlCase.objects.all()
    serializer_class = CaseSerializer
    permissions = {"GET": SEE}
    ordering = "-id"

    def get_queryset(self) -> QuerySet[ControlCase]:
        seen = teams_with(self.request.user, SEE)
        return ControlCase.objects.visible_to(self.request.user).filter(team__in=seen, drawn=True)
