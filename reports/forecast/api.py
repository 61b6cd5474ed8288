"""The forecast for programs: GET forecast, GET forecast/<table>, POST forecast/counts, forecast/assumptions."""

from typing import Any, cast

from django.core.exceptions import ValidationError as Refused
from django.http import Http404
from django.urls import re_path
from django_filters.utils import translate_validation
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.api.inputs import Strict, team_of
from leads.enums import Label
from leads.models import User
from leads.wake import wake
from reports import tasks
from reports.api import described
from reports.exports import as_values, rounded
from reports.forecast import store
from reports.forecast.assumptions import overrule, readable, take_back
from reports.forecast.forms import ForecastForm, counted
from reports.forecast.months import as_json, forecast
from reports.forecast.page import TABLES, waiting
from reports.forecast.record import rows as record_rows
from reports.forecast.record import score
from reports.forecast.scenarios import Effect, effect
from reports.forecast.scope import CHANGE, ForecastScope
from reports.models.forecast import Assumption, ForecastCount
from reports.scope import READ

PARAMETERS = [
    OpenApiParameter("team", str, description="Slug of one of your teams. Default: all of them together."),
    OpenApiParameter("label", str, description="With `more`: of which label. Default: hot.", enum=Label.values[:4]),
    OpenApiParameter("more", int, description="What if so many hundredths more new leads of that label came."),
    OpenApiParameter("reps", int, description="What if there were so many reps more."),
]


class ForecastView(APIView):
    permissions = {"GET": READ}

    @extend_schema(operation_id="forecast", responses=OpenApiTypes.OBJECT, parameters=PARAMETERS)
    def get(self, request: Request) -> Response:
        """What the next six whole months should bring, with 80 % intervals, its record, and the effect of a what-if.

        `missing` says what is needed where there is no forecast yet. Tables: forecast/months, teams, record, basis,
        capacity.
        """
        scope = scope_of(request)
        found = forecast(scope.latest, {team.pk: team for team in scope.teams})
        if found is None:
            last = ForecastCount.objects.finished()
            return Response({"missing": last.missing if last else "Nothing was counted yet.", "months": []})
        checked = score(record_rows(scope))
        what_if = effect(scope.what_if, scope.latest, scope.teams) if scope.what_if else None
        return Response(
            as_json(found) | {
                "missing": "", "months": [as_values(month) for month in found.months],
                "rest_of_month": as_values(found.rest) if found.rest else None,
                "record": checked and {**as_values(checked), "worst": as_values(checked.worst)},
                "what_if": what_if and _what_if(what_if),
            }
        )  # fmt: skip


def _what_if(effect: Effect) -> dict[str, Any]:
    """`worked`: the share of handoffs that somebody has time for."""
    loads = [
        {"team": load.team.slug, "handoffs": load.handoffs, "handoffs_if": load.handoffs_if, "capacity": load.capacity,
         "capacity_if": load.capacity_if, "worked": load.worked, "worked_if": load.worked_if}
        for load in effect.loads
    ]  # fmt: skip
    return rounded({"gain": effect.gain, "low": effect.low, "high": effect.high, "reps": effect.reps, "loads": loads})


class TableView(APIView):
    permissions = {"GET": READ}

    @extend_schema(operation_id="forecast_table", responses=OpenApiTypes.OBJECT, parameters=PARAMETERS)
    def get(self, request: Request, name: str) -> Response:
        """One table of the forecast with the definition of every figure. A what-if changes the one of capacity."""
        table = TABLES.get(name)
        if table is None:
            raise Http404
        scope = scope_of(request)
        asked = {"as_of": scope.latest[0].as_of if scope.latest else None}
        return Response(described(table) | asked | {"rows": [as_values(row) for row in table.rows(scope)]})


