"""Files on their way in: uploaded, mapped, started, followed and taken back."""

from typing import Any

import django_filters as filters
from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import parsers, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from leads.access import teams_with
from leads.api.errors import Conflict
from leads.api.filtering import refuse_others
from leads.api.inputs import Strict, team_of
from leads.api.lists import ReadViewSet
from leads.api.parsers import JSONParser
from leads.api.requests import Request
from leads.enums import ImportKind, ImportPolicy, ImportState, SourceKind
from leads.filters import TeamFilter
from leads.ingest import job as jobs
from leads.ingest import undo
from leads.ingest.files import FileError
from leads.ingest.mapping import MappingForm
from leads.ingest.source import source_name
from leads.models import Import, ImportProblem, Source
from leads.tasks import run_imports
from leads.wake import wake


class ImportSerializer(serializers.ModelSerializer):
    """created + updated + unchanged + rejected = processed, at any moment; at the end processed = rows."""

    source = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    can_undo = serializers.SerializerMethodField()

    class Meta:
        model = Import
        fields = (
            "id", "team", "source", "by", "name", "kind", "policy", "encoding", "delimiter", "header", "columns",
            "mapping", "state", "read_percent", "rows", "processed", "created", "updated", "unchanged", "rejected",
            "in_part", "error", "created_at", "started_at", "finished_at", "can_undo", "undone_at", "undo_counts",
        )  # fmt: skip

    def get_can_undo(self, job: Import) -> bool:
        return undo.can_undo(job)


class ImportInput(Strict, serializers.Serializer):
    """A file to be looked through. Nothing is stored of its rows before it is started."""

    file = serializers.FileField(max_length=200, help_text="CSV or XLSX with a header, up to 200 MB.")
    team = serializers.CharField(required=False, help_text="Id or slug. Needed when you are in several teams.")
    source = serializers.CharField(
        required=False, max_length=100, help_text="Where the file comes from. Default: by its name."
    )
    kind = serializers.ChoiceField(ImportKind.choices, required=False, help_text="Default: by its columns.")

    def validate_file(self, file: Any) -> Any:
        if file.size > settings.IMPORT_MAX_BYTES:
            raise serializers.ValidationError("The file is larger than 200 MB. Cut it in two.")
        return file


class MappingInput(Strict, serializers.Serializer):
    """What the columns become. Columns that are not named stay as they are; null: not imported."""

    mapping = serializers.DictField(child=serializers.CharField(allow_null=True, max_length=100), required=False)
    policy = serializers.ChoiceField(ImportPolicy.choices, required=False)

    def validate_mapping(self, mapping: dict[str, str | None]) -> dict[str, str | None]:
        unknown = sorted(set(mapping) - set(self.context["job"].columns))
        if unknown:
            raise serializers.ValidationError([f"The file has no column {name[:60]!r}." for name in unknown[:5]])
        return mapping


class ImportProblemSerializer(serializers.ModelSerializer):
    class Meta:
        model = ImportProblem
        fields = ("id", "line", "column", "value", "outcome", "message", "row")


class ImportFilters(filters.FilterSet):
    team = TeamFilter()

    class Meta:
        model = Import
        fields = ("state", "kind")


