"""Setting a connection up: the key, the test, fields, stages, and a trial that writes nothing."""

from collections.abc import Callable
from typing import TypeVar

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.forms import formset_factory
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leads.crm import mapping
from leads.crm.control import say_stages
from leads.crm.http import PATIENCE
from leads.crm.reconcile import reconcile, repair
from leads.crm.registry import CONNECTORS, NoConnector, connector_of, kind_of, understood
from leads.crm.setup.fields import FieldMapForm, choices_of, double, kinds_of, replace_pairs
from leads.crm.setup.forms import ConnectionForm
from leads.crm.setup.remembered import fields_of
from leads.crm.setup.trial import TAKES, try_out
from leads.crm.sync.accounts import checked
from leads.crm.words import CrmError
from leads.enums import DealState
from leads.models import Connection, Lead
from leads.outgoing.sealing import Unreadable
from leads.requests import Request
from leads.views.connections import MAY_CHANGE, MAY_SEE, connections_of, theirs

MAY_ADD = permission_required("leads.add_connection", raise_exception=True)
EMPTY = 3  # rows for new pairs
Answer = TypeVar("Answer")


@require_http_methods(["GET", "HEAD", "POST"])
@MAY_ADD
def new(request: Request, crm: str) -> HttpResponse:
    if crm not in CONNECTORS:
        raise Http404
    kind = CONNECTORS[crm]
    form = ConnectionForm(request.POST or None, kind=kind, user=request.user)
    if request.method == "POST" and form.is_valid():
        return redirect("connection", form.save(by=request.user).pk)
    context = {"form": form, "crm": kind.name}
    return render(request, "leads/connection_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@MAY_CHANGE
def settings(request: Request, pk: int) -> HttpResponse:
    """How to get in. A secret that is left empty stays."""
    found = theirs(request, pk)
    form = ConnectionForm(request.POST or None, kind=kind_of(found), user=request.user, connection=found)
    if request.method == "POST" and form.is_valid():
        kept = form.save(by=request.user)
        messages.success(request, "Kept." if kept.account_seen else "Kept. Test it now.")
        return redirect("connection", pk)
    context = {"form": form, "crm": kind_of(found).name, "connection": found}
    return render(request, "leads/connection_form.html", context, status=422 if form.errors else 200)


@require_POST
@MAY_CHANGE
def tests(request: Request, pk: int) -> HttpResponse:
    """Try the key and each right, and take over the stages: asked of the CRM while the page waits."""
    found = theirs(request, pk)
    checks, wrong = _asked(lambda: checked(found))
    if checks and all(check.ok for check in checks):
        _, wrong = _asked(lambda: mapping.read_stages(found, connector_of(found)))
    missing = sum(not check.ok for check in checks or ())
    context = {"connection": found, "checks": checks, "missing": missing, "wrong": wrong}
    return render(request, "leads/connection_test.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@MAY_CHANGE
def fields(request: Request, pk: int) -> HttpResponse:
    """Which field of theirs is which of ours, with samples from the CRM; which way it goes, and who wins: of ?kind."""
    found = theirs(request, pk)
    kinds = kinds_of(kind_of(found))
    kind = request.GET.get("kind") or kinds[0][0]
    if kind not in dict(kinds):
        raise Http404
    anew, kept = "again" in request.POST, request.method == "POST" and "again" not in request.POST
    theirs_now = fields_of(found, kind, anew=anew)
    wrong, rows = theirs_now.wrong, list(found.field_maps.filter(kind=kind).values("theirs", "ours", "flow", "wins"))
    known = {
        "choices": choices_of(kind), "fields": theirs_now.fields or (), "mapped": [row["theirs"] for row in rows]
    }  # fmt: skip
    made = formset_factory(FieldMapForm, extra=EMPTY)
    forms = made(request.POST if kept else None, initial=rows, prefix="f", form_kwargs=known)
    if kept and forms.is_valid():
        pairs = [form.pair for form in forms if form.cleaned_data and form.pair]
        if not (twice := double(pairs)):
            replace_pairs(found, kind, pairs)
            messages.success(request, f"Kept: {len(pairs)} pairs of fields.")
            return redirect(f"{request.path}?kind={kind}")
        wrong = f"{choices_of(kind)[twice].label} is said twice: one of ours has one field of theirs."
    context = {
        "connection": found, "forms": forms, "kind": kind, "kinds": kinds, "wrong": wrong, "theirs": theirs_now,
        "facts": [form for form in forms if not form.is_ours], "ours": [form for form in forms if form.is_ours],
    }  # fmt: skip
    return render(request, "leads/connection_fields.html", context, status=422 if kept else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@MAY_CHANGE
def stages(request: Request, pk: int) -> HttpResponse:
    """Whether a deal in each stage is open, won or lost. What a person says counts more than what the CRM says."""
    found = theirs(request, pk)
    wrong = ""
    if request.method == "POST" and request.POST.get("read"):
        _, wrong = _asked(lambda: mapping.read_stages(found, connector_of(found)))
    elif request.method == "POST":
        _say_stages(request, found)
        return redirect("connection-stages", pk)
    context = {"connection": found, "stages": found.stage_maps.all(), "states": DealState.choices, "wrong": wrong}
    return render(request, "leads/connection_stages.html", context)


def _say_stages(request: Request, found: Connection) -> None:
    ids = found.stage_maps.values_list("pk", flat=True)
    said = {pk: state for pk in ids if (state := request.POST.get(f"stage-{pk}", "")) in DealState.values}
    if say_stages(found, said):
        messages.success(request, "Kept. Every deal is read once more and judged by it.")


@require_http_methods(["GET", "HEAD", "POST"])
@MAY_CHANGE
def trial(request: Request, pk: int) -> HttpResponse:
    """What a sync would create and change on both sides, by the first records of each kind. Nothing is written."""
    found = theirs(request, pk)
    shown, wrong = _asked(lambda: try_out(found), TAKES) if request.method == "POST" else (None, "")
    return render(request, "leads/connection_trial.html", {"connection": found, "trial": shown, "wrong": wrong})


@require_safe
@MAY_SEE
def reconciliation(request: Request, pk: int) -> HttpResponse:
    """Whether everything that was handed off is there, and why not."""
    found = get_object_or_404(connections_of(request.user), pk=pk)
    report = reconcile(found)
    leads = Lead.objects.visible_to(request.user).in_bulk([lead for why in report.reasons for lead in why.leads])
    reasons = [(why, [leads[lead] for lead in why.leads if lead in leads]) for why in report.reasons]
    may = request.user.has_perm("leads.change_connection", found)
    context = {"connection": found, "report": report, "reasons": reasons, "may": may}
    return render(request, "leads/connection_reconciliation.html", context)


@require_POST
@MAY_CHANGE
def repairs(request: Request, pk: int) -> HttpResponse:
    """Send those that are missing for this reason (`why`) once more, or all for whom that helps."""
    found = theirs(request, pk)
    try:
        count = repair(found, request.POST.get("why", ""), by=request.user)
    except ValueError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{count:,} lead{'s' * (count != 1)} sent with the next run.")
    return redirect("connection-reconciliation", pk)


def _asked(ask: Callable[[], Answer], seconds: float = PATIENCE) -> tuple[Answer | None, str]:
    """(what the CRM answered in time, what is wrong): words for the page instead of an error."""
    try:
        return understood(ask, seconds), ""
    except (CrmError, Unreadable, NoConnector) as error:
        return None, str(error)


urlpatterns: list[URLPattern] = [
    path("connections/new/<slug:crm>/", new, name="connection-new"),
    path("connections/<int:pk>/settings/", settings, name="connection-settings"),
    path("connections/<int:pk>/tests", tests, name="connection-tests"),
    path("connections/<int:pk>/fields/", fields, name="connection-fields"),
    path("connections/<int:pk>/stages/", stages, name="connection-stages"),
    path("connections/<int:pk>/trial/", trial, name="connection-trial"),
    path("connections/<int:pk>/reconciliation/", reconciliation, name="connection-reconciliation"),
    path("connections/<int:pk>/repairs", repairs, name="connection-repairs"),
]
