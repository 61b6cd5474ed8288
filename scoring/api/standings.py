"""Where a lead stands, line by line, and how it came to that."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from leads.models import LedgerLine, Standing
from scoring.changes import Change, changes_of
from scoring.experiments.lead import drawn
from scoring.ledgers import Ledger, Line, ledger_of, others_of, shown_of
from scoring.models import Entry, Score


class FoundSerializer(serializers.Serializer):
    text = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True, help_text="When the last event happened; null for a field.")


class LineSerializer(serializers.Serializer):
    """A criterion, or what a limit took away or added: then `criterion` names the limit and `kind` is group or axis."""

    criterion = serializers.CharField(source="name")
    kind = serializers.ChoiceField(choices=[LedgerLine.CRITERION, LedgerLine.GROUP, LedgerLine.AXIS])
    group = serializers.CharField()
    axis = serializers.CharField()
    points = serializers.IntegerField()
    evidence = FoundSerializer(source="evidence.found", many=True, default=list)


class ScoreSerializer(serializers.ModelSerializer):
    """What another live model says; its lines: leads/<id>/standing?model=<slug>."""

    model = serializers.CharField(source="model.slug")

    class Meta:
        model = Score
        fields = ("model", "fit", "engagement", "total", "grade", "label", "version")


class SaidSerializer(serializers.Serializer):
    """What a side says; all null where it says nothing. `position` 0 is the champion."""

    position = serializers.IntegerField(source="arm.position")
    name = serializers.CharField(source="arm.name")
    version = serializers.IntegerField(source="arm.version_id")
    decides = serializers.BooleanField()
    fit = serializers.IntegerField(source="score.fit", default=None)
    engagement = serializers.IntegerField(source="score.engagement", default=None)
    total = serializers.IntegerField(source="score.total", default=None)
    grade = serializers.CharField(source="score.grade", default=None)
    label = serializers.CharField(source="score.label", default=None)


class DrawnSerializer(serializers.Serializer):
    """`side` is the position of the side the lead was drawn for; its lines: leads/<id>/standing?side=<position>.
    `ended_at`: null while it runs; `sides` say what they said then.
    """

    id = serializers.IntegerField(source="experiment.pk")
    name = serializers.CharField(source="experiment.name")
    shadow = serializers.BooleanField(source="experiment.shadow")
    ended_at = serializers.DateTimeField(source="experiment.ended_at")
    side = serializers.IntegerField(source="arm.position")
    sides = SaidSerializer(many=True)


class StandingSerializer(serializers.ModelSerializer):
    """All null while the lead is not scored, which is not the same as 0. The points of `lines` add up to `total`.

    `automatic_label` is what the score says while a person has set the label, else null.
    """

    lead = serializers.IntegerField(source="lead_id")
    model = serializers.SerializerMethodField()
    number = serializers.SerializerMethodField(help_text="The number of the version in its model.")
    lines = serializers.SerializerMethodField()
    others = serializers.SerializerMethodField(help_text="The scores by other live models that are for this lead.")
    experiment = serializers.SerializerMethodField(
        help_text="The running experiment it is in, else the last one, with what each side says; null: none, or hidden."
    )

    class Meta:
        model = Standing
        fields = (
            "lead", "fit", "engagement", "total", "grade", "label", "automatic_label", "version", "model", "number",
            "as_of", "lines", "others", "experiment",
        )  # fmt: skip

    def get_model(self, standing: Standing) -> str | None:
        return self._ledger.version.model.name if self._ledger else None

    def get_number(self, standing: Standing) -> int | None:
        return self._ledger.version.number if self._ledger else None

    @extend_schema(responses=LineSerializer(many=True))
    def get_lines(self, standing: Standing) -> Any:
        return LineSerializer(told(self._ledger), many=True).data

    @extend_schema(responses=ScoreSerializer(many=True))
    def get_others(self, standing: Standing) -> Any:
        others = [score for score in others_of(standing) if score.version_id != standing.version]
        return ScoreSerializer(others, many=True).data

    @extend_schema(responses=DrawnSerializer(allow_null=True))
    def get_experiment(self, standing: Standing) -> Any:
        found = self.context["drawn"]
        return found and DrawnSerializer(found).data

    @property
    def _ledger(self) -> Ledger | None:
        return self.context["ledger"]


def told(ledger: Ledger | None) -> list[Line]:
    """Every criterion, met or not, and the limits that did something."""
    lines = ledger.lines if ledger else []
    return [line for line in lines if line.points or line.kind == LedgerLine.CRITERION]


@extend_schema(
    parameters=[
        OpenApiParameter("model", str, description="Slug of a live model: what it says alone."),
        OpenApiParameter("side", int, description="Position of a side of its experiment: what that says alone."),
    ]
)
class StandingView(RetrieveAPIView):
    """A lead's standing with the ledger behind it. 404 where `model` is not live, or not for this lead; so with `side`
    where the lead is in no experiment, or you may not see them.
    """

    queryset = Standing.objects.all()
    serializer_class = StandingSerializer

    def retrieve(self, request: Request, *args: Any, **extra: Any) -> Response:
        standing = get_object_or_404(Standing.objects.visible_to(request.user), pk=self.kwargs["pk"])
        shown = shown_of(standing, request.query_params.dict(), request.user)
        if shown is None:
            raise Http404
        context = {
            **self.get_serializer_context(), "ledger": ledger_of(shown), "drawn": drawn(standing, request.user)
        }  # fmt: skip
        return Response(StandingSerializer(shown, context=context).data)


class ChangeSerializer(serializers.ModelSerializer):
    """`what` says it in words; `change` is null where there was no score before or is none after."""

    what = serializers.CharField(source="change.words")
    change = serializers.IntegerField(source="change.by", allow_null=True)

    class Meta:
        model = Entry
        fields = (
            "seq", "cause", "what", "change", "total_before", "grade_before", "label_before", "fit", "engagement",
            "total", "grade", "label", "version", "as_of", "recorded_at",
        )  # fmt: skip


class HistoryView(ListAPIView):
    """Every change of a lead's standing with its cause, newest first."""

    queryset = Entry.objects.all()
    serializer_class = ChangeSerializer
    ordering = "-seq"

    def get_queryset(self) -> QuerySet[Entry]:
        lead = get_object_or_404(Standing.objects.visible_to(self.request.user), pk=self.kwargs["pk"])
        return Entry.objects.filter(lead=lead.pk)

    def list(self, request: Request, *args: Any, **extra: Any) -> Response:
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        changes = changes_of([*rows, *_before(rows)], page=len(rows))
        return self.get_paginated_response(ChangeSerializer([_joined(change) for change in changes], many=True).data)


def _before(rows: list[Entry]) -> list[Entry]:
    """The entry the last row changed from."""
    return list(Entry.objects.filter(lead=rows[-1].lead_id, seq=rows[-1].seq - 1)) if rows else []


def _joined(change: Change) -> Entry:
    change.entry.change = change  # type: ignore[attr-defined]
    return change.entry
