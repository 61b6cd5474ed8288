"""What would give a lead a label."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.enums import Label
from leads.models import Standing
from scoring.whatif import ACT, BEST, LEARN, WhatIf, what_if


class StepSerializer(serializers.Serializer):
    """A criterion that could give more. `kind`: act, the lead could do it `times`; learn, `unknown` would have to be
    known. `points` by itself, `gain` after the limits of groups and axes.
    """

    criterion = serializers.CharField(source="name")
    group = serializers.CharField()
    axis = serializers.CharField()
    kind = serializers.ChoiceField(choices=[ACT, LEARN])
    sentence = serializers.CharField()
    points = serializers.IntegerField()
    gain = serializers.IntegerField()
    times = serializers.IntegerField()
    unknown = serializers.ListField(child=serializers.CharField())


class WaySerializer(serializers.Serializer):
    """Steps that together reach the label, and where the lead would stand then."""

    steps = StepSerializer(many=True)
    fit = serializers.IntegerField()
    engagement = serializers.IntegerField()
    total = serializers.IntegerField()
    label = serializers.CharField()


class WhatIfSerializer(serializers.Serializer):
    """`ways`: the smallest sets, of at most three criteria. `nearest`: single steps by what they bring. `barred`: what
    disqualifies the lead. `otherwise`: criteria that ask for what is known to be otherwise.
    """

    target = serializers.CharField()
    label = serializers.CharField()
    reached = serializers.BooleanField()
    barred = serializers.ListField(child=serializers.CharField())
    ways = WaySerializer(many=True)
    nearest = StepSerializer(many=True)
    otherwise = serializers.ListField(child=serializers.CharField())


class WhatIfInput(serializers.Serializer):
    label = serializers.ChoiceField(choices=[(str(label), label.label) for label in BEST[:-1]], default=Label.HOT)


class WhatIfView(APIView):
    """What would give a lead a label."""

    permissions = {"GET": "leads.view_standing"}

    @extend_schema(
        parameters=[OpenApiParameter("label", OpenApiTypes.STR, enum=list(BEST[:-1]), description="Default: hot.")],
        responses=WhatIfSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        """The nearest criteria, alone and together. All empty while the lead is not scored."""
        standing = get_object_or_404(Standing.objects.visible_to(request.user), pk=pk)
        asked: Any = WhatIfInput(data=request.query_params)
        asked.is_valid(raise_exception=True)
        target = asked.validated_data["label"]
        return Response(WhatIfSerializer(what_if(standing, target) or WhatIf(target, "", reached=False)).data)
