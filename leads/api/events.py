"""What leads did: read, and told to us."""

from typing import Any

import django_filters as filters
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from leads import ingest
from leads.api.inputs import Strict, source_of, team_of
from leads.api.lists import ReadViewSet
from leads.api.requests import Request
from leads.filters import SourceFilter
from leads.ingest.records import EventRecord, Outcome, Result, rejected
from leads.models import Event, Lead, Source, User
from leads.quality.quarantine import quarantine, release
from leads.timeline import held_quarantine, why

AT_ONCE = 1000


class EventSerializer(serializers.ModelSerializer):
    kind = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    source = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    quarantine_reason = serializers.SerializerMethodField(help_text="Why it does not count; empty where it does.")

    class Meta:
        model = Event
        fields = (
            "id", "lead", "kind", "occurred_at", "received_at", "source", "message_id", "properties", "quarantined",
            "quarantine_reason",
        )  # fmt: skip
        read_only_fields = fields

    def get_quarantine_reason(self, event: Event) -> str:
        return why(event)


class EventInput(Strict, serializers.Serializer):
    """Say who by at least one of lead, email, external_id, user_id and anonymous_id."""

    kind = serializers.CharField(max_length=150, help_text="Any name; page_viewed and Page Viewed are the same.")
    occurred_at = serializers.DateTimeField(required=False, allow_null=True, help_text="Without it: now.")
    message_id = serializers.CharField(
        required=False, max_length=150, help_text="Counts once per source for ever: sending again is safe."
    )
    properties = serializers.DictField(required=False)
    lead = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    email = serializers.CharField(required=False, max_length=300)
    external_id = serializers.CharField(required=False, max_length=200)
    user_id = serializers.CharField(required=False, max_length=200)
    anonymous_id = serializers.CharField(required=False, max_length=200)
    team = serializers.CharField(required=False, help_text="Id or slug. Needed when you are in several teams.")
    source = serializers.CharField(required=False, max_length=100, help_text="The name of the channel. Default: API.")


class OutcomeSerializer(serializers.Serializer):
    """What became of a record."""

    result = serializers.ChoiceField(choices=[Result.STORED, Result.DUPLICATE, Result.REJECTED])
    id = serializers.IntegerField(source="pk", allow_null=True)
    lead = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(source="reason")


class EventFilters(filters.FilterSet):
    lead = filters.NumberFilter(field_name="lead_id", decimal_places=0)
    kind = filters.CharFilter(field_name="kind__slug", lookup_expr="iexact")
    source = SourceFilter()
    quarantined = filters.BooleanFilter()

    class Meta:
        model = Event
        fields: tuple[str, ...] = ()


class EventViewSet(ReadViewSet):
    """Events, last received first."""

    queryset = Event.objects.select_related("kind", "source").prefetch_related(held_quarantine())
    serializer_class = EventSerializer
    filterset_class = EventFilters
    ordering = "-id"

    @extend_schema(request=EventInput, responses={201: OutcomeSerializer, 200: OutcomeSerializer})
    def create(self, request: Request) -> Response:
        """Record one event, or a list of at most 1,000.

        201: something was stored. 200: all of it was known already. 400: nothing could be taken. A list is answered
        with {"results": […]}, one for each event in order; an event that is rejected harms no other.
        """
        many = isinstance(request.data, list)
        items: list[Any] = list(request.data) if many else [request.data]
        if not 1 <= len(items) <= AT_ONCE:
            raise serializers.ValidationError([f"Send 1 to {AT_ONCE:,} events at a time."])
        outcomes = record(items, by=request.user)
        answers = [_answer(outcome) for outcome in outcomes]
        results = {outcome.result for outcome in outcomes}
        status = 201 if Result.STORED in results else 200 if Result.DUPLICATE in results else 400
        return Response({"results": answers} if many else answers[0], status=status)


class QuarantineViewSet(ReadViewSet):
    """Whether an event counts. Both ways put the score right, as a correction in its history."""

    queryset = EventViewSet.queryset
    serializer_class = EventSerializer
    permissions = {"POST": "leads.change_event", "DELETE": "leads.change_event"}
    lookup_url_kwarg = "id"

    @extend_schema(request=None, responses=EventSerializer)
    def create(self, request: Request, id: str) -> Response:
        """Take the event out of the count."""
        quarantine([self._event().pk], by=request.user)
        return Response(EventSerializer(self.get_object()).data)

    @extend_schema(responses=EventSerializer)
    def destroy(self, request: Request, id: str) -> Response:
        """Put the event back for good: no rule takes it out again."""
        release([self._event().pk], by=request.user)
        return Response(EventSerializer(self.get_object()).data)

    def _event(self) -> Event:
        event = get_object_or_404(self.get_queryset().select_related("lead"), pk=self.kwargs["id"])
        self.check_object_permissions(self.request, event.lead)
        return event


def record(items: list[Any], *, by: User) -> list[Outcome]:
    """Record the events for the team and source that each names; one outcome for each, in order."""
    outcomes: dict[int, Outcome] = {}
    places: dict[Source, list[tuple[int, EventRecord]]] = {}
    inbox = _Inbox(by)
    for place, item in enumerate(items):
        try:
            source, event = inbox.read(item)
            places.setdefault(source, []).append((place, event))
        except serializers.ValidationError as error:
            outcomes[place] = rejected(_sentence(error.detail))
    for source, events in places.items():
        stored = ingest.record_events(source, [event for _, event in events])
        outcomes |= {place: outcome for (place, _), outcome in zip(events, stored, strict=True)}
    return [outcomes[place] for place in range(len(items))]


class _Inbox:
    """Reads records; remembers teams and sources, so that a long list asks for each once."""

    def __init__(self, user: User):
        self.user = user
        self.sources: dict[tuple[str, str], Source] = {}

    def read(self, item: Any) -> tuple[Source, EventRecord]:
        form = EventInput(data=item)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        team, name = values.pop("team", ""), values.pop("source", "")
        if not team and "lead" in values:
            team = self._team_of_lead(values["lead"])
        if (team, name) not in self.sources:
            self.sources[team, name] = source_of(team_of(self.user, team, "leads.add_event"), name)
        return self.sources[team, name], EventRecord(**values)

    def _team_of_lead(self, pk: int) -> str:
        team = Lead.objects.visible_to(self.user).filter(pk=pk).values_list("team", flat=True).first()
        if team is None:
            raise serializers.ValidationError({"lead": [f"There is no lead {pk} in your teams."]})
        return str(team)


def _answer(outcome: Outcome) -> dict[str, Any]:
    answer = dict(OutcomeSerializer(outcome).data)
    if not outcome.rejected:
        del answer["error"]
    return answer


def _sentence(detail: Any) -> str:
    """The reasons of a ValidationError in one line: "kind: This field is required."."""
    if isinstance(detail, dict):
        return " ".join(f"{name}: {_sentence(part)}" for name, part in detail.items())
    if isinstance(detail, list):
        return " ".join(_sentence(part) for part in detail)
    return str(detail)
