"""Handoffs and what sales answered."""

from datetime import datetime
from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from leads.api.deals import DealSerializer
from leads.api.errors import Conflict
from leads.api.inputs import moved_errors
from leads.api.lists import ReadViewSet
from leads.enums import DealState, HandoffState
from leads.filters import SeveralFilter, TeamFilter
from leads.models import Feedback, Handoff, Lead, RejectionReason, User
from leads.selling import followup, handoffs, passing
from leads.selling.deals import set_deal
from leads.selling.followup import WAYS

AT_ONCE = 1000
ANSWER = {"POST": "leads.add_feedback"}


class PromiseSerializer(serializers.ModelSerializer):
    """Score and reasons as they were at handoff."""

    class Meta:
        model = Handoff
        fields = ("fit", "engagement", "total", "grade", "label", "version", "reasons")


class HandoffSerializer(serializers.ModelSerializer):
    promise = PromiseSerializer(source="*")
    first_touch_at = serializers.SerializerMethodField(
        help_text="When somebody first reached out since the handoff: said by hand, or a call, meeting or e-mail."
    )

    class Meta:
        model = Handoff
        fields = (
            "id", "lead", "team", "assignee", "assigned_because", "state", "opened_at", "opened_by", "due_at",
            "decided_at", "decided_by", "hours_taken", "fast_track", "waits_for_rep", "snoozed_until", "next_step",
            "next_on", "contacted_at", "contacted_by", "first_touch_at", "promise",
        )  # fmt: skip

    def get_first_touch_at(self, handoff: Handoff) -> datetime | None:
        return getattr(handoff, "first_touch_at", handoff.contacted_at)


class FeedbackSerializer(serializers.ModelSerializer):
    lead = serializers.IntegerField(source="handoff.lead_id")
    team = serializers.IntegerField(source="handoff.team_id")

    class Meta:
        model = Feedback
        fields = ("id", "handoff", "lead", "team", "verdict", "reason", "comment", "misled_by", "by", "created_at")


class OfferInput(serializers.Serializer):
    leads = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), min_length=1, max_length=AT_ONCE
    )


class OfferOutcome(serializers.Serializer):
    """`left_out`: leads that sales has, that rest, or that wait for an answer already."""

    results = HandoffSerializer(many=True)
    left_out = serializers.ListField(child=serializers.IntegerField())


class AcceptanceInput(serializers.Serializer):
    comment = serializers.CharField(required=False, allow_blank=True, max_length=5000)


class RejectionInput(AcceptanceInput):
    reason = serializers.CharField(max_length=40, help_text="The slug of a reason in use.")
    misled_by = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="The reason of the promise that misled."
    )

    def validate_reason(self, slug: str) -> RejectionReason:
        reasons = {reason.slug: reason for reason in RejectionReason.objects.filter(active=True)}
        if slug not in reasons:
            raise serializers.ValidationError(f"Choose one of: {', '.join(reasons)}.")
        return reasons[slug]


class RecyclingInput(AcceptanceInput):
    until = serializers.DateField(help_text="The day on which the lead may come back.")


class AssignmentInput(serializers.Serializer):
    to = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="The id of a colleague of the team.")


class SnoozeInput(serializers.Serializer):
    until = serializers.DateTimeField(help_text="When it comes back into the queue. The clock runs on.")


class NextStepInput(serializers.Serializer):
    text = serializers.CharField(max_length=200, allow_blank=True, help_text="Empty: nothing is planned.")
    on = serializers.DateField(required=False, allow_null=True)


class ContactInput(serializers.Serializer):
    how = serializers.ChoiceField(list(WAYS))
    note = serializers.CharField(required=False, allow_blank=True, max_length=500)


class HandoffDealInput(serializers.Serializer):
    state = serializers.ChoiceField(DealState.choices)
    amount = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0, required=False)
    name = serializers.CharField(required=False, max_length=200)
    lost_reason = serializers.CharField(required=False, max_length=200)
    deal = serializers.CharField(
        required=False, max_length=20,
        help_text="The id of the deal this is said of, where the lead has several; “another”: of none of them.",
    )  # fmt: skip


