"""A draft before it goes live: counting it, what it would do, and the leads behind its numbers."""

from typing import Any

import django_filters as filters
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import F, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from leads.api.inputs import Strict
from leads.enums import Label
from leads.filters import GRADES
from leads.wake import wake
from scoring.models import Preview, PreviewScore, ScoringModel
from scoring.preview import job
from scoring.sample import CREATED, HANDOFF, OUTCOMES, WON, Question
from scoring.tasks import run_previews


class QuestionInput(Strict, serializers.Serializer):
    """What is asked of past leads: the outcome within so many days of the moment whose score is taken."""

    outcome = serializers.ChoiceField(choices=OUTCOMES, default=WON)
    within = serializers.IntegerField(min_value=1, max_value=1095, default=180, help_text="Days.")
    moment = serializers.ChoiceField(choices=[CREATED, HANDOFF], default=CREATED)
    after = serializers.IntegerField(min_value=0, max_value=365, default=14, help_text="Days after creation.")


class PreviewSerializer(serializers.ModelSerializer):
    """`finished_at` is null while it is counted; then `done` of `leads` are done of the stage.

    `current`: the draft and what is live are still those that were counted. `facts_at`: the moment of the facts.
    `result` is company-wide: `moves`, `distribution`, `touched` (leads per changed rule), `weekly` (Hot per week),
    `choices` (where Hot may begin), `backtest`, `criteria` (with the loss of removing each), `ceilings`, `smaller`.
    """

    current = serializers.SerializerMethodField()
    result = serializers.SerializerMethodField()

    class Meta:
        model = Preview
        fields = (
            "id", "stage", "leads", "done", "current", "question", "facts_at", "started_at", "finished_at", "by",
            "live", "problem", "result",
        )  # fmt: skip

    def get_current(self, preview: Preview) -> bool:
        return job.current(preview)

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_result(self, preview: Preview) -> dict[str, Any]:
        return preview.result


class PreviewView(GenericAPIView):
    """The last preview of a model's draft, or the one that is being counted."""

    queryset = Preview.objects.all()
    serializer_class = PreviewSerializer
    permissions = {"GET": "scoring.view_scoringmodel", "POST": "scoring.change_scoringmodel"}

    def get(self, request: Request, pk: str) -> Response:
        """404 while none was counted."""
        latest = Preview.objects.filter(model=int(pk)).select_related("model")[:1]
        return Response(PreviewSerializer(get_object_or_404(latest)).data)

    @extend_schema(request=QuestionInput, responses={202: PreviewSerializer})
    def post(self, request: Request, pk: str) -> Response:
        """Count the draft as it is now; a count that runs is given up. 400 names every criterion that cannot be."""
        model = get_object_or_404(ScoringModel, pk=pk)
        given = QuestionInput(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            started = job.start(model, by=request.user, question=Question(**given.validated_data))
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages) from None
        wake(run_previews)
        return Response(PreviewSerializer(started).data, status=202)


class MoverSerializer(serializers.ModelSerializer):
    """A lead by the draft, and as it stood at the moment of the facts. An empty label: outside the audience."""

    class Meta:
        model = PreviewScore
        fields = (
            "lead", "fit", "engagement", "total", "grade", "label", "total_before", "grade_before", "label_before",
        )  # fmt: skip


class MoverFilters(filters.FilterSet):
    """An empty value asks for those outside the audience. Without any: those that get another label."""

    label_before = filters.ChoiceFilter(choices=Label.choices, label="Only those with this label now.")
    label = filters.ChoiceFilter(choices=Label.choices, label="Only those with this label by the draft.")
    grade_before = filters.ChoiceFilter(choices=GRADES, label="Only those with this grade now.")
    grade = filters.ChoiceFilter(choices=GRADES, label="Only those with this grade by the draft.")

    class Meta:
        model = PreviewScore
        fields: tuple[str, ...] = ()

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        asked = {name: value for name, value in self.form.cleaned_data.items() if name in self.data}
        return queryset.filter(**asked) if asked else queryset.exclude(label=F("label_before"))


class MoversView(ListAPIView):
    """The leads of the finished preview that you may see. Without a filter: those that get another label."""

    queryset = PreviewScore.objects.all()
    serializer_class = MoverSerializer
    filterset_class = MoverFilters
    permissions = {"GET": "scoring.view_scoringmodel"}
    ordering = "lead"

    def get_queryset(self) -> QuerySet[PreviewScore]:
        finished = Preview.objects.filter(model=self.kwargs["pk"], finished_at__isnull=False)
        preview = get_object_or_404(finished[:1])
        return PreviewScore.objects.visible_to(self.request.user).filter(preview=preview)
