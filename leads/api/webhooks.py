"""Endpoints that are told of what happens, and the log of what was sent to them."""

from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from leads.access import teams_with
from leads.api.filtering import refuse_others
from leads.api.inputs import Strict, team_of
from leads.api.lists import ReadViewSet
from leads.api.requests import Request
from leads.models import Attempt, Effect, Endpoint
from leads.models.outbox import EffectQuerySet
from leads.outgoing.delivery import again
from leads.outgoing.endpoint_forms import change_secret, make_endpoint, public_address
from leads.outgoing.endpoints import TYPES, close, deliveries, enable, send_test
from leads.outgoing.webhooks import message_id
from leads.tasks import deliver
from leads.wake import wake


class WebhookSerializer(serializers.ModelSerializer):
    """`hint` is all that is shown of the secret. `secret` stands only in the answer that made it."""

    hint = serializers.CharField(source="secret.hint", read_only=True)
    secret = serializers.SerializerMethodField()

    class Meta:
        model = Endpoint
        fields = ("id", "team", "name", "kind", "url", "types", "hint", "secret", "is_readable", "created_at",
                  "disabled_at", "disabled_for")  # fmt: skip

    def get_secret(self, endpoint: Endpoint) -> str | None:
        return self.context.get("secret")


class WebhookChange(Strict, serializers.Serializer):
    name = serializers.CharField(max_length=100, required=False)
    url = serializers.CharField(max_length=500, required=False, help_text="Of Slack: the incoming webhook, a secret.")
    types = serializers.ListField(
        child=serializers.ChoiceField(list(TYPES)), required=False, help_text="Empty: everything."
    )

    def validate_url(self, url: str) -> str:
        try:
            public_address(url)
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages) from None
        return url


class WebhookInput(WebhookChange):
    name = serializers.CharField(max_length=100)
    url = serializers.CharField(max_length=500)
    kind = serializers.ChoiceField(Endpoint.KINDS, default=Endpoint.WEBHOOK)
    team = serializers.CharField(required=False, help_text="Id or slug. Needed when you are in several teams.")


class SecretInput(Strict, serializers.Serializer):
    url = serializers.CharField(max_length=500, required=False, help_text="Of Slack: the new address.")


class AttemptSerializer(serializers.ModelSerializer):
    class Meta:
        model = Attempt
        fields = ("number", "at", "milliseconds", "ok", "status", "text")


class DeliverySerializer(serializers.ModelSerializer):
    """`webhook_id` is the header of all its attempts."""

    webhook_id = serializers.SerializerMethodField()
    attempts = AttemptSerializer(source="tries", many=True)

    class Meta:
        model = Effect
        fields = ("id", "webhook_id", "state", "created_at", "due_at", "ended_at", "error", "payload", "attempts")

    def get_webhook_id(self, effect: Effect) -> str:
        return message_id(effect)


