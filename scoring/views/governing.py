"""Approvals, what is scheduled, and how this company publishes."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from leads.models import User
from leads.requests import Request, posted
from scoring import approvals
from scoring.governing import set_policy
from scoring.models import PublishingPolicy, ScheduledPublication, ScoringModel
from scoring.preview.consequences import consequences
from scoring.scheduling import cancel

MAY_PUBLISH = permission_required("scoring.publish_scoringmodel", raise_exception=True)


def publishing_of(model: ScoringModel, viewer: User, frozen: dict[str, Any]) -> dict[str, Any]:
    """What stands between the draft, `frozen`, and being live, for its page."""
    policy, given = PublishingPolicy.get(), list(approvals.approvals_of(model, frozen))
    last = model.scheduled.select_related("by", "cancelled_by").first()
    new = not approvals.nothing_new(model, frozen)
    mine = any(approval.by_id == viewer.pk for approval in given)
    return {
        "nothing_new": not new,
        "consequences": consequences(model) if new else None,
        "counting": model.previews.filter(finished_at__isnull=True).exists() if new else False,
        "four_eyes": policy.four_eyes,
        "approvals": given,
        "mine": mine,
        "approved": not policy.four_eyes or any(approval.by_id != viewer.pk for approval in given),
        "scheduled": last if last and last.state in ("waiting", "failed") else None,
        "stale": bool(last and last.state == "waiting" and last.digest != approvals.digest_of(model, frozen)),
    }


@require_POST
@MAY_PUBLISH
def approve(request: Request, pk: int) -> HttpResponse:
    """Approve the draft exactly as the page showed it."""
    model = get_object_or_404(ScoringModel, pk=pk)
    if request.POST.get("digest", "") != approvals.digest_of(model):
        messages.error(request, "The draft has changed since you opened the page. Look at it again, then approve it.")
    else:
        approvals.approve(model, by=request.user)
        messages.success(request, "Approved, exactly as it is now. Any change of the draft voids the approval.")
    return redirect("scoring:model", pk)


@require_POST
@MAY_PUBLISH
def withdraw(request: Request, pk: int) -> HttpResponse:
    """Take one's approval back."""
    model = get_object_or_404(ScoringModel, pk=pk)
    if not approvals.withdraw(model, by=request.user):
        messages.error(request, "You have not approved this draft, so there is nothing to take back.")
    return redirect("scoring:model", pk)


@require_POST
@MAY_PUBLISH
def cancellation(request: Request, pk: int, scheduled: int) -> HttpResponse:
    """Do not publish it at that moment."""
    row = get_object_or_404(ScheduledPublication, model=pk, pk=scheduled)
    if cancel(row, by=request.user):
        messages.success(request, "Cancelled. The draft stays as it is.")
    else:
        messages.error(request, "It was published or cancelled already.")
    return redirect("scoring:model", pk)


class PolicyForm(forms.ModelForm):
    class Meta:
        model = PublishingPolicy
        fields = ("four_eyes",)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("scoring.change_publishingpolicy", raise_exception=True)
def policy(request: Request) -> HttpResponse:
    """How this company publishes."""
    present = PublishingPolicy.get()
    form = PolicyForm(posted(request), instance=present)
    if request.method == "POST" and form.is_valid():
        set_policy(four_eyes=form.cleaned_data["four_eyes"], by=request.user)
        messages.success(request, "Saved.")
        return redirect("scoring:policy")
    return render(request, "scoring/policy.html", {"form": form, "policy": present})