class HandoffFilters(filters.FilterSet):
    state = SeveralFilter(choices=HandoffState)
    team = TeamFilter()
    assignee = filters.NumberFilter(field_name="assignee_id", decimal_places=0)
    lead = filters.NumberFilter(field_name="lead_id", decimal_places=0)
    overdue = filters.BooleanFilter(method="by_overdue", label="Open although the promised time has passed.")

    class Meta:
        model = Handoff
        fields: tuple[str, ...] = ()

    def by_overdue(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        late = Handoff.objects.overdue()
        return queryset.filter(pk__in=late) if value else queryset.exclude(pk__in=late)


class HandoffViewSet(ReadViewSet):
    """Handoffs of your teams, last opened first."""

    queryset = Handoff.objects.all()
    serializer_class = HandoffSerializer
    filterset_class = HandoffFilters
    orderings = {"-id": "-id", "due_at": "due_at"}
    permissions: dict[str, str] | None = None

    @extend_schema(request=OfferInput, responses={201: OfferOutcome})
    def create(self, request: Request) -> Response:
        """Offer leads to sales, at most 1,000 at a time. 201 also where all of them were left out."""
        ids = _read(OfferInput, request)["leads"]
        _check_offer(ids, self.me)
        opened = handoffs.open_handoffs(ids, by=self.me)
        left_out = sorted(set(ids) - {handoff.lead_id for handoff in opened})
        return Response(OfferOutcome({"results": opened, "left_out": left_out}).data, status=201)

    @extend_schema(request=AcceptanceInput, responses={201: FeedbackSerializer})
    @action(detail=True, methods=["post"], permissions=ANSWER)
    def acceptance(self, request: Request, pk: str) -> Response:
        """Take the lead: you own it from now on. 409 when somebody decided before."""
        return self._answer(handoffs.accept, _read(AcceptanceInput, request))

    @extend_schema(request=RejectionInput, responses={201: FeedbackSerializer})
    @action(detail=True, methods=["post"], permissions=ANSWER)
    def rejection(self, request: Request, pk: str) -> Response:
        """Refuse the lead with a reason. 409 when somebody decided before."""
        return self._answer(handoffs.reject, _read(RejectionInput, request))

    @extend_schema(request=RecyclingInput, responses={201: FeedbackSerializer})
    @action(detail=True, methods=["post"], permissions=ANSWER)
    def recycling(self, request: Request, pk: str) -> Response:
        """Let the lead rest until a day. 409 when somebody decided before."""
        return self._answer(handoffs.recycle, _read(RecyclingInput, request))

    @extend_schema(request=AssignmentInput, responses={200: HandoffSerializer})
    @action(detail=True, methods=["post"], permissions={"POST": "leads.change_handoff"})
    def assignment(self, request: Request, pk: str) -> Response:
        """Pass the handoff to a colleague. The clock runs on. 409 when it was decided before."""
        handoff = self.get_object()
        to = User.objects.visible_to(self.me).filter(pk=_read(AssignmentInput, request)["to"]).first()
        if to is None:
            raise serializers.ValidationError({"to": ["There is no such person in your teams."]})
        return Response(HandoffSerializer(_or_conflict(passing.reassign, handoff, by=self.me, to=to)).data)

    @extend_schema(request=SnoozeInput, responses={200: HandoffSerializer})
    @action(detail=True, methods=["post"], permissions=ANSWER)
    def snooze(self, request: Request, pk: str) -> Response:
        """Out of the queue until a moment. 409 when it was decided before."""
        return self._changed(passing.snooze, _read(SnoozeInput, request))

    @extend_schema(request=None, responses={200: HandoffSerializer})
    @action(detail=True, methods=["post"], permissions={"POST": "leads.release_handoff"})
    def release(self, request: Request, pk: str) -> Response:
        """Back to the whole team, by a manager. 409 when it was decided before."""
        return self._changed(passing.release, {})

    @extend_schema(request=None, responses={200: HandoffSerializer})
    @action(detail=True, methods=["post"], permissions=ANSWER)
    def withdrawal(self, request: Request, pk: str) -> Response:
        """Take an answer back, within ten minutes: the handoff and its lead are as they were."""
        return self._changed(handoffs.withdraw, {})

    @extend_schema(request=NextStepInput, responses={200: HandoffSerializer})
    @action(detail=True, methods=["post"], permissions=ANSWER, url_path="next-step")
    def next_step(self, request: Request, pk: str) -> Response:
        """What is done next with an accepted lead, and when."""
        return self._changed(followup.plan, _read(NextStepInput, request))

    @extend_schema(request=ContactInput, responses={200: HandoffSerializer})
    @action(detail=True, methods=["post"], permissions=ANSWER)
    def contact(self, request: Request, pk: str) -> Response:
        """You reached out just now: an event of the lead."""
        return self._changed(followup.contacted, _read(ContactInput, request))

    @extend_schema(request=HandoffDealInput, responses={200: DealSerializer})
    @action(detail=True, methods=["post"], permissions=ANSWER)
    def deal(self, request: Request, pk: str) -> Response:
        """What came of it. It is said of the deal there is; one that a CRM keeps is left to the CRM, with 400."""
        with moved_errors():
            deal = set_deal(self.get_object(), by=self.me, **_read(HandoffDealInput, request))
        return Response(DealSerializer(deal).data)

    def _changed(self, verb: Any, values: dict[str, Any]) -> Response:
        handoff = self.get_object()
        with moved_errors():
            _or_conflict(verb, handoff, by=self.me, **values)
        return Response(HandoffSerializer(self.get_queryset().get(pk=handoff.pk)).data)

    def get_queryset(self) -> QuerySet:
        return followup.with_first_touch(super().get_queryset())

    @property
    def me(self) -> User:
        return self.request.user

    def _answer(self, verb: Any, values: dict[str, Any]) -> Response:
        feedback = _or_conflict(verb, self.get_object(), by=self.me, **values)
        return Response(FeedbackSerializer(feedback).data, status=201)


def _read(serializer: type[serializers.Serializer], request: Request) -> dict[str, Any]:
    given = serializer(data=request.data)
    given.is_valid(raise_exception=True)
    return given.validated_data


def _or_conflict(verb: Any, handoff: Handoff, **values: Any) -> Any:
    try:
        return verb(handoff, **values)
    except handoffs.AlreadyDecided as error:
        raise Conflict(str(error)) from None


def _check_offer(ids: list[int], user: User) -> None:
    teams = dict(Lead.objects.visible_to(user).filter(pk__in=ids).values_list("pk", "team"))
    if unknown := sorted(set(ids) - set(teams)):
        raise serializers.ValidationError({"leads": [f"Not leads of your teams: {', '.join(map(str, unknown[:10]))}."]})
    if not set(teams.values()) <= set(handoffs.offers_in(user)):
        raise PermissionDenied("Marketing, managers and admins of the lead's team hand off.")


class FeedbackFilters(filters.FilterSet):
    team = TeamFilter(field_name="handoff__team")
    lead = filters.NumberFilter(field_name="handoff__lead_id", decimal_places=0)
    handoff = filters.NumberFilter(field_name="handoff_id", decimal_places=0)
    reason = filters.CharFilter(field_name="reason_id")

    class Meta:
        model = Feedback
        fields = ("verdict",)


class FeedbackViewSet(ReadViewSet):
    """What sales answered, last first."""

    queryset = Feedback.objects.select_related("handoff")
    serializer_class = FeedbackSerializer
    filterset_class = FeedbackFilters
    ordering = "-id"
