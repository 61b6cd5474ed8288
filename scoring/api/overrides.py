"""The label of a lead set by hand."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from leads.api.inputs import Strict, moved_errors
from leads.enums import Label
from leads.models import Standing
from scoring.models import Override
from scoring.overrides import override_of, set_label, withdraw


class OverrideSerializer(serializers.ModelSerializer):
    """`automatic_label` of the standing says what the score says meanwhile."""

    class Meta:
        model = Override
        fields = ("lead", "label", "reason", "until", "by", "made_at")
        read_only_fields = fields


class OverrideInput(Strict, serializers.Serializer):
    label = serializers.ChoiceField(choices=Label.choices)
    reason = serializers.CharField(max_length=300)
    until = serializers.DateField(help_text="The last day; after it the label follows from the score again.")


class OverrideView(GenericAPIView):
    """What a person set for this lead and what holds now; 404 when the label follows from the score."""

    queryset = Override.objects.all()
    serializer_class = OverrideSerializer

    def get(self, request: Request, pk: str) -> Response:
        standing = get_object_or_404(Standing.objects.visible_to(request.user), pk=pk)
        return Response(OverrideSerializer(_held(standing)).data)

    @extend_schema(request=OverrideInput, responses={201: OverrideSerializer})
    def post(self, request: Request, pk: str) -> Response:
        """Set the label until a day. It takes the place of what was set before; the score stays as it is."""
        standing = self._standing(request, pk)
        given = OverrideInput(data=request.data)
        given.is_valid(raise_exception=True)
        with moved_errors():
            made = set_label(standing, **given.validated_data, by=request.user)
        return Response(OverrideSerializer(made).data, status=201)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: str) -> Response:
        """End it now."""
        standing = self._standing(request, pk)
        _held(standing)
        withdraw(standing, by=request.user)
        return Response(status=204)

    def _standing(self, request: Request, pk: str) -> Standing:
        standing = get_object_or_404(Standing.objects.visible_to(request.user), pk=pk)
        self.check_object_permissions(request, standing)
        return standing


def _held(standing: Standing) -> Override:
    found = override_of(standing.pk)
    if found is None:
        raise Http404
    return found
