"""How sales is set up: hours and promises of teams, capacity of reps, territories."""

from typing import Any

import django_filters as filters
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from leads.access import teams_with
from leads.api.errors import Conflict
from leads.api.inputs import Strict, VisibleRow, moved_errors
from leads.api.lists import ReadViewSet
from leads.api.requests import Request
from leads.api.segments import ConditionValue
from leads.enums import Role
from leads.filters import TeamFilter
from leads.models import Calendar, Capacity, Promise, RoutingRule, Team
from leads.selling.calendars import check_holidays, check_week, public_holidays, set_promises
from leads.selling.capacity import set_capacity
from leads.selling.promises import recount


@extend_schema_field({"type": "array", "items": {"type": "array", "items": {"type": "string"}, "nullable": True}})
class WeekValue(serializers.JSONField):
    """Seven days from Monday: ["09:00", "18:00"], or null for closed."""

    default_validators = [check_week]


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class HolidaysValue(serializers.JSONField):
    """{"2026-12-25": "Christmas Day"}: clocks stand still on these days."""

    default_validators = [check_holidays]


class LabelPromiseSerializer(Strict, serializers.ModelSerializer):
    """For a label; empty: for every other. All in working hours. `then`: empty, `pass_on` or `expire`."""

    class Meta:
        model = Promise
        fields = ("label", "hours", "remind_before", "escalate_after", "then", "then_after", "fast_track")


class CalendarSerializer(Strict, serializers.ModelSerializer):
    """`public_holidays_of`: take over those of a place, as DE or US-CA, this year and the next two, beside `holidays`.
    `promises`: where it is given, all of them."""

    team = VisibleRow(Team.objects)
    week = WeekValue(required=False)
    holidays = HolidaysValue(required=False)
    public_holidays_of = serializers.CharField(write_only=True, required=False, max_length=10)
    promises = LabelPromiseSerializer(many=True, required=False)

    class Meta:
        model = Calendar
        fields = ("id", "team", "time_zone", "week", "country", "holidays", "public_holidays_of", "promises")
        read_only_fields = ("country",)
        extra_kwargs = {"team": {"validators": []}}

    def validate_team(self, team: Team) -> Team:
        if self.instance is not None and team.pk != self.instance.team_id:
            raise serializers.ValidationError("The team of a calendar stays.")
        if team.pk not in teams_with(self.context["request"].user, "leads.add_calendar"):
            raise serializers.ValidationError(f"Your role in {team} does not allow this.")
        return team

    def validate_public_holidays_of(self, code: str) -> dict[str, str]:
        try:
            self.days = public_holidays(code)
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages) from None
        return {"country": code.strip().upper()}

    def validate_promises(self, promises: list[dict[str, Any]]) -> list[dict[str, Any]]:
        labels = [promise.get("label", "") for promise in promises]
        if len(set(labels)) < len(labels):
            raise serializers.ValidationError("One promise for a label.")
        return promises

    def save(self, **extra: Any) -> Calendar:
        values = {**self.validated_data, **extra}
        promises = values.pop("promises", None)
        values |= values.pop("public_holidays_of", {})
        calendar = self.instance or Calendar()
        for name, value in values.items():
            setattr(calendar, name, value)
        calendar.holidays = calendar.holidays | getattr(self, "days", {})
        with transaction.atomic():
            calendar.save()
            if promises is not None:
                set_promises(calendar, promises)
        self.instance = calendar
        return calendar


class Recounted(serializers.Serializer):
    recounted = serializers.IntegerField(help_text="Open handoffs that have the promise of this calendar now.")


class TeamFilters(filters.FilterSet):
    team = TeamFilter()


class CalendarViewSet(mixins.DestroyModelMixin, ReadViewSet):
    """When teams work and what they promise. A team without one works Monday to Friday, 09:00 to 18:00."""

    queryset = Calendar.objects.prefetch_related("promises")
    serializer_class = CalendarSerializer
    filterset_class = TeamFilters
    permissions: dict[str, str] | None = None

    @extend_schema(responses={201: CalendarSerializer})
    def create(self, request: Request) -> Response:
        """The calendar of a team that has none. It holds for what is handed off from now on."""
        form = self._read(request)
        if Calendar.objects.filter(team=form.validated_data["team"]).exists():
            raise Conflict("The team has a calendar: PATCH it.")
        return Response(self._shown(form.save()), status=201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Set what is given. It holds for what is handed off from now on; `recounts` moves what is open."""
        return Response(self._shown(self._read(request, self.get_object()).save()))

    @extend_schema(request=None, responses={201: Recounted})
    @action(detail=True, methods=["post"], permissions={"POST": "leads.change_calendar"})
    def recounts(self, request: Request, pk: str) -> Response:
        """Count the promises of open handoffs anew."""
        return Response({"recounted": recount(self.get_object().team)}, status=201)

    def _read(self, request: Request, calendar: Calendar | None = None) -> CalendarSerializer:
        partial = calendar is not None
        form = CalendarSerializer(calendar, request.data, partial=partial, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        return form

    def _shown(self, calendar: Calendar) -> dict[str, Any]:
        return CalendarSerializer(Calendar.objects.get(pk=calendar.pk), context=self.get_serializer_context()).data


class CapacitySerializer(Strict, serializers.ModelSerializer):
    """`weight`: share of new leads, against the others. `weekly_capacity` null: no limit. `week` null: the team's."""

    week = WeekValue(allow_null=True, required=False)

    class Meta:
        model = Capacity
        fields = ("id", "user", "team", "weight", "weekly_capacity", "week", "assigned")
        read_only_fields = ("user", "team", "assigned")


class CapacityViewSet(ReadViewSet):
    """The reps of your teams: how many leads each is given."""

    queryset = Capacity.objects.filter(role=Role.REP)
    serializer_class = CapacitySerializer
    filterset_class = TeamFilters

    def partial_update(self, request: Request, pk: str) -> Response:
        """Share, most in a week, working hours."""
        member = self.get_object()
        form = CapacitySerializer(member, request.data, partial=True, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        set_capacity(member, **form.validated_data)
        return Response(CapacitySerializer(Capacity.objects.get(pk=member.pk)).data)


class RoutingRuleSerializer(Strict, serializers.ModelSerializer):
    """Leads of the team `of` that match go to `team` when they are handed off. The lowest `position` is asked first."""

    of = VisibleRow(Team.objects)
    team = VisibleRow(Team.objects)
    condition = ConditionValue()

    class Meta:
        model = RoutingRule
        fields = ("id", "name", "position", "of", "condition", "team", "active")

    def validate_of(self, team: Team) -> Team:
        if team.pk not in teams_with(self.context["request"].user, "leads.change_routingrule"):
            raise serializers.ValidationError(f"Your role in {team} does not allow this.")
        return team

    validate_team = validate_of


class RoutingRuleViewSet(mixins.CreateModelMixin, mixins.UpdateModelMixin, mixins.DestroyModelMixin, ReadViewSet):
    """To which team leads go, in the order in which the rules are asked."""

    queryset = RoutingRule.objects.all()
    serializer_class = RoutingRuleSerializer
    orderings = {"position": "position", "id": "pk"}
    http_method_names = ("get", "head", "options", "post", "patch", "delete")

    def perform_create(self, serializer: Any) -> None:
        with moved_errors():
            serializer.save()

    def get_queryset(self) -> QuerySet:
        return super().get_queryset().select_related("of", "team")
