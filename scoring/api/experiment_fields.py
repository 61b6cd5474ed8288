"""What the API says of an experiment, and what it takes."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from leads.api.inputs import Strict
from scoring.experiments.counts import counts
from scoring.experiments.guards import guards
from scoring.experiments.looks import seen
from scoring.experiments.plan import MOST
from scoring.experiments.tables import outcome_tables
from scoring.experiments.verdict import verdict
from scoring.models import Arm, Experiment, Look, Outcome, Participant, ScoringModel


class AskedPlan(Strict, serializers.Serializer):
    """`base` and `effect` are shares: 0.2 and 0.05. Without `base` the rate of the last year."""

    outcome = serializers.ChoiceField(choices=Outcome.choices, default=Outcome.ACCEPTED)
    within = serializers.IntegerField(min_value=1, max_value=365, default=30, help_text="Days.")
    base = serializers.FloatField(min_value=0.001, max_value=0.999, required=False)
    effect = serializers.FloatField(min_value=-0.9, max_value=0.9, default=0.05)
    share = serializers.FloatField(
        min_value=0.05, max_value=0.5, required=False, help_text="Of new leads, each challenger's. Without it: equal."
    )

    def validate_effect(self, effect: float) -> float:
        if abs(effect) < 0.001:
            raise serializers.ValidationError("Give at least 0.001, up or down.")
        return effect


class PlanQuery(AskedPlan):
    model = serializers.PrimaryKeyRelatedField(queryset=ScoringModel.objects.all())
    challengers = serializers.IntegerField(min_value=1, max_value=MOST, default=1)


class ExperimentInput(AskedPlan):
    """`challengers`: {"draft": model id} or {"version": number of this model}, frozen as they are."""

    model = serializers.PrimaryKeyRelatedField(queryset=ScoringModel.objects.all())
    name = serializers.CharField(max_length=100)
    challengers = serializers.ListField(
        child=serializers.DictField(child=serializers.IntegerField()), min_length=1, max_length=MOST
    )
    shadow = serializers.BooleanField(default=False)


class PlanSerializer(serializers.Serializer):
    """`planned` cases on all sides find `effect` in 8 of 10 experiments. `weeks` is null where it takes ten years.

    `findable`: the smallest rise that so many weeks find at today's volume; null: none.
    """

    outcome = serializers.CharField()
    within = serializers.IntegerField()
    base = serializers.FloatField()
    effect = serializers.FloatField()
    shares = serializers.ListField(child=serializers.FloatField())
    planned = serializers.IntegerField()
    per_side = serializers.ListField(child=serializers.IntegerField())
    per_week = serializers.FloatField()
    weeks = serializers.FloatField(allow_null=True)
    days_between = serializers.IntegerField()


class SideSerializer(serializers.ModelSerializer):
    """`number`: of the version that was frozen for it. `position` 0 is the champion."""

    number = serializers.IntegerField(source="version.number")
    share = serializers.FloatField()

    class Meta:
        model = Arm
        fields = ("position", "name", "version", "number", "share")


class LookSerializer(serializers.ModelSerializer):
    """`seen`: what was compared, with `limit` for |z|; empty until `taken_at`. `decided`: the stop rule was met."""

    seen = serializers.SerializerMethodField()

    class Meta:
        model = Look
        fields = ("number", "due_at", "taken_at", "decided", "seen")

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_seen(self, look: Look) -> dict[str, Any]:
        return asdict(seen(look)) if look.taken_at else {}


class ExperimentSerializer(serializers.ModelSerializer):
    sides = SideSerializer(source="arms", many=True)

    class Meta:
        model = Experiment
        fields: tuple[str, ...] = (
            "id", "model", "name", "shadow", "outcome", "within", "base", "effect", "planned", "days_between",
            "started_at", "started_by", "ended_at", "ended_by", "ending", "note", "promoted", "sides",
        )  # fmt: skip


class ExperimentDetailSerializer(ExperimentSerializer):
    """`verdict` in words; `outcomes` and `guards` with k of n of every side, company-wide."""

    looks = LookSerializer(many=True)
    verdict = serializers.SerializerMethodField()
    outcomes = serializers.SerializerMethodField()
    guards = serializers.SerializerMethodField()

    class Meta(ExperimentSerializer.Meta):
        fields = (*ExperimentSerializer.Meta.fields, "looks", "verdict", "outcomes", "guards")

    def to_representation(self, it: Experiment) -> dict[str, Any]:
        self.found = counts(it, it.ended_at)
        return super().to_representation(it)

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_verdict(self, it: Experiment) -> dict[str, Any]:
        told = verdict(it, list(it.looks.all()), list(it.arms.all()), self.found)
        names = ("state", "headline", "text", "rule", "more")
        return {name: getattr(told, name) for name in names} | {"best": told.best and told.best.position}

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_outcomes(self, it: Experiment) -> list[dict[str, Any]]:
        last = next((seen(look) for look in reversed(it.looks.all()) if look.taken_at and seen(look).against), None)
        tables = outcome_tables(it, list(it.arms.all()), self.found, last)
        return [
            {
                "title": table.title, "decides": table.decides,
                "sides": [{"position": side.arm.position, "k": side.rate.k, "n": side.rate.n} for side in table.sides],
                "differences": [{"position": gap.arm.position, "difference": gap.value, "low": gap.interval.low,
                                 "high": gap.interval.high} for gap in table.gaps],
            }
            for table in ([] if it.shadow else tables)
        ]  # fmt: skip

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_guards(self, it: Experiment) -> list[dict[str, Any]]:
        return [
            {"position": guard.arm.position, "guard": guard.slug, "alarm": guard.alarm, "text": guard.text}
            for guard in guards(it, self.found)
        ]  # fmt: skip


class NoteInput(Strict, serializers.Serializer):
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class PromotionInput(NoteInput):
    position = serializers.IntegerField(min_value=1, max_value=MOST, default=1, help_text="Of the challenger.")


class ParticipantSerializer(serializers.ModelSerializer):
    """`side` is the position of the side the lead was drawn for; `scores` are both, by the number of the
    version: as they are, or as they were when the experiment ended.
    """

    side = serializers.IntegerField(source="arm.position")
    scores = serializers.SerializerMethodField()

    class Meta:
        model = Participant
        fields = ("id", "lead", "side", "team", "entered_at", "scores")

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_scores(self, row: Participant) -> list[dict[str, Any]]:
        return self.context["scores"].get(row.lead_id, [])
