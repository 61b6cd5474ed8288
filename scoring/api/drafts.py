"""A draft and how it came to be: its history, the way back, comparisons, approvals, and publishing later."""

from dataclasses import asdict
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.api.errors import Conflict
from leads.conditions.vocabulary import Vocabulary
from leads.requests import whole
from scoring import approvals
from scoring.governing import set_policy
from scoring.models import Approval, PublishingPolicy, Revision, ScheduledPublication, ScoringModel, Version
from scoring.revisions import Change, history
from scoring.scheduling import cancel, schedule
from scoring.suggestions.standing import restore_draft
from scoring.versions import DRAFT, compared

VIEW, CHANGE, PUBLISH = (f"scoring.{verb}_scoringmodel" for verb in ("view", "change", "publish"))
MOST = 50


class DifferenceSerializer(serializers.Serializer):
    """`kind`: new, removed or changed."""

    kind = serializers.CharField()
    name = serializers.CharField()
    place = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class DraftChangeSerializer(serializers.Serializer):
    """`first`: the history begins here, so what was before is not known. `origin`: by which way."""

    id = serializers.IntegerField(source="revision.pk")
    by = serializers.IntegerField(source="revision.by_id", allow_null=True)
    began_at = serializers.DateTimeField(source="revision.began_at")
    at = serializers.DateTimeField(source="revision.at")
    origin = serializers.CharField(source="revision.origin")
    first = serializers.BooleanField()
    differences = serializers.SerializerMethodField()

    @extend_schema_field(DifferenceSerializer(many=True))
    def get_differences(self, change: Change) -> list[dict[str, Any]]:
        return [asdict(difference) for difference in change.differences]


class DraftChangesSerializer(serializers.Serializer):
    """`next`: give it as `before` to go on; null at the end."""

    next = serializers.IntegerField(allow_null=True)
    results = DraftChangeSerializer(many=True)


class RestorationInput(serializers.Serializer):
    """One of the two."""

    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1, help_text="Its number.")
    change = serializers.IntegerField(required=False, min_value=1, help_text="The id of a row of the history.")

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if len(given) != 1:
            raise serializers.ValidationError("Say either version or change.")
        return given


class ApprovalSerializer(serializers.ModelSerializer):
    class Meta:
        model = Approval
        fields = ("by", "at", "digest")


class ApprovalsSerializer(serializers.Serializer):
    """`digest` is of the draft as it is now; `approvals` hold for exactly that one."""

    four_eyes = serializers.BooleanField()
    digest = serializers.CharField()
    approvals = ApprovalSerializer(many=True)


class ApprovalInput(serializers.Serializer):
    digest = serializers.CharField(help_text="Of the draft you have read; 409 where it has changed since.")


class ScheduledSerializer(serializers.ModelSerializer):
    """`state`: waiting, published, cancelled, or failed for `problem`."""

    state = serializers.CharField()

    class Meta:
        model = ScheduledPublication
        fields = ("id", "at", "note", "by", "made_at", "ended_at", "state", "problem", "publication")


class ScheduleInput(serializers.Serializer):
    at = serializers.DateTimeField()
    note = serializers.CharField(max_length=300, help_text="What is new, and why.")


class PolicySerializer(serializers.ModelSerializer):
    class Meta:
        model = PublishingPolicy
        fields = ("four_eyes", "changed_at", "changed_by")
        read_only_fields = ("changed_at", "changed_by")
        extra_kwargs = {"four_eyes": {"required": True}}


