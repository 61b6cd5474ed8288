"""The home of each role: its title is the news."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from leads import home as news
from leads.enums import Role
from leads.models import Standing
from leads.requests import Request
from leads.selling import handoffs


@require_safe
def home(request: Request) -> HttpResponse:
    user = request.user
    if not Standing.objects.visible_to(user).exists():
        return render(request, "leads/home_first.html", {"teams": user.memberships.select_related("team")})
    if user.home_role == Role.REP:
        return render(request, "leads/home_sales.html", _sales(request))
    return render(request, "leads/home_marketing.html", _marketing(request))


def _sales(request: Request) -> dict[str, Any]:
    mine, count = news.my_leads(request.user)
    return {
        "waiting": news.waiting_for(request.user),
        "week": news.decisions_of(request.user),
        "mine": mine,
        "mine_count": count,
        "deciding": handoffs.decides_in(request.user),
    }


def _marketing(request: Request) -> dict[str, Any]:
    return {
        "matters": news.matters(request.user),
        "labels": news.counts_by_label(request.user),
        "best": news.best_not_with_sales(request.user),
    }


urlpatterns: list[URLPattern] = [path("", home, name="home")]
