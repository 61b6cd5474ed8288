"""Experiments for programs: start, read, stop, promote, and what can be found before the start."""

from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import GenericAPIView, ListAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from leads.api.errors import Conflict
from leads.api.lists import ReadViewSet
from leads.models import Lead, Standing
from leads.wake import wake
from scoring.api.experiment_fields import (
    ExperimentDetailSerializer,
    ExperimentInput,
    ExperimentSerializer,
    NoteInput,
    ParticipantSerializer,
    PlanQuery,
    PlanSerializer,
    PromotionInput,
)
from scoring.api.models import PublicationSerializer
from scoring.approvals import ApprovalMissing
from scoring.experiments.lead import Said, said_of
from scoring.experiments.plan import Plan, findable, plan, shares_of, volume
from scoring.experiments.running import Challenger, promote, start, stop
from scoring.experiments.taken import taken
from scoring.models import Experiment, Participant, ScoringModel, Version
from scoring.publishing import PublicationRunning
from scoring.tasks import rescore_due, run_publications

SEE, RUN = "scoring.view_experiment", "scoring.run_experiment"


class ExperimentViewSet(ReadViewSet):
    """Experiments belong to the company. One runs on a model at a time."""

    queryset = Experiment.objects.all()
    serializer_class = ExperimentSerializer
    permissions = {"GET": SEE, "POST": RUN}
    ordering = "-id"

    def get_queryset(self) -> QuerySet[Experiment]:
        return Experiment.objects.prefetch_related("arms__version", "looks")

    @extend_schema(responses=ExperimentDetailSerializer)
    def retrieve(self, request: Request, *args: Any, **extra: Any) -> Response:
        """The experiment with its verdict, looks, outcomes and guards."""
        return Response(ExperimentDetailSerializer(self.get_object()).data)

    @extend_schema(request=ExperimentInput, responses={201: ExperimentDetailSerializer})
    def create(self, request: Request, *args: Any, **extra: Any) -> Response:
        """Start one, from now on. 409 where one runs on the model, or a draft is not approved."""
        given = ExperimentInput(data=request.data)
        given.is_valid(raise_exception=True)
        asked = dict(given.validated_data)
        model, name, shadow = asked.pop("model"), asked.pop("name"), asked.pop("shadow")
        sides = [_challenger(model, one) for one in asked.pop("challengers")]
        if it := taken(model):
            raise Conflict(f"“{it.experiment}” runs on {model} already. {it.until}")
        try:
            made = start(
                model, name=name, challengers=sides, plan=_planned(model, len(sides), asked), by=request.user,
                shadow=shadow,
            )  # fmt: skip
        except ApprovalMissing as error:
            raise Conflict(" ".join(error.messages)) from None
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages) from None
        return Response(ExperimentDetailSerializer(made).data, status=201)

    @extend_schema(request=NoteInput, responses=ExperimentDetailSerializer)
    @action(detail=True, methods=["post"])
    def ending(self, request: Request, pk: str) -> Response:
        """Stop it without promoting: the champion scores every lead again. 409 when it has ended."""
        experiment = self.get_object()
        given = NoteInput(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            stopped = stop(experiment, by=request.user, **given.validated_data)
        except DjangoValidationError as error:
            raise Conflict(" ".join(error.messages)) from None
        if not stopped:
            raise Conflict("It had ended already.")
        wake(rescore_due)
        return Response(ExperimentDetailSerializer(self.get_object()).data)

    @extend_schema(request=PromotionInput, responses={202: PublicationSerializer})
    @action(detail=True, methods=["post"])
    def promotion(self, request: Request, pk: str) -> Response:
        """Publish a challenger as it was frozen, for every lead; the experiment ends with the switch."""
        experiment = self.get_object()
        given = PromotionInput(data=request.data)
        given.is_valid(raise_exception=True)
        arm = experiment.arms.filter(position=given.validated_data["position"]).first()
        if not request.user.has_perm("scoring.publish_scoringmodel"):
            self.permission_denied(request)
        if arm is None:
            raise serializers.ValidationError({"position": ["There is no challenger of that position."]})
        try:
            publication = promote(experiment, arm, by=request.user, note=given.validated_data["note"])
        except (PublicationRunning, DjangoValidationError) as error:
            raise Conflict(" ".join(error.messages)) from None
        wake(run_publications)
        return Response(PublicationSerializer(publication).data, status=202)


def _challenger(model: ScoringModel, given: dict[str, int]) -> Challenger:
    source: ScoringModel | Version | None = None
    if set(given) == {"draft"}:
        source = ScoringModel.objects.filter(pk=given["draft"]).first()
    elif set(given) == {"version"}:
        source = Version.objects.filter(model=model, number=given["version"]).select_related("model").first()
    if source is None:
        said = 'Give {"draft": id of a model} or {"version": number of a version of this model}.'
        raise serializers.ValidationError({"challengers": [said]})
    return Challenger(source)


def _planned(model: ScoringModel, challengers: int, asked: dict[str, Any]) -> Plan:
    known = volume(model, asked["within"])
    rate = known.rate(asked["outcome"])
    base = asked.get("base") or (min(0.99, max(0.001, rate.k / rate.n)) if rate.k and rate.enough else None)
    if base is None:
        said = f"Too little is known of the last year ({rate.k:,} of {rate.n:,}): say what the rate is today."
        raise serializers.ValidationError({"base": [said]})
    if not 0 <= base + asked["effect"] <= 1:
        raise serializers.ValidationError({"effect": [f"{base:.3f} and this make no share between 0 and 1."]})
    try:
        shares = shares_of(challengers, asked.pop("share", None))
    except DjangoValidationError as error:
        raise serializers.ValidationError(error.message_dict) from None
    return plan(known, **asked | {"base": base}, shares=shares)


class PlanView(GenericAPIView):
    """What can be found with how many leads, and how long that takes at today's volume. Nothing is started.

    `taken`: by which experiment the model is, and until when; null: it is free.
    """

    queryset = Experiment.objects.none()
    serializer_class = PlanSerializer
    permissions = {"GET": SEE}

    @extend_schema(parameters=[PlanQuery], responses=PlanSerializer)
    def get(self, request: Request) -> Response:
        given = PlanQuery(data=request.query_params.dict())
        given.is_valid(raise_exception=True)
        asked = dict(given.validated_data)
        model, sides = asked.pop("model"), asked.pop("challengers")
        made = _planned(model, sides, asked)
        rows = findable(volume(model, made.within), outcome=made.outcome, within=made.within, base=made.base,
                        shares=made.shares)  # fmt: skip
        found = [{"weeks": weeks, "cases": cases, "rise": rise} for weeks, cases, rise in rows]
        it = taken(model)
        by = it and {"experiment": it.experiment.pk, "name": it.experiment.name, "until": it.until}
        return Response(PlanSerializer(made).data | {"findable": found, "taken": by})


class ParticipantsView(ListAPIView):
    """The leads of an experiment that are in your teams, each with both scores: as they are, or, after its end, as they
    were then.
    """

    queryset = Participant.objects.all()
    serializer_class = ParticipantSerializer
    permissions = {"GET": SEE}
    ordering = "id"

    def get_queryset(self) -> QuerySet[Participant]:
        self.experiment = get_object_or_404(Experiment, pk=self.kwargs["pk"])
        user = self.request.user
        rows = Participant.objects.visible_to(user).filter(experiment=self.experiment).select_related("arm")
        return rows.filter(lead__in=Lead.with_merged.visible_to(user))  # it may have moved to another team since

    def paginate_queryset(self, queryset: QuerySet[Participant]) -> Any:  # type: ignore[override]
        page = super().paginate_queryset(queryset) or []
        standings = Standing.objects.visible_to(self.request.user).in_bulk([row.lead_id for row in page])
        self.scores = _scores(said_of(self.experiment, page, standings)) if page else {}
        return page

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "scores": getattr(self, "scores", {})}


def _scores(said: dict[int, list[Said]]) -> dict[int, list[dict[str, Any]]]:
    """What each side says of these leads, first the one that decides."""
    return {lead: [_score(one) for one in sorted(sides, key=_after) if one.score] for lead, sides in said.items()}


def _after(one: Said) -> bool:
    return not one.decides


def _score(one: Said) -> dict[str, Any]:
    names = ("total", "grade", "label", "as_of")
    numbers = {name: getattr(one.score, name) for name in names}
    return {"version": one.arm.version.number, **numbers, "decides": one.decides}