class ReplayInput(Strict, serializers.Serializer):
    """One delivery, or a range of time: those given up, and with `all` those that arrived too."""

    delivery = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)
    all = serializers.BooleanField(default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("delivery" in attrs) == ("since" in attrs):
            raise serializers.ValidationError("Give either delivery or since.")
        return attrs

    def chosen(self, rows: EffectQuerySet) -> EffectQuerySet:
        said = self.validated_data
        if "delivery" in said:
            return rows.filter(pk=said["delivery"])
        rows = rows.filter(created_at__gte=said["since"])
        rows = rows.filter(created_at__lte=said["until"]) if "until" in said else rows
        return rows if said["all"] else rows.filter(state=Effect.DEAD)


class Count(serializers.Serializer):
    count = serializers.IntegerField()


class WebhookViewSet(ReadViewSet):
    """Signed webhooks and Slack channels of your teams. docs/alerts-and-webhooks.md says how to check a signature."""

    queryset = Endpoint.objects.all()
    serializer_class = WebhookSerializer
    filterset_fields = ("kind", "name")
    permissions = dict.fromkeys(("POST", "PATCH"), "leads.change_endpoint") | {"GET": "leads.view_endpoint"}

    def get_queryset(self) -> QuerySet:
        return super().get_queryset().filter(team__in=teams_with(self.request.user, "leads.view_endpoint"))

    @extend_schema(request=WebhookInput, responses={201: WebhookSerializer})
    def create(self, request: Request) -> Response:
        """A new endpoint. The answer has its signing secret, this once."""
        said = self._said(WebhookInput)
        team = team_of(request.user, said.pop("team", ""), "leads.add_endpoint")
        self._free(team.pk, said["name"])
        url = said.pop("url")
        endpoint = Endpoint(team=team, **said)
        return self._answer(endpoint, 201, secret=make_endpoint(endpoint, url, by=request.user))

    @extend_schema(request=WebhookChange, responses=WebhookSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Set the fields given, and only those."""
        endpoint, said = self.get_object(), self._said(WebhookChange)
        if "name" in said and said["name"] != endpoint.name:
            self._free(endpoint.team_id, said["name"])
        url = said.get("url")
        with transaction.atomic():
            if url and endpoint.kind == Endpoint.SLACK:
                change_secret(endpoint, said.pop("url"))
            Endpoint.objects.filter(pk=endpoint.pk).update(**said) if said else None
        return self._answer(endpoint)

    @extend_schema(request=SecretInput, responses={201: WebhookSerializer})
    @action(detail=True, methods=["post"])
    def secrets(self, request: Request, pk: str) -> Response:
        """A new signing secret, in this answer only; the one before signs beside it for a day."""
        endpoint, said = self.get_object(), self._said(SecretInput)
        if endpoint.kind == Endpoint.SLACK:
            raise serializers.ValidationError({"url": ["A Slack channel has no signing secret: PATCH its url."]})
        if said:
            raise serializers.ValidationError({"url": ["A webhook's address is changed by PATCH."]})
        return self._answer(endpoint, 201, secret=change_secret(endpoint))

    @extend_schema(request=None, responses={202: WebhookSerializer})
    @action(detail=True, methods=["post"])
    def tests(self, request: Request, pk: str) -> Response:
        """Send a test message; `deliveries` tells what came of it."""
        endpoint = self.get_object()
        send_test(endpoint, by=request.user)
        return self._answer(endpoint, 202)

    @extend_schema(request=None, responses=WebhookSerializer)
    @action(detail=True, methods=["post"])
    def closing(self, request: Request, pk: str) -> Response:
        """Send it nothing more."""
        endpoint = self.get_object()
        close(endpoint, by=request.user)
        return self._answer(endpoint)

    @extend_schema(request=None, responses=WebhookSerializer)
    @action(detail=True, methods=["post"])
    def opening(self, request: Request, pk: str) -> Response:
        """Tell it of what happens from now on."""
        endpoint = self.get_object()
        enable(endpoint)
        return self._answer(endpoint)

    @extend_schema(responses=DeliverySerializer(many=True))
    @action(detail=True, methods=["get"], filter_backends=[])
    def deliveries(self, request: Request, pk: str) -> Response:
        """What was sent to it, newest first, with every attempt."""
        refuse_others(request, self)
        self.ordering = "-id"
        rows = self.paginate_queryset(deliveries(self.get_object()).prefetch_related("tries"))
        return self.get_paginated_response(DeliverySerializer(rows, many=True).data)

    @extend_schema(request=ReplayInput, responses={202: Count})
    @action(detail=True, methods=["post"])
    def replays(self, request: Request, pk: str) -> Response:
        """Send once more, under the same ids."""
        endpoint = self.get_object()
        form = ReplayInput(data=request.data)
        form.is_valid(raise_exception=True)
        count = again(form.chosen(deliveries(endpoint)))
        wake(deliver)
        return Response({"count": count}, status=202)

    def _said(self, form_class: type[serializers.Serializer]) -> dict[str, Any]:
        form = form_class(data=self.request.data, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)

    def _free(self, team: int, name: str) -> None:
        if Endpoint.objects.filter(team=team, name=name).exists():
            raise serializers.ValidationError({"name": ["The team has an endpoint of that name."]})

    def _answer(self, endpoint: Endpoint, status: int = 200, secret: str = "") -> Response:
        context = {**self.get_serializer_context(), "secret": secret or None}
        return Response(WebhookSerializer(Endpoint.objects.get(pk=endpoint.pk), context=context).data, status=status)
