"""Scoring models: the draft in data and in sentences, its versions, publishing and going back."""

from dataclasses import asdict
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from leads.api.errors import Conflict
from leads.api.lists import ReadViewSet
from leads.conditions.vocabulary import Vocabulary
from leads.wake import wake
from scoring import publishing
from scoring.api.drafts import DraftActions
from scoring.api.health import HealthActions
from scoring.approvals import ApprovalMissing, NothingNew
from scoring.engine.definition import freeze, load
from scoring.freezing import ExperimentRunning
from scoring.layout import rules_of
from scoring.modelfile.apply import apply
from scoring.modelfile.dump import draft_file
from scoring.modelfile.read import ModelFileError, ModelFileSerializer, read_data
from scoring.models import Publication, ScoringModel, Version, VersionState
from scoring.tasks import run_publications

PUBLISH = {
    "GET": "scoring.view_scoringmodel",
    "POST": "scoring.publish_scoringmodel",
    "DELETE": "scoring.publish_scoringmodel",
}


DRAFT = {"GET": "scoring.view_scoringmodel", "PUT": "scoring.change_scoringmodel"}


class VersionSerializer(serializers.ModelSerializer):
    class Meta:
        model = Version
        fields = ("id", "number", "state", "note", "published_at", "published_by")


class ModelSerializer(serializers.ModelSerializer):
    versions = VersionSerializer(many=True)

    class Meta:
        model = ScoringModel
        fields: tuple[str, ...] = (
            "id", "name", "slug", "description", "audience", "position", "axis_limit", "fit_limits",
            "engagement_limits", "labels", "handoff_labels", "versions",
        )  # fmt: skip


class ModelDetailSerializer(ModelSerializer):
    """`rules` is the draft: groups in order, their criteria with condition, sentence and what they are worth."""

    rules = serializers.SerializerMethodField()

    class Meta(ModelSerializer.Meta):
        fields = (*ModelSerializer.Meta.fields, "rules")

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_rules(self, model: ScoringModel) -> list[dict[str, Any]]:
        axes = rules_of(load(freeze(model)), Vocabulary.load())
        return [
            asdict(group.rule) | {"criteria": [_rule(item) for item in group.rules]}
            for axis in axes for group in axis.groups
        ]  # fmt: skip


def _rule(item: Any) -> dict[str, Any]:
    values = asdict(item.rule) | {"sentence": item.sentence, "worth": item.worth}
    del values["group"]
    return values


class PublicationSerializer(serializers.ModelSerializer):
    """`finished_at` is null while leads are being scored; `changed` counts those whose standing the switch changed.

    `abandoned`: it ended without a switch, by hand or because of `problem`; what was live still is.
    """

    number = serializers.IntegerField(source="version.number")
    pages = serializers.SerializerMethodField()
    pages_done = serializers.SerializerMethodField()

    class Meta:
        model = Publication
        fields = (
            "id",
            "version",
            "number",
            "by",
            "started_at",
            "finished_at",
            "leads",
            "changed",
            "abandoned",
            "problem",
            "pages",
            "pages_done",
        )

    def get_pages(self, publication: Publication) -> int:
        return publication.pages.count()

    def get_pages_done(self, publication: Publication) -> int:
        return publication.pages.filter(done_at__isnull=False).count()


class PublicationInput(serializers.Serializer):
    note = serializers.CharField(max_length=300, help_text="What is new, and why.")


class RollbackInput(serializers.Serializer):
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="The number of a retired version.")


