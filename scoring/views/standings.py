"""Why a lead has its score and what changed it: cards of the lead page, each also a page of its own."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from leads.enums import Label
from leads.models import Handoff, Standing
from leads.requests import Request, whole
from leads.templatetags.ui import temperature
from scoring.changes import history_of
from scoring.experiments.lead import drawn
from scoring.ledgers import ledger_of, others_of, shown_of
from scoring.likelihood import likelihood
from scoring.models import Entry, Version
from scoring.overrides import override_of
from scoring.stepchart import StepChart, step_chart
from scoring.whatif import BEST
from scoring.whatif import what_if as search

PERIODS = (7, 30, 90)
CHARTED = 400  # changes, the newest; a chart is no wider than that


@require_safe
@permission_required("leads.view_standing", raise_exception=True)
def standing(request: Request, lead: int) -> HttpResponse:
    """The ledger: "Why this score". With `model`, by its slug, that of a model beside the one that decides; with
    `side`, by its position, that of a side of the experiment the lead is in.
    """
    row = _standing(request, lead)
    shown = shown_of(row, request.GET, request.user)
    if shown is None:
        raise Http404
    context: dict[str, Any] = {"standing": shown, "lead": row.lead, "ledger": ledger_of(shown)}
    if shown is row:
        may = request.user.has_perm("scoring.add_override", row)
        context |= {"override": override_of(lead), "may_override": may, "others": others_of(row)}
        context |= {"likely": likelihood(row), "drawn": drawn(row, request.user)}
    return _card(request, "standing", context)


@require_safe
@permission_required("scoring.view_entry", raise_exception=True)
def history(request: Request, lead: int) -> HttpResponse:
    """The changes: "What changed", a page of them from `before` on, with sums over the last `days`."""
    row = _standing(request, lead)
    days = next((days for days in PERIODS if request.GET.get("days") == str(days)), PERIODS[0])
    before = whole(request.GET.get("before", ""), digits=9) or None
    context: dict[str, Any] = {"history": history_of(lead, days=days, before=before), "chart": _chart(row)}
    context |= {"temperature": temperature(row.label), "days": days, "periods": PERIODS, "before": before}
    return _card(request, "history", context | {"standing": row, "lead": row.lead})


@require_safe
@permission_required("leads.view_standing", raise_exception=True)
def what_if(request: Request, lead: int) -> HttpResponse:
    """What would give the lead a label: Hot, or another by `label`."""
    row = _standing(request, lead)
    target = request.GET.get("label", "")
    target = target if target in BEST[:-1] else Label.HOT
    found = search(row, target)
    context = {"standing": row, "lead": row.lead, "found": found, "targets": BEST[:-1], "target": target}
    return _card(request, "what_if", context)


def _standing(request: Request, lead: int) -> Standing:
    return get_object_or_404(Standing.objects.visible_to(request.user).select_related("lead"), pk=lead)


def _card(request: Request, name: str, context: dict[str, Any]) -> HttpResponse:
    part = bool(request.htmx) and not request.htmx.history_restore_request
    response = render(request, f"scoring/{'_' * part}{name}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _chart(standing: Standing) -> StepChart | None:
    """The score over the last year; None while it never had one. Three queries."""
    now = timezone.now()
    entries = Entry.objects.filter(lead=standing.pk, recorded_at__gte=now - timedelta(days=365)).order_by("-seq")
    rows = list(entries.values_list("recorded_at", "total", "version_id")[:CHARTED])[::-1]
    if not rows:
        return None
    scores = [(at, total) for at, total, _ in rows]
    handoffs = Handoff.objects.filter(lead=standing.pk).order_by("-opened_at").values_list("opened_at", "total")[:1]
    moments = [*_published(rows), *((at, f"Handed off at {total}") for at, total in handoffs)]
    top = max([100, *(total for _, total in scores if total)])
    return step_chart(scores, until=now, top=top, moments=moments)


def _published(rows: Sequence[tuple[Any, int | None, int | None]]) -> list[tuple[Any, str]]:
    """The last change of version among the rows."""
    pairs = zip(rows, rows[1:], strict=False)
    switches = [(after[0], after[2]) for before, after in pairs if after[2] and before[2] and before[2] != after[2]]
    numbers = dict(Version.objects.filter(pk__in=[pk for _, pk in switches[-1:]]).values_list("pk", "number"))
    return [(at, f"Version {numbers[pk]} published") for at, pk in switches[-1:] if pk in numbers]
