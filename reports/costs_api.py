"""What sources cost, for programs: GET, POST source-costs, DELETE source-costs/<id>."""

from decimal import Decimal

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.api.inputs import Strict, team_of
from leads.api.lists import ReadViewSet
from leads.api.routers import Router
from reports.costs import CostFilters, enter
from reports.models import SourceCost


class SourceCostSerializer(serializers.ModelSerializer):
    class Meta:
        model = SourceCost
        fields = ("id", "team", "source", "campaign", "month", "amount", "entered_by", "entered_at")


class SourceCostInput(Strict, serializers.Serializer):
    team = serializers.CharField(required=False, help_text="Id or slug. Needed by who is in several teams.")
    source = serializers.CharField(max_length=100, help_text="As leads have it.")  # type: ignore[assignment]
    campaign = serializers.CharField(
        max_length=100, required=False, allow_blank=True, help_text="Of the source; empty: of none."
    )
    month = serializers.DateField(help_text="Any day of it.")
    amount = serializers.DecimalField(max_digits=12, decimal_places=2, min_value=Decimal(0), help_text="In euro.")


class SourceCostViewSet(mixins.DestroyModelMixin, ReadViewSet):
    """What your teams spent on sources, a month at a time; what was entered last comes first."""

    queryset = SourceCost.objects.all()
    serializer_class = SourceCostSerializer
    filterset_class = CostFilters
    ordering = "-id"

    @extend_schema(request=SourceCostInput, responses={201: SourceCostSerializer})
    def create(self, request: Request) -> Response:
        """Enter an amount, in the place of one for the same team, source, campaign and month."""
        given = SourceCostInput(data=request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        team = team_of(self.request.user, values.pop("team", None), "reports.add_sourcecost")
        return Response(SourceCostSerializer(enter(team, **values, by=self.request.user)).data, status=201)


router = Router()
router.register("source-costs", SourceCostViewSet)
urlpatterns = router.urls
