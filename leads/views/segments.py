"""Segments: saved conditions, with how many leads are inside and who needs them."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leads import segments as verbs
from leads.access import teams_with
from leads.asked import page_asked
from leads.models import Segment, Team, User
from leads.requests import Request

PAGE = 25
LOOK = permission_required("leads.view_segment", raise_exception=True)
NOT_YOURS = "Your roles do not allow this. Ask marketing or an admin."


class SegmentForm(forms.ModelForm):
    class Meta:
        model = Segment
        fields = ("name", "team", "condition")

    def __init__(self, *args: Any, user: User, **options: Any):
        super().__init__(*args, **options)
        team: Any = self.fields["team"]
        team.queryset = Team.objects.filter(pk__in=teams_with(user, "leads.change_segment"))
        team.empty_label = "All teams"


@require_safe
@LOOK
def segments(request: Request) -> HttpResponse:
    visible = Segment.objects.visible_to(request.user).select_related("team")
    page = page_asked(request, visible, order="name", size=PAGE)
    rows = verbs.segment_rows(page.rows, request.user)
    return render(request, "leads/segments.html", {"page": page, "rows": rows, "counted": verbs.COUNTED})


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("leads.add_segment", raise_exception=True)
def new(request: Request) -> HttpResponse:
    form = SegmentForm(request.POST or None, user=request.user, instance=Segment(created_by=request.user))
    return _saved(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@LOOK
def segment(request: Request, pk: int) -> HttpResponse:
    """Its condition, for marketing and admins to edit; the others are shown the sentence in the list."""
    found = _own(request, pk)
    return _saved(request, SegmentForm(request.POST or None, user=request.user, instance=found))


@require_POST
@LOOK
def deletion(request: Request, pk: int) -> HttpResponse:
    found = _own(request, pk, "leads.delete_segment")
    try:
        verbs.delete(found)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("segment", pk)
    messages.success(request, f"The segment {found} is deleted. No lead has changed.")
    return redirect("segments")


def _own(request: Request, pk: int, permission: str = "leads.change_segment") -> Segment:
    found = get_object_or_404(Segment.objects.visible_to(request.user), pk=pk)
    if not request.user.has_perm(permission, found):
        raise PermissionDenied(NOT_YOURS)
    return found


def _saved(request: Request, form: SegmentForm) -> HttpResponse:
    if form.is_bound and form.is_valid():
        saved = verbs.save(form.save(commit=False))
        messages.success(request, f"The segment {saved} is saved.")
        return redirect("segments")
    uses = verbs.uses_of_segments([form.instance])[form.instance.pk] if form.instance.pk else []
    context = {"form": form, "segment": form.instance, "uses": uses}
    return render(request, "leads/segment.html", context, status=422 if form.is_bound else 200)


urlpatterns: list[URLPattern] = [
    path("segments/", segments, name="segments"),
    path("segments/new/", new, name="segment-new"),
    path("segments/<int:pk>/", segment, name="segment"),
    path("segments/<int:pk>/deletion/", deletion, name="segment-deletion"),
]
