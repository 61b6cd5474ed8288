"""The review list: what changed because of rules, for marketing to hand off or dismiss."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe

from leads.asked import page_asked
from leads.keyset import capped_count
from leads.models import Crossing
from leads.requests import Request, ids_of
from leads.rules import review as verbs
from leads.rules.actions import sentence

PAGE = 50
MAY = permission_required("leads.add_handoff", raise_exception=True)


@require_safe
@MAY
def review(request: Request) -> HttpResponse:
    waiting = verbs.open_to(request.user)
    joined = waiting.select_related("lead__company", "lead__standing", "rule__segment", "rule__stays")
    page = page_asked(request, joined, order="-id", size=PAGE)
    rules = {row.rule_id: row.rule for row in page.rows if row.rule}
    does = {pk: sentence(rule) for pk, rule in rules.items()}
    held_back = verbs.held_back(row for row in page.rows if row.rule is None or "hand_off" in row.rule.actions)
    rows = [(row, does.get(row.rule_id, "hand off to sales"), held_back.get(row.lead_id)) for row in page.rows]
    context = {"page": page, "rows": rows, "count": capped_count(waiting), "at_once": verbs.AT_ONCE}
    return render(request, "leads/review.html", context)


@require_POST
@MAY
def approval(request: Request) -> HttpResponse:
    return _decided(request, verbs.approve, "approved: what was held back follows now")


@require_POST
@MAY
def dismissal(request: Request) -> HttpResponse:
    return _decided(request, verbs.dismiss, "dismissed: nothing follows")


def _decided(request: Request, verb: Callable[..., int], done: str) -> HttpResponse:
    number = verb(_chosen(request), by=request.user)
    messages.success(request, f"{number} {'lead' if number == 1 else 'leads'} {done}.")
    return redirect("review")


def _chosen(request: Request) -> QuerySet[Crossing]:
    """Those ticked, or with `all` as many as may be decided at once, the oldest first."""
    waiting = verbs.open_to(request.user)
    if request.POST.get("all"):
        return waiting
    return waiting.filter(pk__in=ids_of(request, "crossing"))


urlpatterns: list[URLPattern] = [
    path("handoffs/review/", review, name="review"),
    path("handoffs/review/approval/", approval, name="review-approval"),
    path("handoffs/review/dismissal/", dismissal, name="review-dismissal"),
]
