"""What the API says of connections with CRMs, and takes. docs/crm.md says what it all means."""

from typing import Any

from rest_framework import serializers

from leads.api.inputs import Strict
from leads.crm.reconcile import REPAIRABLE
from leads.crm.registry import CONNECTORS
from leads.crm.setup.forms import MOST
from leads.enums import Creates, DealState, Flow, Wins
from leads.models import Connection, StageMap, SyncConflict, SyncEntry, SyncProblem, SyncRun

MOST_ID = 2**63 - 1


class ConnectionSerializer(serializers.ModelSerializer):
    """`secrets`: {name: its last four characters}, which is all that is ever answered of them."""

    secrets = serializers.SerializerMethodField()

    class Meta:
        model = Connection
        fields = (
            "id", "team", "crm", "name", "slug", "base_url", "options", "secrets", "creates", "every", "state",
            "created_at", "paused_at", "paused_by", "due_at", "synced_at", "swept_at", "failures", "failing_since",
            "error", "needs_person",
        )  # fmt: skip
        read_only_fields = fields

    def get_secrets(self, connection: Connection) -> dict[str, str]:
        return {secret.name: secret.hint for secret in connection.secrets.all()}


class ConnectionChange(Strict, serializers.Serializer):
    """`options` and `secrets` by the names that GET connections/crms lists. Those that are left out stay."""

    name = serializers.CharField(max_length=100, required=False)
    creates = serializers.ChoiceField(Creates.choices, required=False)
    base_url = serializers.CharField(max_length=300, required=False, allow_blank=True)
    options = serializers.DictField(child=serializers.CharField(max_length=MOST, allow_blank=True), required=False)
    secrets = serializers.DictField(
        child=serializers.CharField(max_length=MOST), required=False, help_text="Kept sealed, and never answered."
    )


class ConnectionInput(ConnectionChange):
    crm = serializers.ChoiceField([(slug, kind.name) for slug, kind in CONNECTORS.items()])
    name = serializers.CharField(max_length=100)
    team = serializers.CharField(required=False, help_text="Id or slug. Needed when you are in several teams.")


class CrmSettingSerializer(serializers.Serializer):
    name = serializers.CharField()
    label = serializers.CharField()
    help = serializers.CharField()
    kind = serializers.CharField()
    required = serializers.BooleanField()
    secret = serializers.BooleanField()
    default = serializers.CharField()


class CrmSerializer(serializers.Serializer):
    """`settings`: what it asks for; the secret ones belong into `secrets`, the others into `options`."""

    slug = serializers.CharField()
    name = serializers.CharField()
    base_url = serializers.CharField(help_text="Empty: each company has its own, which has to be given.")
    settings = CrmSettingSerializer(many=True)


class SyncCheckSerializer(serializers.Serializer):
    name = serializers.CharField()
    ok = serializers.BooleanField()
    words = serializers.CharField()


class SyncTestSerializer(serializers.Serializer):
    """`ok`: every check is, and the stages of deals were taken over."""

    ok = serializers.BooleanField()
    checks = SyncCheckSerializer(many=True)


class SyncSampleSerializer(serializers.Serializer):
    """`said`: {field: [before, after]}."""

    who = serializers.CharField()
    what = serializers.CharField()
    said = serializers.DictField()
    rule = serializers.CharField(required=False)


class SyncTrialSerializer(serializers.Serializer):
    """Of the rows looked at, by kind: what would become of them here; and what would be made and changed there.

    `of`: how many there are in all, where the CRM says so.
    """

    here = serializers.DictField(child=serializers.DictField(child=serializers.IntegerField()))
    of = serializers.DictField(child=serializers.IntegerField(allow_null=True))
    there = serializers.DictField(child=serializers.IntegerField())
    samples_here = SyncSampleSerializer(many=True)
    samples_there = SyncSampleSerializer(many=True)
    conflicts = serializers.IntegerField()
    samples_conflicts = SyncSampleSerializer(many=True)
    problems = serializers.ListField(child=serializers.CharField())


class SyncRunSerializer(serializers.ModelSerializer):
    """`ok` null: under way, or its worker died. `counts`: {kind: {"read", "created", "updated", …}, "push": {…}}."""

    class Meta:
        model = SyncRun
        fields = ("id", "number", "began_at", "ended_at", "ok", "counts", "calls", "error")


class SyncRunInput(Strict, serializers.Serializer):
    everything = serializers.BooleanField(default=False, help_text="Read and compare all of it once more.")