class ModelViewSet(DraftActions, HealthActions, ReadViewSet):
    """Models belong to the company: everybody who may see one sees all."""

    queryset = ScoringModel.objects.prefetch_related("versions")
    serializer_class = ModelSerializer
    permissions: dict[str, str] | None = None

    def get_queryset(self) -> QuerySet[ScoringModel]:
        return ScoringModel.objects.prefetch_related("versions")

    @extend_schema(responses=ModelDetailSerializer)
    def retrieve(self, request: Request, *args: Any, **extra: Any) -> Response:
        """The model with its draft in sentences."""
        return Response(ModelDetailSerializer(self.get_object()).data)

    @extend_schema(request=ModelFileSerializer, responses={201: ModelDetailSerializer})
    def create(self, request: Request, *args: Any, **extra: Any) -> Response:
        """A new model from a model file (docs/model-files.md) as JSON. 409 where a model has its slug."""
        file = _file(request)
        if ScoringModel.objects.filter(slug=file["slug"]).exists():
            raise Conflict(f"There is a model {file['slug']} already: PUT its file, or choose another slug.")
        return Response(ModelDetailSerializer(_drafted(request, file)).data, status=201)

    @extend_schema(methods=["GET"], responses=ModelFileSerializer)
    @extend_schema(methods=["PUT"], request=ModelFileSerializer, responses=ModelDetailSerializer)
    @action(detail=True, methods=["get", "put"], permissions=DRAFT)
    def file(self, request: Request, pk: str) -> Response:
        """GET: the draft as a model file. PUT: make the draft what the file says; what is live stays live."""
        model = self.get_object()
        if request.method == "PUT":
            return Response(ModelDetailSerializer(_drafted(request, _file(request) | {"slug": model.slug})).data)
        return Response(draft_file(model))

    @extend_schema(methods=["GET"], responses=PublicationSerializer)
    @extend_schema(methods=["POST"], request=PublicationInput, responses={202: PublicationSerializer})
    @extend_schema(methods=["DELETE"], responses=PublicationSerializer)
    @action(detail=True, methods=["get", "post", "delete"], permissions=PUBLISH)
    def publication(self, request: Request, pk: str) -> Response:
        """GET: the last one and how far it is. POST: publish the draft; it is live when every lead is scored.

        DELETE: stop the one that runs; what is live stays live. 409 when it has ended.
        """
        model = self.get_object()
        if request.method == "POST":
            note = _read(PublicationInput, request)["note"]
            return _started(lambda: publishing.publish(model, by=request.user, note=note))
        latest = Publication.objects.filter(version__model=model).order_by("-pk")
        last = get_object_or_404(latest.select_related("version")[:1])
        if request.method == "DELETE":
            if not publishing.abandon(last):
                raise Conflict("It had ended already, so there was nothing to stop.")
            last.refresh_from_db()
        return Response(PublicationSerializer(last).data)

    @extend_schema(request=RollbackInput, responses={202: PublicationSerializer})
    @action(detail=True, methods=["post"], permissions=PUBLISH)
    def rollback(self, request: Request, pk: str) -> Response:
        """Make an older version live again."""
        number = _read(RollbackInput, request)["version"]
        version = self.get_object().versions.filter(number=number).first()
        if version is None or version.state == VersionState.SCORING:
            raise serializers.ValidationError({"version": ["There is no published version of that number."]})
        return _started(lambda: publishing.rollback(version, by=request.user))


def _read(serializer: type[serializers.Serializer], request: Request) -> dict[str, Any]:
    given = serializer(data=request.data)
    given.is_valid(raise_exception=True)
    return given.validated_data


def _file(request: Request) -> dict[str, Any]:
    try:
        return read_data(request.data)
    except ModelFileError as error:
        raise serializers.ValidationError({"file": error.problems}) from None


def _drafted(request: Request, file: dict[str, Any]) -> ScoringModel:
    try:
        return apply(file, by=request.user, origin="API").model
    except ModelFileError as error:
        raise serializers.ValidationError({"file": error.problems}) from None


def _started(verb: Any) -> Response:
    """409 while another version is being scored or an experiment runs, where the draft is what is live or where it is
    not approved; 400 names every criterion that cannot be scored.
    """
    try:
        publication = verb()
    except (publishing.PublicationRunning, ExperimentRunning, ApprovalMissing, NothingNew) as error:
        raise Conflict(" ".join(error.messages)) from None
    except DjangoValidationError as error:
        raise serializers.ValidationError(error.messages) from None
    wake(run_publications)
    return Response(PublicationSerializer(publication).data, status=202)
