"""The control sample: how many leads below the bar are handed off by lot, and what the model misses."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from leads.access import teams_with
from leads.asked import page_asked
from leads.models import Team
from leads.requests import Request
from scoring.control.draw import set_share
from scoring.control.estimate import estimate
from scoring.models import ControlCase, ControlSample

SEE, SET = "scoring.view_controlsample", "scoring.set_controlsample"
SIZE = 50


class ShareForm(forms.Form):
    percent = forms.FloatField(
        label="Share, in percent", min_value=0, max_value=10, help_text="0: none. 2 to 5 is usual."
    )
    after_days = forms.IntegerField(
        label="Drawn after", min_value=0, max_value=365,
        help_text="Days from creation, in which a lead may get above the bar.",
    )  # fmt: skip
    excluded = forms.BooleanField(label="Leave its handoffs out of the reports on handoffs", required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(SEE, raise_exception=True)
def control_sample(request: Request) -> HttpResponse:
    """GET: the shares and the estimate. POST: set the share of a team, or of every other team."""
    if request.method == "POST":
        return _set(request)
    return _page(request)


def _page(request: Request, bad: dict[int, ShareForm] | None = None) -> HttpResponse:
    samples = {sample.team_id: sample for sample in ControlSample.objects.select_related("changed_by")}
    may, seen = teams_with(request.user, SET), teams_with(request.user, SEE)
    rows = []
    for team in (None, *Team.objects.visible_to(request.user).filter(pk__in=seen)):
        sample, pk = samples.get(team.pk if team else None), team.pk if team else 0
        form = (bad or {}).get(pk) or ShareForm(initial=_initial(sample), auto_id=f"id_{pk}_%s")
        rows.append({"team": team, "sample": sample, "form": form, "may": _may(team, may)})
    context = {"rows": rows, "estimate": estimate(seen), "on": any(sample.permille for sample in samples.values())}
    return render(request, "scoring/control/index.html", context, status=422 if bad else 200)


def _initial(sample: ControlSample | None) -> dict[str, Any]:
    found = sample or ControlSample()
    return {"percent": found.permille / 10, "after_days": found.after_days, "excluded": found.excluded}


def _may(team: Team | None, may: list[int]) -> bool:
    """What holds for every team without a share of its own is set by who may in each team there is."""
    return team.pk in may if team else Team.objects.count() == len(may)


def _set(request: Request) -> HttpResponse:
    given = request.POST.get("team", "")
    team = get_object_or_404(Team.objects.visible_to(request.user), slug=given) if given else None
    may, pk = teams_with(request.user, SET), team.pk if team else 0
    form = ShareForm(request.POST, auto_id=f"id_{pk}_%s")
    if not may or form.is_valid() and not _may(team, may):
        raise PermissionDenied
    if form.is_valid():
        set_share(team, **form.cleaned_data, by=request.user)
        messages.success(request, f"Saved for {team or 'every other team'}. It holds for leads created from now on.")
        return redirect("scoring:control-sample")
    return _page(request, {pk: form})


@require_safe
@permission_required(SEE, raise_exception=True)
def cases(request: Request) -> HttpResponse:
    """The leads that were drawn, of the teams whose sample the viewer may see."""
    seen = teams_with(request.user, SEE)
    drawn = ControlCase.objects.visible_to(request.user).filter(team__in=seen, drawn=True)
    rows = drawn.select_related("lead__company", "handoff__assignee")
    page = page_asked(request, rows, order="-id", size=SIZE)
    return render(request, "scoring/control/cases.html", {"page": page})