class ImportViewSet(ReadViewSet):
    """Files that came in, last first. An import is made, its columns are mapped, it is started, and followed here."""

    queryset = Import.objects.select_related("team", "source")
    serializer_class = ImportSerializer
    filterset_class = ImportFilters
    ordering = "-id"
    permissions = dict.fromkeys(("GET", "POST", "PATCH"), "leads.add_import")

    def get_queryset(self) -> QuerySet:
        return super().get_queryset().filter(team__in=teams_with(self.request.user, "leads.add_import"))

    @extend_schema(request={"multipart/form-data": ImportInput}, responses={201: ImportSerializer})
    def create(self, request: Request) -> Response:
        """Upload a file (multipart/form-data). The answer says how it would be read.

        A large workbook is read in the background first: state "reading", without columns, until it is "uploaded".
        """
        form = ImportInput(data=request.data, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        said = form.validated_data
        team = team_of(request.user, said.get("team", ""), "leads.add_import")
        name = said.get("source") or source_name(said["file"].name)
        source = Source.objects.named(team, name, SourceKind.IMPORT)
        try:
            job = jobs.take_over(said["file"], name=said["file"].name, team=team, source=source, by=request.user,
                                 kind=said.get("kind", ""))  # fmt: skip
        except FileError as wrong:
            raise serializers.ValidationError({"file": [str(wrong)]}) from None
        wake(run_imports)  # a large workbook is read there
        return Response(self.get_serializer(job).data, status=201)

    @extend_schema(request=MappingInput, responses=ImportSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Say what the columns become, while it is not started. 409: it is."""
        job = self.get_object()
        _not_started(job)
        form = MappingInput(data=request.data, context={**self.get_serializer_context(), "job": job})
        form.is_valid(raise_exception=True)
        mapping = {f"column-{job.columns.index(column)}": key or ""
                   for column, key in form.validated_data.get("mapping", {}).items()}  # fmt: skip
        chosen = MappingForm(job, {**mapping, "policy": form.validated_data.get("policy", "")})
        if chosen.errors:
            raise serializers.ValidationError({"mapping": chosen.errors})
        chosen.save()
        return self._answer(job)

    @extend_schema(request=None, responses={202: ImportSerializer})
    @action(detail=True, methods=["post"], url_path="start")
    def start(self, request: Request, pk: str) -> Response:
        """Begin to store its rows, in the background. 409: it was started before."""
        job = self.get_object()
        _not_reading(job)
        if not jobs.start(job):
            raise Conflict("It was started already.")
        wake(run_imports)
        return self._answer(job, 202)

    @extend_schema(request=None, responses=ImportSerializer)
    @action(detail=True, methods=["post"], url_path="stop")
    def stop(self, request: Request, pk: str) -> Response:
        """Take no further rows; what is stored stays. 409: it has ended, or is not started."""
        job = self.get_object()
        if not jobs.stop(job):
            raise Conflict("It does not run.")
        return self._answer(job)

    @extend_schema(request=None, responses={202: ImportSerializer})
    @action(detail=True, methods=["post"], url_path="undoing")
    def undoing(self, request: Request, pk: str) -> Response:
        """Take the whole import back, in the background. 409: it runs, or cannot be undone any more."""
        job = self.get_object()
        if not undo.ask(job, by=request.user):
            raise Conflict("It cannot be undone: it has not ended, is undone already, or its file was deleted.")
        wake(run_imports)
        return self._answer(job, 202)

    @extend_schema(responses=ImportProblemSerializer(many=True))
    @action(detail=True, methods=["get"], url_path="problems", filterset_class=None)
    def problems(self, request: Request, pk: str) -> Response:
        """Rows that were skipped or taken in part, with what to do, in order of their ids."""
        job = self.get_object()
        refuse_others(request, self)
        self.ordering = "id"
        page = self.paginate_queryset(job.problems.order_by("id"))
        return self.get_paginated_response(ImportProblemSerializer(page, many=True).data)

    def get_parsers(self) -> list[Any]:
        """A file comes in parts; everything else is JSON."""
        return [parsers.MultiPartParser(), JSONParser()]

    def _answer(self, job: Import, status: int = 200) -> Response:
        job.refresh_from_db()
        return Response(self.get_serializer(job).data, status=status)


def _not_reading(job: Import) -> None:
    if job.state == ImportState.READING:
        raise Conflict("The workbook is being read: its columns are not known yet. Ask again in a minute.")


def _not_started(job: Import) -> None:
    _not_reading(job)
    if job.state != ImportState.UPLOADED:
        raise Conflict("It is started: its columns stay as they are.")
