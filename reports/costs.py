"""What sources cost: entered by a person, a month at a time, and what a list of that is narrowed to."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import QuerySet

from leads.filters import TeamFilter
from leads.models import Team, User
from reports.models import SourceCost

MONTH = "Write the month like 2026-07."
HEAD = ["team", "source", "campaign", "month", "amount", "entered_by", "entered_at"]


def enter(team: Team, source: str, month: date, amount: Decimal, *, by: User, campaign: str = "") -> SourceCost:
    """What the team spent on the source in the month, on this campaign of it or on none, in the place of what was
    entered before.
    """
    cost, _ = SourceCost.objects.update_or_create(
        team=team, source=source.strip(), campaign=campaign.strip(), month=month.replace(day=1),
        defaults={"amount": amount, "entered_by": by},
    )  # fmt: skip
    return cost


class CostFilters(filters.FilterSet):
    """The page, its file and the API understand the same names."""

    month = filters.DateFilter(label="Month", input_formats=["%Y-%m"], error_messages={"invalid": MONTH})
    source = filters.CharFilter(label="Source", max_length=100)
    campaign = filters.CharFilter(label="Campaign", max_length=100)
    team = TeamFilter(empty_label="All teams", widget=forms.Select({"id": "shown-team"}))

    class Meta:
        model = SourceCost
        fields: tuple[str, ...] = ()


def lines(costs: QuerySet[SourceCost]) -> Iterator[list[Any]]:
    """Under HEAD, for a spreadsheet."""
    for cost in costs.select_related("team", "entered_by").order_by("-month", "source", "campaign", "team__name"):
        by = cost.entered_by.email if cost.entered_by else ""
        yield [cost.team.slug, cost.source, cost.campaign, f"{cost.month:%Y-%m}", cost.amount, by,
               cost.entered_at.isoformat(timespec="seconds")]  # fmt: skip