class SyncStatusSerializer(serializers.Serializer):
    """`lag` in seconds; rows changed in the last day on either side; `waiting`: leads to be written there."""

    words = serializers.CharField()
    tone = serializers.CharField()
    lag = serializers.SerializerMethodField()
    rows_in = serializers.IntegerField()
    rows_out = serializers.IntegerField()
    waiting = serializers.IntegerField()
    read = serializers.IntegerField(help_text="Of the load under way.")
    to_read = serializers.IntegerField(allow_null=True)
    problems_in = serializers.IntegerField()
    problems_out = serializers.IntegerField()
    left_out = serializers.IntegerField(help_text="Rows of the CRM that were left out; they count as no problem.")
    clock = serializers.CharField(help_text="That their clock is off, if it is by minutes.")
    other_account = serializers.BooleanField(help_text="The key opens another account than the one linked.")
    next_at = serializers.DateTimeField(allow_null=True)
    last_run = SyncRunSerializer(allow_null=True)

    def get_lag(self, status: Any) -> float | None:
        return status.lag.total_seconds() if status.lag is not None else None


class SyncProblemSerializer(serializers.ModelSerializer):
    """`message` in the CRM's words. `retry_at` null: not before somebody asks for it. `left_out_by` null of one that
    was left out: it went with the people it belongs to.
    """

    class Meta:
        model = SyncProblem
        fields = (
            "id", "way", "kind", "external_id", "lead", "message", "attempts", "first_at", "at", "retry_at",
            "left_out_at", "left_out_by",
        )  # fmt: skip


class SyncRetryInput(Strict, serializers.Serializer):
    problem = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST_ID, help_text="Only this one; else all."
    )


class SyncOmissionInput(Strict, serializers.Serializer):
    problem = serializers.IntegerField(min_value=1, max_value=MOST_ID, help_text="One that came from the CRM.")


class SyncConflictSerializer(serializers.ModelSerializer):
    class Meta:
        model = SyncConflict
        fields = ("id", "kind", "external_id", "lead", "field", "ours", "theirs", "winner", "rule", "at")


class FieldMapSerializer(Strict, serializers.Serializer):
    """A field of theirs and the one it is here; without `flow` and `wins` the usual."""

    theirs = serializers.CharField(max_length=150)
    ours = serializers.CharField(max_length=150)
    flow = serializers.ChoiceField(Flow.choices, required=False)
    wins = serializers.ChoiceField(Wins.choices, required=False)


class FieldMapsInput(Strict, serializers.Serializer):
    pairs = FieldMapSerializer(many=True)


class RemoteFieldSerializer(serializers.Serializer):
    name = serializers.CharField()
    label = serializers.CharField()
    type = serializers.CharField()
    writable = serializers.BooleanField()
    samples = serializers.ListField(child=serializers.CharField())


class OurFieldSerializer(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()
    comes = serializers.BooleanField()
    goes = serializers.BooleanField()


class FieldMapsSerializer(serializers.Serializer):
    """`kinds`: those that can be asked for. `theirs` null where the CRM never answered; `problem` says why not now."""

    kind = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())
    pairs = FieldMapSerializer(many=True)
    ours = OurFieldSerializer(many=True)
    theirs = RemoteFieldSerializer(many=True, allow_null=True)
    asked_at = serializers.DateTimeField(allow_null=True, help_text="When the CRM said so; it is asked once an hour.")
    problem = serializers.CharField()


class StageMapSerializer(serializers.ModelSerializer):
    class Meta:
        model = StageMap
        fields = ("id", "pipeline", "pipeline_label", "stage", "label", "state", "by_hand")


class StageMapsSerializer(serializers.Serializer):
    stages = StageMapSerializer(many=True)


class StageMapInput(Strict, serializers.Serializer):
    id = serializers.IntegerField(min_value=1, max_value=MOST_ID)
    state = serializers.ChoiceField(DealState.choices)


class StageMapsInput(Strict, serializers.Serializer):
    stages = StageMapInput(many=True)


class MissingSerializer(serializers.Serializer):
    why = serializers.CharField()
    words = serializers.CharField()
    count = serializers.IntegerField()
    leads = serializers.ListField(child=serializers.IntegerField(), help_text="The first of them.")
    said = serializers.ListField(child=serializers.CharField(), help_text="By the CRM, most frequent first.")
    repairable = serializers.BooleanField()


class ReconciliationSerializer(serializers.Serializer):
    """`holds`: nothing is missing and nothing differs."""

    holds = serializers.BooleanField()
    as_of = serializers.DateTimeField()
    handed_off = serializers.IntegerField()
    in_crm = serializers.IntegerField()
    missing = serializers.IntegerField()
    to_update = serializers.IntegerField()
    problems = serializers.IntegerField()
    reasons = MissingSerializer(many=True)


class SyncRepairInput(Strict, serializers.Serializer):
    why = serializers.ChoiceField(REPAIRABLE, required=False, help_text="Only for this reason; else for each of them.")


class SyncEntrySerializer(serializers.ModelSerializer):
    """`said`: {field: [before, after]}. `url`: the record in the CRM, where that is known."""

    url = serializers.CharField()

    class Meta:
        model = SyncEntry
        fields = ("id", "connection", "what", "kind", "external_id", "at", "said", "words", "url")
