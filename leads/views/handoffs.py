"""The queue between marketing and sales: who waits, and the answers."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads.access import teams_with
from leads.asked import at_cursor
from leads.models import Handoff, Lead
from leads.requests import Request, ids_of, posted
from leads.selling import followup, handoffs, passing, queue
from leads.selling.deals import set_deal
from leads.views.handoff_forms import (
    AcceptanceForm,
    AssignmentForm,
    ContactForm,
    DealForm,
    NextStepForm,
    NoForm,
    RecyclingForm,
    RejectionForm,
    SnoozeForm,
)

LEFT_OUT = "left out: sales has them, they rest, or they wait for an answer already"


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: Request) -> HttpResponse:
    """The queue; a POST with lead ids hands these off."""
    return _offer(request) if request.method == "POST" else _queue(request)


@permission_required("leads.view_handoff", raise_exception=True)
def _queue(request: Request) -> HttpResponse:
    user, tab = request.user, request.GET.get("tab") or queue.default_tab(request.user)
    if tab not in queue.TABS:
        raise Http404
    page = at_cursor(request, lambda cursor: queue.page(user, tab, cursor))
    tabs = queue.tabs(user)
    context = {
        "tab": tab,
        "tabs": tabs,
        "page": page,
        "open": tab in queue.OPEN_TABS,
        "deciding": handoffs.decides_in(user),
        "releasing": teams_with(user, "leads.release_handoff"),
        "team_waits": f"{tabs[1][2]:,} for the team.",
    }
    if context["open"]:
        first = queue.fast_track(user, tab) if tab != "snoozed" and not request.GET.get("cursor") else []
        groups, counts = queue.grouped(first + [row for row in page.rows if row not in first]), _heads(user, tab)
        context |= {
            "groups": [(counts.pop(name), members) for name, members in groups],
            "elsewhere": counts.values(),
            "lately": queue.decided_lately(user),
        }
    if user.has_perm("leads.add_handoff"):
        context["week"] = queue.week(user)
    return render(request, "leads/handoffs.html", context)


@permission_required("leads.add_handoff", raise_exception=True)
def _offer(request: Request) -> HttpResponse:
    ids = ids_of(request, "lead")
    mine = Lead.objects.filter(pk__in=ids, team__in=handoffs.offers_in(request.user))
    opened = handoffs.open_handoffs(mine.values_list("pk", flat=True), by=request.user)
    return _offered(request, len(opened), len(ids) - len(opened))


def _offered(request: Request, opened: int, left_out: int) -> HttpResponse:
    said = f"{opened} {'lead' if opened == 1 else 'leads'} handed off."
    messages.success(request, f"{said} {left_out} {LEFT_OUT}." if left_out else said)
    return redirect(_next(request))


@require_POST
@permission_required("leads.add_handoff", raise_exception=True)
def lead_handoff(request: Request, pk: int) -> HttpResponse:
    """Hand one lead off by hand."""
    lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
    if not request.user.has_perm("leads.add_handoff", lead):
        raise PermissionDenied
    opened = handoffs.open_handoffs([lead.pk], by=request.user)
    if opened:
        messages.success(request, f"{lead} is handed off to {opened[0].assignee or 'the team'}.")
    else:
        messages.info(request, f"{lead} is not handed off: sales has them, they rest, or they wait for an answer.")
    return redirect(_next(request))


@require_GET
@permission_required("leads.view_handoff", raise_exception=True)
def detail(request: Request, pk: int) -> HttpResponse:
    """One handoff and its answers."""
    handoff = get_object_or_404(queue.shown(request.user), pk=pk)
    template = "leads/_handoff.html" if request.htmx else "leads/handoff.html"
    return render(request, template, _row(request, handoff))


@require_POST
def acceptance(request: Request, pk: int) -> HttpResponse:
    """Take the lead, in one click."""
    return _answer(request, pk, AcceptanceForm, handoffs.accept, "", "{lead} is yours.")


@require_http_methods(["GET", "POST"])
def rejection(request: Request, pk: int) -> HttpResponse:
    """Refuse the lead, and say why."""
    done = "{lead} is rejected. Marketing sees your answer."
    return _answer(request, pk, RejectionForm, handoffs.reject, "leads/_rejection.html", done)


@require_http_methods(["GET", "POST"])
def recycling(request: Request, pk: int) -> HttpResponse:
    """Let the lead rest until a day."""
    done = "{lead} rests until the day you chose."
    return _answer(request, pk, RecyclingForm, handoffs.recycle, "leads/_recycling.html", done)


@require_http_methods(["GET", "POST"])
def assignment(request: Request, pk: int) -> HttpResponse:
    """Pass the handoff to a colleague."""
    return _answer(request, pk, AssignmentForm, passing.reassign, "leads/_assignment.html", "{lead} is passed on.")


@require_http_methods(["GET", "POST"])
def snooze(request: Request, pk: int) -> HttpResponse:
    """Put it off until a moment."""
    done = "{lead} is out of your queue until then. The clock runs on."
    return _answer(request, pk, SnoozeForm, passing.snooze, "leads/_snooze.html", done)


@require_POST
def release(request: Request, pk: int) -> HttpResponse:
    """Back into the queue of the team, by a manager."""
    handoff = get_object_or_404(queue.shown(request.user), pk=pk)
    if not request.user.has_perm("leads.release_handoff", handoff):
        raise PermissionDenied
    return _answer(request, pk, NoForm, passing.release, "", "{lead} waits for the whole team.")


@require_POST
def withdrawal(request: Request, pk: int) -> HttpResponse:
    """Take an answer back."""
    return _answer(request, pk, NoForm, handoffs.withdraw, "", "Taken back: {lead} waits for an answer again.")


@require_POST
def next_step(request: Request, pk: int) -> HttpResponse:
    return _answer(request, pk, NextStepForm, followup.plan, "leads/_refused.html", "The next step is set.")


@require_POST
def contact(request: Request, pk: int) -> HttpResponse:
    done = "It stands in the timeline of {lead}."
    return _answer(request, pk, ContactForm, followup.contacted, "leads/_refused.html", done)


@require_POST
def deal(request: Request, pk: int) -> HttpResponse:
    return _answer(request, pk, DealForm, set_deal, "leads/_refused.html", "The deal of {lead} is saved.")


def _answer(
    request: Request, pk: int, form_class: type[forms.Form], verb: Callable, template: str, done: str
) -> HttpResponse:
    handoff = get_object_or_404(queue.shown(request.user), pk=pk)
    if not handoffs.may_decide(handoff, request.user):
        raise PermissionDenied
    form = form_class(posted(request), handoff=handoff)  # type: ignore[call-arg]
    if not form.is_valid():
        return _form(request, template, form, handoff)
    try:
        verb(handoff, by=request.user, **form.cleaned_data)
    except handoffs.AlreadyDecided as error:
        return _told(request, handoff, str(error), messages.ERROR)
    except ValidationError as error:
        if not template:
            return _told(request, handoff, " ".join(error.messages), messages.ERROR)
        form.add_error(None, error)
        return _form(request, template, form, handoff)
    return _told(request, handoff, done.format(lead=handoff.lead), messages.SUCCESS)


def _form(request: Request, template: str, form: forms.Form, handoff: Handoff) -> HttpResponse:
    """The form by itself for a dialog, else on a page of its own. What could not be taken answers 422."""
    context = {"form": form, "handoff": handoff, "template": template, "action": request.path, "next": _next(request)}
    status = 422 if form.is_bound else 200
    return render(request, template if request.htmx else "leads/handoff_form.html", context, status=status)


def _told(request: Request, handoff: Handoff, sentence: str, level: int) -> HttpResponse:
    """With htmx the row as it is now, else back to the page with a message."""
    if not request.htmx:
        messages.add_message(request, level, sentence)
        return redirect(_next(request))
    fresh = queue.shown(request.user).get(pk=handoff.pk)
    status = 409 if level == messages.ERROR else 200
    answer = render(request, "leads/_handoff.html", _row(request, fresh) | {"told": sentence}, status=status)
    answer.write(render_to_string("leads/_counts.html", _counts(request), request))
    answer["HX-Retarget"], answer["HX-Reswap"] = f"#handoff-{handoff.pk}", "outerHTML"
    return answer


def _counts(request: Request) -> dict[str, Any]:
    """What stands elsewhere on the page and has just changed; the tabs only where there are any."""
    tabs, page = queue.tabs(request.user), urlsplit(request.htmx.current_url or "")
    tab = parse_qs(page.query).get("tab", [queue.default_tab(request.user)])[0]
    here = page.path == reverse("handoffs")
    heads = _heads(request.user, tab).values() if here and tab in queue.OPEN_TABS else []
    return {"tabs": tabs if here else [], "tab": tab, "waiting": tabs[0][2], "heads": heads}


def _heads(user: Any, tab: str) -> dict[str, dict[str, Any]]:
    """What stands over each group of the queue."""
    return {name: {"name": name, "number": number} for name, number in queue.group_counts(user, tab).items()}


def _row(request: Request, handoff: Handoff) -> dict[str, Any]:
    return {
        "handoff": handoff,
        "rows": queue.with_recent([handoff]),
        "deciding": handoffs.decides_in(request.user),
        "releasing": teams_with(request.user, "leads.release_handoff"),
        "undo": handoffs.may_withdraw(handoff, request.user),
    }


def _next(request: Request) -> str:
    """Where the person came from, if that is a page of ours."""
    given = request.POST.get("next") or request.GET.get("next") or ""
    ours = given.startswith("/") and url_has_allowed_host_and_scheme(given, allowed_hosts=None)
    return given if ours else reverse("handoffs")


urlpatterns: list[URLPattern] = [
    path("handoffs/", index, name="handoffs"),
    path("handoffs/<int:pk>/", detail, name="handoff"),
    path("handoffs/<int:pk>/acceptance/", acceptance, name="handoff-acceptance"),
    path("handoffs/<int:pk>/rejection/", rejection, name="handoff-rejection"),
    path("handoffs/<int:pk>/recycling/", recycling, name="handoff-recycling"),
    path("handoffs/<int:pk>/assignment/", assignment, name="handoff-assignment"),
    path("handoffs/<int:pk>/snooze/", snooze, name="handoff-snooze"),
    path("handoffs/<int:pk>/release/", release, name="handoff-release"),
    path("handoffs/<int:pk>/withdrawal/", withdrawal, name="handoff-withdrawal"),
    path("handoffs/<int:pk>/next-step/", next_step, name="handoff-next-step"),
    path("handoffs/<int:pk>/contact/", contact, name="handoff-contact"),
    path("handoffs/<int:pk>/deal/", deal, name="handoff-deal"),
    path("leads/<int:pk>/handoff/", lead_handoff, name="lead-handoff"),
]
