"""Learning from past leads: is there enough, a card and how it was learned, a draft of it, learning by itself."""

from dataclasses import asdict
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from leads.api.errors import Conflict
from leads.api.inputs import Strict
from leads.conditions.grammar import ConditionError
from leads.wake import wake
from scoring.api.drafts import DifferenceSerializer
from scoring.api.previews import QuestionInput
from scoring.learning import job
from scoring.learning.draft import make_draft
from scoring.learning.readiness import readiness
from scoring.learning.refresh import set_refresh
from scoring.learning.replacing import WouldReplace
from scoring.models import Learning, Refresh, ScoringModel
from scoring.sample import Question
from scoring.tasks import run_learnings

VIEW, ADD, CHANGE = (f"scoring.{verb}_learning" for verb in ("view", "add", "change"))


class LearningInput(QuestionInput):
    """What is asked, of whom, and how large the card may be."""

    audience = serializers.JSONField(default=None, help_text="A condition. Null: every lead.")
    budget = serializers.IntegerField(
        min_value=1,
        max_value=100,
        default=None,
        allow_null=True,
        help_text="Most criteria; 15, 25 or 40, none larger, are chosen by leads a card has not seen. Null: 40.",
    )
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)
    keep = serializers.ListField(
        child=serializers.CharField(max_length=200), default=list, max_length=200,
        help_text="Columns to learn from although they look as if they knew the outcome.",
    )  # fmt: skip


def question_of(given: dict[str, Any]) -> Question:
    return Question(**{name: given.pop(name) for name in vars(Question())})


class LearningSerializer(serializers.ModelSerializer):
    """`finished_at` is null while it is on its way; then `done` of `total` are done of `stage`.

    `result`: the card with n, lift and interval of each criterion, its `sizes` with their AUC on held-out leads,
    `against` the live version, `left_out`, `leaks`, `drift` and `bias`. `draft`: the model made of it.
    """

    result = serializers.SerializerMethodField()

    class Meta:
        model = Learning
        fields = (
            "id", "question", "audience", "budget", "seed", "keep", "origin", "state", "stage", "done", "total",
            "attempts", "asked_at", "finished_at", "by", "live", "problem", "draft", "result",
        )  # fmt: skip

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_result(self, learning: Learning) -> Any:
        return learning.result


class DraftInput(Strict, serializers.Serializer):
    model = serializers.SlugField(
        default=None, allow_null=True, help_text="The model whose draft it becomes. Null: a model of its own."
    )
    replace = serializers.BooleanField(
        default=False, help_text="Also where that draft holds edits that were not published: they go."
    )


class DraftedSerializer(serializers.ModelSerializer):
    """`before`: the row of its history with what the draft was, as `POST models/<id>/restoration` takes it as `change`;
    null where there was none.
    """

    before = serializers.SerializerMethodField()

    class Meta:
        model = ScoringModel
        fields = ("id", "name", "slug", "before")

    def get_before(self, model: ScoringModel) -> int | None:
        return next(iter(model.revisions.values_list("pk", flat=True)[1:2]), None)


class WouldReplaceSerializer(serializers.Serializer):
    """The draft holds edits that were not published: what `lost` lists would go. `since`: the number of its live
    version, null where nothing of it is live.
    """

    error = serializers.CharField()
    since = serializers.IntegerField(allow_null=True)
    lost = DifferenceSerializer(many=True)


class LearningsView(ListAPIView):
    """Every card that was learned, or refused, the newest first."""

    queryset = Learning.objects.all()
    serializer_class = LearningSerializer
    permissions = {"GET": VIEW, "POST": ADD}
    ordering = "-id"

    @extend_schema(request=LearningInput, responses={202: LearningSerializer})
    def post(self, request: Request) -> Response:
        """Have a worker learn a card. 409 while another one is being learned."""
        given = LearningInput(data=request.data)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        try:
            asked = job.ask(question_of(values), by=request.user, **values)
        except job.Busy as error:
            raise Conflict(" ".join(error.messages)) from None
        except ConditionError as error:
            raise serializers.ValidationError({"audience": [str(error)]}) from None
        wake(run_learnings)
        return Response(LearningSerializer(asked).data, status=202)


