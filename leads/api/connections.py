"""Connections with CRMs: what they are, how they fare, and what is done about it. The twin of the pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from leads.api import connection_shapes as shapes
from leads.api.connection_setup import CHANGE, ConnectionSetup
from leads.api.errors import Conflict
from leads.api.filtering import refuse_others, yes
from leads.api.inputs import moved_errors, team_of
from leads.api.requests import Request
from leads.api.webhooks import Count
from leads.crm import control
from leads.crm.base import Connector
from leads.crm.registry import CONNECTORS, kind_of
from leads.crm.setup.afresh import start_afresh
from leads.crm.setup.forms import ConnectionForm
from leads.crm.status import status_of
from leads.models import Connection

LEFT_OUT = OpenApiParameter("left_out", bool, description="Those that were left out; else the open ones.")
SETTING = "setting_"  # as the form calls what a CRM asks for


class ConnectionViewSet(ConnectionSetup):
    """The CRMs your teams are connected with. docs/crm.md says what a sync does."""

    queryset = Connection.objects.prefetch_related("secrets")
    serializer_class = shapes.ConnectionSerializer
    filterset_fields = ("crm", "state", "name")
    ordering = "name"
    permissions = dict.fromkeys(("POST", "PUT", "PATCH", "DELETE"), CHANGE) | {"GET": "leads.view_connection"}

    @extend_schema(request=shapes.ConnectionInput, responses={201: shapes.ConnectionSerializer})
    def create(self, request: Request) -> Response:
        """A new connection with the mapping it begins with, not on yet: test it, try it out, then POST resumption."""
        said = self.said(shapes.ConnectionInput)
        kind = CONNECTORS[said["crm"]]
        team = team_of(request.user, said.get("team", ""), "leads.add_connection")
        usual = {each.name: each.default for each in kind.settings if not each.secret}
        known = {"team": team.pk, "creates": "handed_off", "base_url": "", "options": usual}
        form = ConnectionForm(_form_data(known, said, kind), kind=kind, user=request.user)
        return self.answer(_saved(form, request), status=201)

    @extend_schema(request=shapes.ConnectionChange, responses=shapes.ConnectionSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Set what is given, and only that. Secrets are answered by their last four characters. Another key, address or
        option has to pass a test before a connection that is not on begins or goes on.
        """
        found, said = self.get_object(), self.said(shapes.ConnectionChange)
        kind = self.asked(lambda: kind_of(found))
        known = {name: getattr(found, name) for name in ("name", "creates", "base_url", "options")}
        form = ConnectionForm(_form_data(known, said, kind), kind=kind, user=request.user, connection=found)
        return self.answer(_saved(form, request))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Of one that nothing was synced by; else 409: it can be disconnected."""
        with refused():
            control.remove(self.get_object())
        return Response(status=204)

    @extend_schema(responses=shapes.CrmSerializer(many=True), filters=False)
    @action(detail=False, methods=["get"], pagination_class=None, filter_backends=[])
    def crms(self, request: Request) -> Response:
        """The CRMs there are, and what each asks for."""
        return Response(shapes.CrmSerializer(CONNECTORS.values(), many=True).data)

    @extend_schema(responses=shapes.SyncStatusSerializer)
    @action(detail=True, methods=["get"], url_path="status", url_name="status")
    def how(self, request: Request, pk: str) -> Response:
        """How its sync fares."""
        return Response(shapes.SyncStatusSerializer(status_of(self.get_object())).data)

    @extend_schema(request=None, responses=shapes.ConnectionSerializer)
    @action(detail=True, methods=["post"])
    def pausing(self, request: Request, pk: str) -> Response:
        """Nothing is read or written until it goes on."""
        control.pause(self.get_object(), by=request.user)
        return self.answer()

    @extend_schema(request=None, responses=shapes.ConnectionSerializer)
    @action(detail=True, methods=["post"])
    def resumption(self, request: Request, pk: str) -> Response:
        """Begin, or go on where it was. 409 where there is no key, or a new one did not pass its test."""
        with refused():
            control.resume(self.get_object())
        return self.answer()

    @extend_schema(request=None, responses=shapes.ConnectionSerializer)
    @action(detail=True, methods=["post"])
    def disconnection(self, request: Request, pk: str) -> Response:
        """Forget the keys. What was synced stays; with new keys it goes on where it was."""
        control.disconnect(self.get_object(), by=request.user)
        return self.answer()

    @extend_schema(request=None, responses={201: shapes.ConnectionSerializer})
    @action(detail=True, methods=["post"], url_path="fresh-start")
    def fresh_start(self, request: Request, pk: str) -> Response:
        """The key is of another account: that gets a connection of its own; this one rests with its links, until a key
        of its own account is entered. 400 where the key is of the account that is linked.
        """
        with moved_errors():
            new = start_afresh(self.get_object(), by=request.user)
        return Response(shapes.ConnectionSerializer(new).data, status=201)

    @extend_schema(responses=shapes.SyncRunSerializer(many=True))
    @action(detail=True, methods=["get"], filter_backends=[])
    def runs(self, request: Request, pk: str) -> Response:
        """What each run did, newest first."""
        return self.paged(self.get_object().history.all(), shapes.SyncRunSerializer)

    @extend_schema(request=shapes.SyncRunInput, responses={202: shapes.ConnectionSerializer})
    @runs.mapping.post
    def run(self, request: Request, pk: str) -> Response:
        """Sync now instead of at the next time."""
        found, said = self.get_object(), self.said(shapes.SyncRunInput)
        (control.resync if said["everything"] else control.soon)(found)
        return self.answer(status=202)

    @extend_schema(parameters=[LEFT_OUT], responses=shapes.SyncProblemSerializer(many=True))
    @action(detail=True, methods=["get"], filter_backends=[])
    def problems(self, request: Request, pk: str) -> Response:
        """Rows that did not go through, latest first. The others did."""
        rows = self.get_object().problems
        found = rows.left_out() if yes(request, LEFT_OUT.name) else rows.open()
        return self.paged(found, shapes.SyncProblemSerializer, LEFT_OUT.name)

    @extend_schema(request=shapes.SyncRetryInput, responses={202: Count})
    @action(detail=True, methods=["post"])
    def retries(self, request: Request, pk: str) -> Response:
        """Try rows again with the next run: all that are open, or that one, also if it is left out."""
        found, said = self.get_object(), self.said(shapes.SyncRetryInput)
        if "problem" not in said:
            return Response({"count": control.again(found.problems.open())}, status=202)
        return self.of_one(control.again(found.problems.filter(pk=said["problem"])))

    @extend_schema(request=shapes.SyncOmissionInput, responses={202: Count})
    @action(detail=True, methods=["post"])
    def omissions(self, request: Request, pk: str) -> Response:
        """Leave a row of the CRM out: it is no longer tried by itself, and counts as no problem. POST retries is the
        way back.
        """
        found, said = self.get_object(), self.said(shapes.SyncOmissionInput)
        return self.of_one(control.leave_out(found.problems.filter(pk=said["problem"]), by=request.user))

    def of_one(self, count: int) -> Response:
        """What was done with the one row that was named. Raises ValidationError where there is none."""
        if not count:
            raise serializers.ValidationError({"problem": ["This connection has no such problem (any more)."]})
        return Response({"count": count}, status=202)

    @extend_schema(responses=shapes.SyncConflictSerializer(many=True))
    @action(detail=True, methods=["get"], filter_backends=[])
    def conflicts(self, request: Request, pk: str) -> Response:
        """Fields that both sides had changed, newest first, with what lost."""
        return self.paged(self.get_object().conflicts.all(), shapes.SyncConflictSerializer)

    def paged(self, rows: QuerySet, shape: type[serializers.Serializer], *names: str) -> Response:
        """A page of these, newest first. `names`: what narrowed them."""
        refuse_others(self.request, self, *names)
        self.ordering = "-id"
        return self.get_paginated_response(shape(self.paginate_queryset(rows), many=True).data)

    def answer(self, connection: Connection | None = None, status: int = 200) -> Response:
        """The connection as it is now."""
        found = self.get_queryset().get(pk=connection.pk if connection else self.kwargs["pk"])
        return Response(shapes.ConnectionSerializer(found).data, status=status)


@contextmanager
def refused() -> Iterator[None]:
    """What cannot be done to the connection as it is becomes a 409."""
    try:
        yield
    except control.NotReadyError as error:
        raise Conflict(str(error)) from None
    except ValidationError as error:
        raise Conflict(" ".join(error.messages)) from None


def _form_data(known: dict[str, Any], said: dict[str, Any], kind: type[Connector]) -> dict[str, Any]:
    """What the page's form would be sent: what is known, and over it what was said. Raises ValidationError."""
    data = {**known, **said}
    options, secrets = {**known["options"], **said.get("options", {})}, said.get("secrets", {})
    _refuse_unknown(kind, said)
    return data | {f"{SETTING}{name}": value for name, value in (options | secrets).items()}


def _refuse_unknown(kind: type[Connector], said: dict[str, Any]) -> None:
    """Raises ValidationError for settings that this CRM does not ask for: {"secrets": {"tokn": […]}}."""
    wrong: dict[str, Any] = {}
    for where in ("options", "secrets"):
        asked = [each.name for each in kind.settings if each.secret == (where == "secrets")]
        words = [f"{kind.name} asks for no such thing. It asks for: {', '.join(asked) or 'nothing'}."]
        if unknown := sorted(set(said.get(where, {})) - set(asked)):
            wrong[where] = dict.fromkeys(unknown, words)
    if wrong:
        raise serializers.ValidationError(wrong)


def _saved(form: ConnectionForm, request: Request) -> Connection:
    """Raises ValidationError with each mistake at its place: {"secrets": {"token": […]}}."""
    if form.is_valid():
        return form.save(by=request.user)
    secret = {each.name: each.secret for each in form.kind.settings}
    wrong: dict[str, Any] = {}
    for key, words in form.errors.items():
        name = key.removeprefix(SETTING)
        if name == key:
            wrong[key] = list(words)
        else:
            wrong.setdefault("secrets" if secret[name] else "options", {})[name] = list(words)
    raise serializers.ValidationError(wrong)
