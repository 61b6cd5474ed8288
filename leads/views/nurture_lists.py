"""Nurture lists: made, changed and given up; and leads put on one by hand."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods, require_POST

from leads.access import teams_with
from leads.enums import Label
from leads.models import Endpoint, Lead, NurtureList, Segment, Team, User
from leads.requests import Request, ids_of
from leads.selling import nurture

LEFT_OUT = "left out: they are on it already, or belong to another team"


class NurtureListForm(forms.ModelForm):
    takes_labels = forms.MultipleChoiceField(
        choices=Label.choices, required=False, widget=forms.CheckboxSelectMultiple, label="Takes low labels",
        help_text="Leads with these labels that were never handed off.",
    )  # fmt: skip

    class Meta:
        model = NurtureList
        fields = ("name", "team", "takes_rejected", "takes_labels", "segment", "quiet_days", "endpoint", "to_crm")

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: Any = self.fields
        fields["team"].queryset = Team.objects.filter(pk__in=teams_with(user, "leads.change_nurturelist"))
        fields["team"].empty_label = None
        fields["segment"].queryset = Segment.objects.visible_to(user)
        fields["segment"].empty_label = "None"
        fields["endpoint"].queryset = Endpoint.objects.visible_to(user).filter(kind=Endpoint.WEBHOOK)
        fields["endpoint"].empty_label, fields["endpoint"].label = "None", "Webhook"
        if self.instance.pk:
            del fields["team"]  # its leads are of that team

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        team = said.get("team") or (self.instance.team if self.instance.pk else None)
        for name, problem in nurture.foreign(team, said.get("segment"), said.get("endpoint")).items():
            self.add_error(name, problem)
        return said


class PutForm(forms.Form):
    """On which list, and why."""

    to = forms.ModelChoiceField(NurtureList.objects.none(), label="List", empty_label=None)
    reason = forms.CharField(max_length=200, widget=forms.TextInput({"placeholder": "Budget next year"}))

    def __init__(self, *args: Any, user: User, teams: set[int], **extra: Any) -> None:
        super().__init__(*args, **extra)
        mine = NurtureList.objects.visible_to(user).filter(team__in=teams_with(user, "leads.change_nurturelist"))
        field: Any = self.fields["to"]
        field.queryset = mine.filter(team__in=teams).select_related("team")
        field.label_from_instance = lambda each: f"{each}, {each.team}"


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("leads.add_nurturelist", raise_exception=True)
def new(request: Request) -> HttpResponse:
    form = NurtureListForm(request.POST or None, user=request.user)
    return _kept(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("leads.change_nurturelist", raise_exception=True)
def edit(request: Request, pk: int) -> HttpResponse:
    form = NurtureListForm(request.POST or None, user=request.user, instance=_mine(request, pk))
    return _kept(request, form)


@require_POST
@permission_required("leads.delete_nurturelist", raise_exception=True)
def deletion(request: Request, pk: int) -> HttpResponse:
    of = _mine(request, pk)
    number = nurture.give_up(of, by=request.user)
    messages.success(
        request, f"The list {of} is deleted. {number:,} leads are on it no more; nothing else has changed."
    )
    return redirect("nurture")


@require_POST
@permission_required("leads.change_nurturelist", raise_exception=True)
def putting(request: Request) -> HttpResponse:
    """The leads that were ticked: on which list, and why; then put there."""
    ids = ids_of(request, "lead")
    leads = Lead.objects.visible_to(request.user).filter(pk__in=ids).order_by("pk")[: nurture.AT_ONCE]
    asked = "to" in request.POST
    form = PutForm(request.POST if asked else None, user=request.user, teams={lead.team_id for lead in leads})
    if not form.is_valid():
        context = {"form": form, "leads": leads}
        return render(request, "leads/nurture_put.html", context, status=422 if asked else 200)
    of = form.cleaned_data["to"]
    came = nurture.nurture(of, [lead.pk for lead in leads], reason=form.cleaned_data["reason"])
    left = f" {len(leads) - came:,} {LEFT_OUT}." if came < len(leads) else ""
    messages.success(request, f"{came:,} lead{'s' * (came != 1)} put on {of}.{left}")
    return redirect("nurture-list", of.pk)


def _mine(request: Request, pk: int) -> NurtureList:
    of = get_object_or_404(NurtureList.objects.visible_to(request.user).select_related("team"), pk=pk)
    if not request.user.has_perm("leads.change_nurturelist", of):
        raise PermissionDenied
    return of


def _kept(request: Request, form: NurtureListForm) -> HttpResponse:
    if form.is_valid():
        of = form.save()
        messages.success(request, f"The list {of} is saved.")
        return redirect("nurture-list", of.pk)
    context = {"form": form, "list": form.instance}
    return render(request, "leads/nurture_form.html", context, status=422 if form.is_bound else 200)


urlpatterns: list[URLPattern] = [
    path("nurture/new/", new, name="nurture-new"),
    path("nurture/members/", putting, name="nurture-putting"),
    path("nurture/<int:pk>/edit/", edit, name="nurture-edit"),
    path("nurture/<int:pk>/deletion/", deletion, name="nurture-deletion"),
]
