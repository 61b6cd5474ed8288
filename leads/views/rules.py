"""Rules: what happens when a lead enters or leaves a segment."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leads.asked import page_asked
from leads.conditions.vocabulary import Vocabulary
from leads.models import Crossing, Rule, Segment
from leads.requests import Request, whole
from leads.rules import editing
from leads.segments import sentence
from leads.views.rule_form import RuleForm

PAGE, LATELY = 50, 20
LOOK = permission_required("leads.view_rule", raise_exception=True)


@require_safe
@LOOK
def rules(request: Request) -> HttpResponse:
    visible = Rule.objects.visible_to(request.user).select_related("segment", "stays", "team")
    page = page_asked(request, visible, order="name", size=PAGE)
    rows = [(row, editing.may_change(request.user, row.rule)) for row in editing.rule_rows(page.rows)]
    return render(request, "leads/rules.html", {"page": page, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("leads.add_rule", raise_exception=True)
def new(request: Request) -> HttpResponse:
    """A rule of marketing, for a team or for all."""
    begun = Rule(created_by=request.user, active=True)
    return _saved(request, RuleForm(request.POST or None, user=request.user, instance=begun, initial=_begun(request)))


@require_http_methods(["GET", "HEAD", "POST"])
@LOOK
def own(request: Request) -> HttpResponse:
    """A rule that tells nobody but its maker."""
    begun = Rule(created_by=request.user, person=request.user, active=True)
    return _saved(request, RuleForm(request.POST or None, user=request.user, instance=begun, initial=_begun(request)))


@require_http_methods(["GET", "HEAD", "POST"])
@LOOK
def rule(request: Request, pk: int) -> HttpResponse:
    return _saved(request, RuleForm(request.POST or None, user=request.user, instance=_mine(request, pk)))


@require_POST
@LOOK
def activation(request: Request, pk: int) -> HttpResponse:
    """Switched on or off. Switched on, it does nothing for those inside already."""
    found = _mine(request, pk)
    found.active = request.POST.get("active") == "on"
    try:
        editing.save(found)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("rule", pk)
    messages.success(request, f"The rule {found} is {'on' if found.active else 'off'}.")
    return redirect("rules")


@require_POST
@LOOK
def samples(request: Request, pk: int) -> HttpResponse:
    """What the rule would tell, sent to the person who asks, and to nobody else."""
    found = _mine(request, pk)
    try:
        messages.success(request, f"Sent to you: {editing.sample(found, to=request.user)}")
    except ValidationError as error:
        messages.info(request, error.messages[0])
    return redirect("rule", pk)


@require_POST
@LOOK
def deletion(request: Request, pk: int) -> HttpResponse:
    found = _mine(request, pk)
    found.delete()
    messages.success(request, f"The rule {found} is deleted. What it did stays done.")
    return redirect("rules")


def _mine(request: Request, pk: int) -> Rule:
    """A rule this person may change."""
    visible = Rule.objects.visible_to(request.user).select_related("segment", "stays", "team")
    found = get_object_or_404(visible, pk=pk)
    if not editing.may_change(request.user, found):
        raise PermissionDenied
    return found


def _begun(request: Request) -> dict[str, Any]:
    """The segment the page was opened for."""
    segments = Segment.objects.visible_to(request.user).filter(pk=whole(request.GET.get("segment", "")))
    return {"segment": segments.first()}


def _saved(request: Request, form: RuleForm) -> HttpResponse:
    if form.is_bound and form.is_valid() and (kept := form.kept()):
        messages.success(request, f"The rule {kept} is saved{'' if kept.active else ', and off'}.")
        return redirect("rules")
    context: dict[str, Any] = {"form": form, "rule": form.instance}
    if form.instance.pk:
        lately = Crossing.objects.visible_to(request.user).filter(rule=form.instance.pk).select_related("lead")
        context["lately"] = lately.order_by("-at", "-pk")[:LATELY]
        context["asked"] = sentence(Segment.objects.get(pk=form.instance.segment_id), Vocabulary.load())
    return render(request, "leads/rule.html", context, status=422 if form.is_bound else 200)


urlpatterns: list[URLPattern] = [
    path("rules/", rules, name="rules"),
    path("rules/new/", new, name="rule-new"),
    path("rules/own/", own, name="rule-own"),
    path("rules/<int:pk>/", rule, name="rule"),
    path("rules/<int:pk>/activation/", activation, name="rule-activation"),
    path("rules/<int:pk>/samples/", samples, name="rule-samples"),
    path("rules/<int:pk>/deletion/", deletion, name="rule-deletion"),
]