class LearningView(GenericAPIView):
    """One card, or how far it is."""

    queryset = Learning.objects.all()
    serializer_class = LearningSerializer
    permissions = {"GET": VIEW}

    def get(self, request: Request, pk: str) -> Response:
        return Response(LearningSerializer(get_object_or_404(Learning, pk=int(pk))).data)


class CancellationView(GenericAPIView):
    queryset = Learning.objects.all()
    serializer_class = LearningSerializer
    permissions = {"POST": CHANGE}

    @extend_schema(request=None, responses=LearningSerializer)
    def post(self, request: Request, pk: str) -> Response:
        """Stop it. 409: it had ended already."""
        row = get_object_or_404(Learning, pk=int(pk))
        if not job.stop(row):
            raise Conflict("It had ended already.")
        row.refresh_from_db()
        return Response(LearningSerializer(row).data)


class LearnedDraftView(GenericAPIView):
    queryset = Learning.objects.all()
    serializer_class = DraftedSerializer
    permissions = {"POST": CHANGE}

    @extend_schema(request=DraftInput, responses={201: DraftedSerializer, 409: WouldReplaceSerializer})
    def post(self, request: Request, pk: str) -> Response:
        """A draft of the card. Nothing is published; what the draft was before stays in its history.

        409, and nothing is changed, where the draft of `model` holds edits that were not published: `lost` lists them.
        With `"replace": true` they make room; `before` in the answer is the way back. 409 without `lost`: there is no
        card, or it asks a field that is gone.
        """
        row = get_object_or_404(Learning, pk=int(pk))
        given = DraftInput(data=request.data)
        given.is_valid(raise_exception=True)
        slug = given.validated_data["model"]
        into = get_object_or_404(ScoringModel, slug=slug) if slug else None
        try:
            made = make_draft(row, into=into, replace=given.validated_data["replace"], by=request.user)
        except WouldReplace as error:
            raise _would_replace(error) from None
        except DjangoValidationError as error:
            raise Conflict(" ".join(error.messages)) from None
        return Response(DraftedSerializer(made).data, status=201)


def _would_replace(error: WouldReplace) -> Conflict:
    found = error.unpublished
    words = f"{found.words} Send replace: true to replace it; POST models/{found.model.pk}/restoration brings it back."
    return Conflict(
        words, since=found.since and found.since.number, lost=DifferenceSerializer(found.lost, many=True).data
    )


_ASKED = [
    OpenApiParameter("outcome", str, description="won or accepted"), OpenApiParameter("within", int),
    OpenApiParameter("moment", str, description="created or handoff"), OpenApiParameter("after", int),
]  # fmt: skip


class ReadinessView(GenericAPIView):
    permissions = {"GET": VIEW}
    queryset = Learning.objects.none()

    @extend_schema(parameters=_ASKED, responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Whether there are enough past leads for the question, and what is missing: `needs` with have and least."""
        given = QuestionInput(data=request.query_params.dict())
        given.is_valid(raise_exception=True)
        found = readiness(Question(**given.validated_data), timezone.now())
        needs = [asdict(need) | {"short": need.short} for need in found.needs]
        told = {"question": asdict(found.question), "ready": found.ready, "early": found.early, "needs": needs}
        return Response(told | {"leads": found.leads, "won": found.won, "span": found.span})


class RefreshSerializer(serializers.ModelSerializer):
    class Meta:
        model = Refresh
        fields = ("active", "question", "budget", "due_at", "last_at", "changed_at", "changed_by")
        read_only_fields = ("question", "due_at", "last_at", "changed_at", "changed_by")


class RefreshInput(QuestionInput):
    active = serializers.BooleanField()
    budget = serializers.IntegerField(min_value=1, max_value=100, default=None, allow_null=True)


class RefreshView(GenericAPIView):
    """Learning again by itself, monthly or on drift. It makes a draft and a notice; it never publishes."""

    queryset = Refresh.objects.all()
    serializer_class = RefreshSerializer
    permissions = {"GET": VIEW, "PUT": CHANGE}

    def get(self, request: Request) -> Response:
        return Response(RefreshSerializer(Refresh.get()).data)

    @extend_schema(request=RefreshInput, responses=RefreshSerializer)
    def put(self, request: Request) -> Response:
        given = RefreshInput(data=request.data)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        row = set_refresh(question=question_of(values), by=request.user, **values)
        return Response(RefreshSerializer(row).data)
