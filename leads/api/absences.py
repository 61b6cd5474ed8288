"""Days off, on which a person is given no leads."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from leads.api.inputs import Colleague, Strict, moved_errors
from leads.api.lists import ReadViewSet
from leads.models import Absence
from leads.selling.absences import end_absence, may_set, set_absence


class AbsenceSerializer(serializers.ModelSerializer):
    class Meta:
        model = Absence
        fields = ("id", "user", "first", "last", "note", "by", "created_at")


class AbsenceInput(Strict, serializers.Serializer):
    user = Colleague(required=False, help_text="Default: you. Managers set the days of their team.")
    first = serializers.DateField()
    last = serializers.DateField()
    note = serializers.CharField(required=False, allow_blank=True, max_length=100)


class AbsenceViewSet(mixins.DestroyModelMixin, ReadViewSet):
    """Absences of your teams, last made first."""

    queryset = Absence.objects.select_related("user")
    serializer_class = AbsenceSerializer
    ordering = "-id"

    @extend_schema(request=AbsenceInput, responses={201: AbsenceSerializer})
    def create(self, request: Request) -> Response:
        """A person is away on these days, both included."""
        given = AbsenceInput(data=request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = {"user": self.request.user} | dict(given.validated_data)
        if not may_set(self.request.user, values["user"]):
            raise PermissionDenied("Everybody sets their own days, managers those of their team.")
        with moved_errors():
            absence = set_absence(**values, by=self.request.user)
        return Response(AbsenceSerializer(absence).data, status=201)

    def perform_destroy(self, instance: Absence) -> None:
        if not may_set(self.request.user, instance.user):
            raise PermissionDenied("Everybody sets their own days, managers those of their team.")
        end_absence(instance)