class CountView(APIView):
    permissions = {"GET": READ, "POST": READ}

    @extend_schema(operation_id="forecast_count", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Whether it is being counted, which step it is at, when it was last, and what else a page would wait for."""
        return Response(_counting())

    @extend_schema(operation_id="forecast_count_again", request=None, responses={202: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """Count again what the forecast rests on, in the background."""
        store.ask(by=cast(User, request.user))
        wake(tasks.forecast)
        return Response(_counting(), status=202)


def _counting() -> dict[str, Any]:
    running, last = ForecastCount.objects.running(), ForecastCount.objects.finished()
    return {
        "running": running is not None, "step": running.step if running else "",
        "asked_at": running and running.asked_at, "as_of": last and last.as_of,
        "missing": last.missing if last else "", "waiting": waiting(),
    }  # fmt: skip


class AssumptionSerializer(serializers.ModelSerializer):
    by: Any = serializers.SlugRelatedField(slug_field="email", read_only=True)
    ended_by: Any = serializers.SlugRelatedField(slug_field="email", read_only=True)

    class Meta:
        model = Assumption
        fields = ("id", "team", "label", "name", "value", "counted", "why", "by", "at", "ended_at", "ended_by")


class AssumptionInput(Strict, serializers.Serializer):
    """Shares from 0 to 1, amounts in euro, `new` a month, `days` as days."""

    team = serializers.CharField(required=False, help_text="Id or slug. Needed when you are in several teams.")
    name = serializers.ChoiceField(Assumption.Name.choices)
    label: Any = serializers.ChoiceField(Label.choices[:4], required=False, default="", allow_blank=True)
    value = serializers.FloatField()
    why = serializers.CharField(max_length=300)


class AssumptionList(ListAPIView):
    """What managers set instead of what was counted, the last first; those taken back stay with their end."""

    permissions = {"GET": READ, "POST": CHANGE}
    serializer_class = AssumptionSerializer
    ordering = "-at"
    queryset = Assumption.objects.none()  # for the schema

    def get_queryset(self) -> Any:
        return readable(cast(User, self.request.user)).select_related("by", "ended_by")

    @extend_schema(request=AssumptionInput, responses={201: AssumptionSerializer})
    def post(self, request: Request) -> Response:
        """Overrule an assumption. The forecast is simulated again before the answer."""
        form = AssumptionInput(data=request.data)
        form.is_valid(raise_exception=True)
        given, user = dict(form.validated_data), cast(User, request.user)
        team = team_of(user, given.pop("team", ""), CHANGE)
        try:
            said = overrule(team, **given, by=user, counted=counted(team, given["name"], given["label"]))
        except Refused as error:
            raise serializers.ValidationError(serializers.as_serializer_error(error)) from None
        store.simulate_again()
        return Response(AssumptionSerializer(said).data, status=201)


class AssumptionDetail(APIView):
    permissions = {"GET": READ, "DELETE": CHANGE}

    @extend_schema(operation_id="forecast_assumption", responses=AssumptionSerializer)
    def get(self, request: Request, id: str) -> Response:
        return Response(AssumptionSerializer(self._row(request, id)).data)

    @extend_schema(operation_id="forecast_assumption_take_back", responses={204: None})
    def delete(self, request: Request, id: str) -> Response:
        """Take it back: what was counted holds again."""
        row = self._row(request, id)
        self.check_object_permissions(request, row)
        if take_back(row, by=cast(User, request.user)):
            store.simulate_again()
        return Response(status=204)

    def _row(self, request: Request, id: str) -> Assumption:
        return get_object_or_404(readable(cast(User, request.user)), pk=int(id))


def scope_of(request: Request) -> ForecastScope:
    form = ForecastForm(request.query_params, user=cast(User, request.user))
    if not form.is_valid():
        raise translate_validation(form.errors)
    return form.scope()


urlpatterns = [
    re_path(r"^forecast/?$", ForecastView.as_view(), name="api-forecast"),
    re_path(r"^forecast/counts/?$", CountView.as_view(), name="api-forecast-counts"),
    re_path(r"^forecast/assumptions/?$", AssumptionList.as_view(), name="api-forecast-assumptions"),
    re_path(
        r"^forecast/assumptions/(?P<id>[0-9]{1,18})/?$", AssumptionDetail.as_view(), name="api-forecast-assumption"
    ),
    re_path(r"^forecast/(?P<name>[a-z-]+)/?$", TableView.as_view(), name="api-forecast-table"),
]