class DraftActions:
    """Mixed into the models of the API."""

    @extend_schema(
        parameters=[OpenApiParameter("before", OpenApiTypes.INT, description="The `next` of the page before.")],
        responses=DraftChangesSerializer,
    )
    @action(detail=True, permissions={"GET": VIEW})
    def changes(self, request: Request, pk: str) -> Response:
        """Who changed what in the draft, by whatever way, the newest first."""
        before = request.query_params.get("before", "")
        rows = history(_model(self), Vocabulary.load(), most=MOST,
                       before=whole(before) or None)  # fmt: skip
        following = rows[-1].revision.pk if len(rows) == MOST else None
        return Response(DraftChangesSerializer({"next": following, "results": rows}).data)

    @extend_schema(request=RestorationInput, responses=DraftChangeSerializer(many=True))
    @action(detail=True, methods=["post"], permissions={"POST": CHANGE})
    def restoration(self, request: Request, pk: str) -> Response:
        """Make the draft what it was then. What it is now stays in the history. What is live stays live."""
        model, given = _model(self), _read(RestorationInput, request)
        source: Version | Revision
        if "version" in given:
            source = get_object_or_404(Version, model=model, number=given["version"])
        else:
            source = get_object_or_404(Revision, model=model, pk=given["change"])
        restore_draft(source, by=request.user)
        return Response(DraftChangeSerializer(history(model, Vocabulary.load(), most=1), many=True).data)

    @extend_schema(
        parameters=[
            OpenApiParameter(name, OpenApiTypes.STR, description="A number of a version, or draft.", required=True)
            for name in ("from", "to")
        ],
        responses=DifferenceSerializer(many=True),
    )
    @action(detail=True, permissions={"GET": VIEW}, pagination_class=None)
    def comparison(self, request: Request, pk: str) -> Response:
        """What `to` says differently from `from`, in sentences."""
        names = [request.query_params.get(name, DRAFT) for name in ("from", "to")]
        try:
            found = compared(_model(self), *names)
        except LookupError as error:
            raise serializers.ValidationError([str(error)]) from None
        return Response([asdict(difference) for difference in found])

    @extend_schema(methods=["GET"], responses=ApprovalsSerializer)
    @extend_schema(methods=["POST"], request=ApprovalInput, responses={201: ApprovalsSerializer})
    @extend_schema(methods=["DELETE"], responses=ApprovalsSerializer)
    @action(
        detail=True, methods=["get", "post", "delete"], permissions={"GET": VIEW, "POST": PUBLISH, "DELETE": PUBLISH}
    )
    def approvals(self, request: Request, pk: str) -> Response:
        """GET: those of the present draft. POST: approve exactly that one. DELETE: take yours back."""
        model = _model(self)
        if request.method == "POST":
            if _read(ApprovalInput, request)["digest"] != approvals.digest_of(model):
                raise Conflict("The draft has changed since you read it. Read it again, then approve it.")
            approvals.approve(model, by=request.user)
        if request.method == "DELETE" and not approvals.withdraw(model, by=request.user):
            raise Conflict("You have not approved this draft, so there is nothing to take back.")
        told = {"four_eyes": PublishingPolicy.get().four_eyes, "digest": approvals.digest_of(model),
                "approvals": approvals.approvals_of(model)}  # fmt: skip
        return Response(ApprovalsSerializer(told).data, status=201 if request.method == "POST" else 200)

    @extend_schema(methods=["GET"], responses=ScheduledSerializer)
    @extend_schema(methods=["POST"], request=ScheduleInput, responses={201: ScheduledSerializer})
    @extend_schema(methods=["DELETE"], responses=ScheduledSerializer)
    @action(
        detail=True, methods=["get", "post", "delete"], permissions={"GET": VIEW, "POST": PUBLISH, "DELETE": PUBLISH}
    )
    def schedule(self, request: Request, pk: str) -> Response:
        """GET: the last one. POST: publish the draft, as it is now, at a moment. DELETE: cancel it."""
        model = _model(self)
        if request.method == "POST":
            made = _scheduled(model, request)
            return Response(ScheduledSerializer(made).data, status=201)
        last = get_object_or_404(ScheduledPublication.objects.filter(model=model)[:1])
        if request.method == "DELETE":
            if not cancel(last, by=request.user):
                raise Conflict("It was published or cancelled already.")
            last.refresh_from_db()
        return Response(ScheduledSerializer(last).data)


class PolicyView(APIView):
    """How this company publishes."""

    permissions = {"GET": VIEW, "PUT": "scoring.change_publishingpolicy"}

    @extend_schema(responses=PolicySerializer)
    def get(self, request: Request) -> Response:
        """Whether a second person must approve a draft before it is published."""
        return Response(PolicySerializer(PublishingPolicy.get()).data)

    @extend_schema(request=PolicySerializer, responses=PolicySerializer)
    def put(self, request: Request) -> Response:
        """Set it."""
        made = set_policy(by=request.user, **_read(PolicySerializer, request))
        return Response(PolicySerializer(made).data)


def _model(view: Any) -> ScoringModel:
    return view.get_object()


def _scheduled(model: ScoringModel, request: Request) -> ScheduledPublication:
    given = _read(ScheduleInput, request)
    try:
        return schedule(model, at=given["at"], by=request.user, note=given["note"])
    except approvals.NothingNew as error:
        raise Conflict(" ".join(error.messages)) from None
    except DjangoValidationError as error:
        raise serializers.ValidationError(error.messages) from None


def _read(serializer: type[serializers.BaseSerializer], request: Request) -> dict[str, Any]:
    given = serializer(data=request.data)
    given.is_valid(raise_exception=True)
    return given.validated_data
