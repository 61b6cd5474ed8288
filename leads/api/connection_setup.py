"""Setting a connection up, and putting it right: the test, a trial, fields, stages, reconciliation."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from leads.api import connection_shapes as shapes
from leads.api.errors import Conflict
from leads.api.lists import ReadViewSet
from leads.api.requests import Request
from leads.api.webhooks import Count
from leads.crm import control, mapping
from leads.crm.http import PATIENCE
from leads.crm.reconcile import reconcile, repair
from leads.crm.registry import NoConnector, connector_of, kind_of, understood
from leads.crm.setup.fields import FieldMapForm, choices_of, double, kinds_of, replace_pairs
from leads.crm.setup.remembered import fields_of
from leads.crm.setup.trial import TAKES, try_out
from leads.crm.sync.accounts import checked
from leads.crm.words import Busy, CrmError, RemoteField
from leads.models import Connection, Lead
from leads.outgoing.sealing import Unreadable

CHANGE = "leads.change_connection"
KIND = OpenApiParameter("kind", str, description="contacts, leads, companies, deals; without it the first there is.")
Answer = TypeVar("Answer")


class CrmAway(exceptions.APIException):
    """The CRM does not answer just now; in its words."""

    status_code = 503
    default_code = "crm_away"


class ConnectionSetup(ReadViewSet):
    """Acts that ask the CRM while the caller waits: 409 where its key does not do, 503 where it does not answer."""

    @extend_schema(request=None, responses=shapes.SyncTestSerializer)
    @action(detail=True, methods=["post"])
    def tests(self, request: Request, pk: str) -> Response:
        """Try the key and each right; where all is well, the stages of deals are taken over."""
        found = self.get_object()
        checks = self.asked(lambda: checked(found))
        ok = bool(checks) and all(check.ok for check in checks)
        if ok:
            self.asked(lambda: mapping.read_stages(found, connector_of(found)))
        return Response(shapes.SyncTestSerializer({"ok": ok, "checks": checks}).data)

    @extend_schema(request=None, responses=shapes.SyncTrialSerializer)
    @action(detail=True, methods=["post"])
    def trials(self, request: Request, pk: str) -> Response:
        """What a sync would make and change on both sides, by the first rows of each kind. Nothing is written."""
        found = self.get_object()
        return Response(shapes.SyncTrialSerializer(self.asked(lambda: try_out(found), TAKES)).data)

    @extend_schema(parameters=[KIND], responses=shapes.FieldMapsSerializer)
    @action(detail=True, methods=["get"], permissions=dict.fromkeys(("GET", "PUT", "POST"), CHANGE), filter_backends=[])
    def fields(self, request: Request, pk: str) -> Response:
        """Which field of theirs is which of ours, of ?kind, with samples of what the CRM holds there."""
        found = self.get_object()
        return self._fields(found, self._kind(found))

    @extend_schema(parameters=[KIND], request=shapes.FieldMapsInput, responses=shapes.FieldMapsSerializer)
    @fields.mapping.put
    def set_fields(self, request: Request, pk: str) -> Response:
        """These pairs of ?kind and no others. Every lead is compared anew at the next run."""
        found = self.get_object()
        kind, pairs = self._kind(found), self.said(shapes.FieldMapsInput)["pairs"]
        replace_pairs(found, kind, _checked(found, kind, pairs, fields_of(found, kind).fields))
        return self._fields(found, kind)

    @extend_schema(parameters=[KIND], request=None, responses=shapes.FieldMapsSerializer)
    @fields.mapping.post
    def read_fields(self, request: Request, pk: str) -> Response:
        """Ask the CRM anew which fields of ?kind it has; else it is asked once an hour."""
        found = self.get_object()
        return self._fields(found, self._kind(found), anew=True)

    @extend_schema(responses=shapes.StageMapsSerializer)
    @action(detail=True, methods=["get"], permissions=dict.fromkeys(("GET", "PUT", "POST"), CHANGE), filter_backends=[])
    def stages(self, request: Request, pk: str) -> Response:
        """Whether a deal in each stage is open, won or lost."""
        return self._stages(self.get_object())

    @extend_schema(request=shapes.StageMapsInput, responses=shapes.StageMapsSerializer)
    @stages.mapping.put
    def set_stages(self, request: Request, pk: str) -> Response:
        """What a person says of these stages counts more than what the CRM says. Deals are judged by it anew."""
        found, said = self.get_object(), self.said(shapes.StageMapsInput)["stages"]
        there = set(found.stage_maps.values_list("pk", flat=True))
        wrong = [{} if each["id"] in there else {"id": ["This connection has no such stage."]} for each in said]
        if any(wrong):
            raise serializers.ValidationError({"stages": wrong})
        control.say_stages(found, {each["id"]: each["state"] for each in said})
        return self._stages(found)

    @extend_schema(request=None, responses=shapes.StageMapsSerializer)
    @stages.mapping.post
    def read_stages(self, request: Request, pk: str) -> Response:
        """Take over the pipelines as they are in the CRM now. What a person said of a stage stays."""
        found = self.get_object()
        self.asked(lambda: mapping.read_stages(found, connector_of(found)))
        return self._stages(found)

    @extend_schema(responses=shapes.ReconciliationSerializer)
    @action(detail=True, methods=["get"], filter_backends=[])
    def reconciliation(self, request: Request, pk: str) -> Response:
        """Whether everything that was handed off is in the CRM, and why not."""
        report = reconcile(self.get_object())
        named = [lead for reason in report.reasons for lead in reason.leads]
        seen = set(Lead.objects.visible_to(request.user).filter(pk__in=named).values_list("pk", flat=True))
        for reason in report.reasons:
            reason.leads = [lead for lead in reason.leads if lead in seen]
        return Response(shapes.ReconciliationSerializer(report).data)

    @extend_schema(request=shapes.SyncRepairInput, responses={202: Count})
    @action(detail=True, methods=["post"])
    def repairs(self, request: Request, pk: str) -> Response:
        """Send those that are missing for this reason once more, with the next run."""
        found, said = self.get_object(), self.said(shapes.SyncRepairInput)
        return Response({"count": repair(found, said.get("why", ""), by=request.user)}, status=202)

    def said(self, shape: type[serializers.Serializer]) -> dict[str, Any]:
        """What the caller sent. Raises ValidationError."""
        form = shape(data=self.request.data, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)

    def asked(self, ask: Callable[[], Answer], seconds: float = PATIENCE) -> Answer:
        """What the CRM answers. Raises CrmAway, and Conflict where a person has to act, in words that say how."""
        try:
            return understood(ask, seconds)
        except Busy as error:
            raise CrmAway(str(error)) from None
        except (CrmError, Unreadable, NoConnector) as error:
            raise Conflict(str(error)) from None

    def _kind(self, found: Connection) -> str:
        kinds = [kind for kind, _ in kinds_of(self.asked(lambda: kind_of(found)))]
        kind = self.request.query_params.get("kind") or kinds[0]
        if kind not in kinds:
            raise serializers.ValidationError({"kind": [f"Fields are mapped for: {', '.join(kinds)}."]})
        return kind

    def _fields(self, found: Connection, kind: str, *, anew: bool = False) -> Response:
        theirs = fields_of(found, kind, anew=anew)
        said = {
            "kind": kind, "kinds": [each for each, _ in kinds_of(kind_of(found))], "problem": theirs.wrong,
            "pairs": found.field_maps.filter(kind=kind), "ours": choices_of(kind).values(), "theirs": theirs.fields,
            "asked_at": theirs.at,
        }  # fmt: skip
        return Response(shapes.FieldMapsSerializer(said).data)

    def _stages(self, found: Connection) -> Response:
        return Response(shapes.StageMapsSerializer({"stages": found.stage_maps.all()}).data)


def _checked(found: Connection, kind: str, pairs: Sequence[dict[str, Any]],
             remote: Sequence[RemoteField] | None) -> list[dict[str, str]]:  # fmt: skip
    """The pairs, each as the page's form takes it. Raises ValidationError: {"pairs": [{}, {"ours": […]}]}."""
    choices, mapped = choices_of(kind), list(found.field_maps.filter(kind=kind).values_list("theirs", flat=True))
    forms = [FieldMapForm(pair, choices=choices, fields=remote or (), mapped=mapped) for pair in pairs]
    wrong: list[Any] = [
        {name.replace("__all__", "non_field_errors"): list(words) for name, words in form.errors.items()}
        for form in forms
    ]  # fmt: skip
    if any(wrong):
        raise serializers.ValidationError({"pairs": wrong})
    kept = [form.pair for form in forms if form.pair]
    if twice := double(kept):
        wrong = [{"ours": [f"{choices[twice].label} is said twice."]} if p["ours"] == twice else {} for p in kept]
        raise serializers.ValidationError({"pairs": wrong})
    return kept
