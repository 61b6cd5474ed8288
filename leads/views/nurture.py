"""Nurture lists: who is on them, why and until when; as a page and as CSV."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from leads import csvfile
from leads.asked import page_asked
from leads.models import NurtureList, NurtureMember
from leads.requests import Request
from leads.selling.nurture import leave

PAGE = 50
HEAD = ["lead", "email", "first_name", "last_name", "title", "company", "reason", "since", "until"]
MAY_SEE = permission_required("leads.view_nurturelist", raise_exception=True)


@require_safe
@MAY_SEE
def lists(request: Request) -> HttpResponse:
    there = Count("members", filter=Q(members__left_at=None))
    rows = NurtureList.objects.visible_to(request.user).select_related("team", "segment", "endpoint")
    return render(request, "leads/nurture.html", {"rows": rows.annotate(number=there)[:200]})


@require_safe
@MAY_SEE
def members(request: Request, pk: int) -> HttpResponse:
    of = _list(request, pk)
    page = page_asked(request, _present(of), order="-since", size=PAGE)
    may_change = request.user.has_perm("leads.change_nurturelist", of)
    return render(request, "leads/nurture_list.html", {"list": of, "page": page, "may_change": may_change})


@require_safe
@MAY_SEE
def export(request: Request, pk: int) -> StreamingHttpResponse:
    """Everybody on the list, as CSV."""
    of = _list(request, pk)
    return csvfile.stream(f"nurture-{of.pk}-{timezone.localdate()}.csv", HEAD, _lines(_present(of)))


@require_POST
@permission_required("leads.change_nurturelist", raise_exception=True)
def leaving(request: Request, pk: int, member: int) -> HttpResponse:
    """Take a lead off the list."""
    of = _list(request, pk)
    if not request.user.has_perm("leads.change_nurturelist", of):
        raise PermissionDenied
    found = get_object_or_404(_present(of), pk=member)
    leave(NurtureMember.objects.filter(pk=found.pk), f"taken off by {request.user}")
    messages.success(request, f"{found.lead} is off the list.")
    return redirect("nurture-list", pk)


def _list(request: Request, pk: int) -> NurtureList:
    visible = NurtureList.objects.visible_to(request.user).select_related("team", "segment", "endpoint")
    return get_object_or_404(visible, pk=pk)


def _present(of: NurtureList) -> QuerySet[NurtureMember]:
    return of.members.present().select_related("lead__company")


def _lines(rows: QuerySet[NurtureMember]) -> Iterator[list[Any]]:
    for row in rows.order_by("pk").iterator(1000):
        lead = row.lead
        yield [lead.pk, lead.email, lead.first_name, lead.last_name, lead.title, str(lead.company or ""), row.reason,
               timezone.localtime(row.since).isoformat(timespec="seconds"), row.until]  # fmt: skip


urlpatterns: list[URLPattern] = [
    path("nurture/", lists, name="nurture"),
    path("nurture/<int:pk>/", members, name="nurture-list"),
    path("nurture/<int:pk>/members.csv", export, name="nurture-export"),
    path("nurture/<int:pk>/members/<int:member>/leaving/", leaving, name="nurture-leaving"),
]
