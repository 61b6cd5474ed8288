"""The label of a lead set by hand: a page with a form, and what holds now."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from leads import widgets
from leads.days import today
from leads.enums import Label
from leads.models import Standing
from leads.requests import Request, posted
from leads.templatetags.ui import label_word
from scoring.overrides import LONGEST, override_of, set_label, withdraw

USUAL_DAYS = 30


class OverrideForm(forms.Form):
    label = forms.ChoiceField(choices=Label, help_text="What follows from a label follows from this one.")
    until = forms.DateField(
        widget=widgets.day(),
        help_text="The last day. After it the label follows from the score again.",
    )
    reason = forms.CharField(
        max_length=300, widget=forms.Textarea({"rows": 3}), help_text="Everybody who opens the lead can read it."
    )

    def __init__(self, *args: Any, **extra: Any):
        super().__init__(*args, **extra)
        day = today()
        self.initial.setdefault("until", day + timedelta(days=USUAL_DAYS))
        limits = {"min": str(day), "max": str(day + timedelta(days=LONGEST))}
        self.fields["until"].widget.attrs |= limits


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("scoring.add_override", raise_exception=True)
def override(request: Request, lead: int) -> HttpResponse:
    standing = _standing(request, lead, "scoring.add_override")
    form = OverrideForm(posted(request), initial=_initial(standing))
    if form.is_valid():
        try:
            made = set_label(standing, **form.cleaned_data, by=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            words = f"{made.get_label_display()} until {made.until:%-d %b %Y}"
            messages.success(request, f"{standing.lead} is {words}. The list shows it in a moment.")
            return redirect("lead", lead)
    context = {"standing": standing, "lead": standing.lead, "form": form, "override": override_of(lead)}
    return render(request, "scoring/override.html", context, status=422 if form.is_bound else 200)


@require_POST
@permission_required("scoring.delete_override", raise_exception=True)
def withdrawal(request: Request, lead: int) -> HttpResponse:
    """End it before its day."""
    standing = _standing(request, lead, "scoring.delete_override")
    if withdraw(standing, by=request.user):
        back = label_word(standing.automatic_label or standing.label)
        messages.success(request, f"{standing.lead} follows its score again: {back}.")
    else:
        messages.info(request, "It had ended already.")
    return redirect("lead", lead)


def _standing(request: Request, lead: int, permission: str) -> Standing:
    visible = Standing.objects.visible_to(request.user).select_related("lead")
    standing = get_object_or_404(visible, pk=lead)
    if not request.user.has_perm(permission, standing):
        raise PermissionDenied
    return standing


def _initial(standing: Standing) -> dict[str, Any]:
    return {"label": standing.label} if standing.label else {}
