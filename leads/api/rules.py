"""Rules, and what entered or left by them."""

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response

from leads.access import teams_with
from leads.api.inputs import Strict, VisibleRow, moved_errors
from leads.api.lists import ReadViewSet
from leads.api.requests import Request
from leads.api.segments import ConditionValue
from leads.enums import CrossingState
from leads.filters import SeveralFilter
from leads.models import Crossing, Rule, Segment, Team, User
from leads.rules import actions, editing, review

LOOK = "leads.view_rule"
DECIDE = {"POST": "leads.add_handoff"}


@extend_schema_field({"type": "object", "additionalProperties": True, "description": "docs/rules.md, Actions"})
class ActionsValue(serializers.DictField):
    """What is done, by kind: {"hand_off": true, "tell": {"owner": true, "mail": true}, "tag": "vip"}."""


class RuleSerializer(Strict, serializers.ModelSerializer):
    """`personal`: the caller's own, which may tell them and do no more. `also_inside`: have those inside now enter too;
    they wait for review."""

    team = VisibleRow(Team.objects, allow_null=True, required=False)
    segment = VisibleRow(Segment.objects, required=False)
    condition = ConditionValue(
        write_only=True, required=False,
        help_text="In the place of a segment: one is made of it, named like the rule. For those who may make segments.",
    )  # fmt: skip
    stays = VisibleRow(Segment.objects, allow_null=True, required=False)
    actions = ActionsValue()
    personal = serializers.BooleanField(required=False, default=False, source="is_personal")
    also_inside = serializers.BooleanField(required=False, default=False, write_only=True)
    does = serializers.SerializerMethodField(help_text="The actions in words.")

    class Meta:
        model = Rule
        fields = (
            "id", "name", "team", "personal", "segment", "condition", "stays", "direction", "quiet_days", "actions",
            "does", "active", "also_inside", "phase", "problem", "created_at",
        )  # fmt: skip

    def get_does(self, rule: Rule) -> str:
        return actions.sentence(rule)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        built = "condition" in attrs
        if built == ("segment" in attrs) and (built or self.instance is None):
            raise serializers.ValidationError({"segment": "Give a segment, or a condition of which one is made."})
        if built and not self.context["request"].user.has_perm("leads.add_segment"):
            raise serializers.ValidationError({"condition": "Your roles do not make segments: give one that is there."})
        return attrs

    def validate_team(self, team: Team | None) -> Team | None:
        if team and team.pk not in teams_with(self.context["request"].user, "leads.change_rule"):
            raise serializers.ValidationError(f"Your role in {team} does not allow this.")
        return team


class RuleViewSet(mixins.DestroyModelMixin, ReadViewSet):
    """What happens when a lead enters or leaves a segment: the rules of the company, of your teams, and your own."""

    queryset = Rule.objects.select_related("segment", "stays")
    serializer_class = RuleSerializer
    filterset_fields = ("name", "active")
    orderings = {"name": "name", "id": "pk"}
    permissions = dict.fromkeys(("GET", "POST", "PATCH", "DELETE"), LOOK)

    @extend_schema(responses={201: RuleSerializer})
    def create(self, request: Request) -> Response:
        """Marketing and admins; anybody for a personal one."""
        values = self._read(request)
        personal = values.pop("is_personal")
        rule = Rule(created_by=request.user, person=request.user if personal else None)
        if not (personal or request.user.has_perm("leads.add_rule")):
            raise PermissionDenied
        return Response(self._saved(rule, values), status=201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """A rule that begins to ask something else looks who is inside, and acts for nobody of them."""
        rule = self._mine()
        values = self._read(request, rule)
        values.pop("is_personal", None)
        return Response(self._saved(rule, values))

    def perform_destroy(self, instance: Rule) -> None:
        self._mine().delete()

    def _mine(self) -> Rule:
        rule: Rule = self.get_object()
        if not editing.may_change(self.request.user, rule):
            raise PermissionDenied
        return rule

    def _read(self, request: Request, rule: Rule | None = None) -> dict[str, Any]:
        partial = rule is not None
        given = RuleSerializer(rule, data=request.data, partial=partial, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    def _saved(self, rule: Rule, values: dict[str, Any]) -> dict[str, Any]:
        also_inside, condition = values.pop("also_inside", False), values.pop("condition", None)
        for name, value in values.items():
            setattr(rule, name, value)
        with moved_errors():
            editing.save(rule, also_inside=also_inside, condition=condition)
        return RuleSerializer(Rule.objects.get(pk=rule.pk), context=self.get_serializer_context()).data


class CrossingSerializer(serializers.ModelSerializer):
    """`rule` null: a version moved the lead to a label that is handed off."""

    class Meta:
        model = Crossing
        fields = (
            "id", "rule", "lead", "entered", "cause", "state", "label_before", "label", "at", "decided_at",
            "decided_by", "problem",
        )  # fmt: skip


class CrossingFilters(filters.FilterSet):
    state = SeveralFilter(choices=CrossingState)
    rule = filters.NumberFilter(field_name="rule_id", decimal_places=0)
    lead = filters.NumberFilter(field_name="lead_id", decimal_places=0)

    class Meta:
        model = Crossing
        fields: tuple[str, ...] = ()


class Decided(serializers.Serializer):
    crossings = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), min_length=1, max_length=review.AT_ONCE
    )


class DecidedCrossings(serializers.Serializer):
    """How many were decided; those that somebody decided before, or that are not yours, are left out."""

    decided = serializers.IntegerField()


class CrossingViewSet(ReadViewSet):
    """Leads that entered or left, last first. `state=review`: what waits for marketing."""

    queryset = Crossing.objects.all()
    serializer_class = CrossingSerializer
    filterset_class = CrossingFilters
    ordering = "-id"
    permissions: dict[str, str] | None = None

    @extend_schema(request=Decided, responses={201: DecidedCrossings})
    @action(detail=False, methods=["post"], permissions=DECIDE, pagination_class=None, filterset_class=None)
    def approval(self, request: Request) -> Response:
        """Have follow what was held back for these crossings of state `review`."""
        return self._decided(request, review.approve)

    @extend_schema(request=Decided, responses={201: DecidedCrossings})
    @action(detail=False, methods=["post"], permissions=DECIDE, pagination_class=None, filterset_class=None)
    def dismissal(self, request: Request) -> Response:
        """Nothing follows."""
        return self._decided(request, review.dismiss)

    def _decided(self, request: Request, verb: Any) -> Response:
        given = Decided(data=request.data)
        given.is_valid(raise_exception=True)
        me: User = request.user
        chosen: QuerySet[Crossing] = review.open_to(me).filter(pk__in=given.validated_data["crossings"])
        return Response({"decided": verb(chosen, by=me)}, status=201)
