"""Endpoints: signed webhooks and Slack channels of a team, with their delivery log."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leads.access import teams_with
from leads.asked import one_of, page_asked
from leads.models import Effect, Endpoint, User
from leads.outgoing.delivery import again
from leads.outgoing.endpoint_forms import EndpointForm, ReplayForm, SlackForm, change_secret, make_endpoint
from leads.outgoing.endpoints import close, deliveries, enable, send_test
from leads.requests import Request
from leads.tasks import deliver
from leads.wake import wake

MAY_SEE = permission_required("leads.view_endpoint", raise_exception=True)
MAY_CHANGE = permission_required("leads.change_endpoint", raise_exception=True)
PAGE = 25


def endpoints_of(user: User) -> QuerySet[Endpoint]:
    """The endpoints this person may look after."""
    mine = teams_with(user, "leads.change_endpoint")
    return Endpoint.objects.visible_to(user).filter(team__in=mine).select_related("team")


@require_http_methods(["GET", "HEAD", "POST"])
@MAY_SEE
def webhooks(request: Request) -> HttpResponse:
    """The endpoints, and a new one."""
    form = EndpointForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        endpoint = form.save(commit=False)
        secret = make_endpoint(endpoint, form.cleaned_data["address"], by=request.user)
        return _page(request, endpoint, secret=secret)
    page = page_asked(request, endpoints_of(request.user), order="name", size=PAGE)
    return render(request, "leads/webhooks.html", {"form": form, "page": page}, status=422 if form.errors else 200)


@require_safe
@MAY_SEE
def webhook(request: Request, pk: int) -> HttpResponse:
    """One endpoint and what was sent to it; ?state=dead: only what was given up."""
    return _page(request, get_object_or_404(endpoints_of(request.user), pk=pk))


@require_POST
@MAY_CHANGE
def secrets(request: Request, pk: int) -> HttpResponse:
    """A new signing secret, in this answer and nowhere else; a new address of a Slack channel."""
    found = get_object_or_404(endpoints_of(request.user), pk=pk)
    slack = SlackForm(request.POST) if found.kind == Endpoint.SLACK else None
    if slack and not slack.is_valid():
        return _page(request, found, slack=slack, status=422)
    secret = change_secret(found, slack.cleaned_data["address"] if slack else "")
    if slack:
        messages.success(request, "Kept. Messages go to the new address from now on.")
    return _page(request, get_object_or_404(endpoints_of(request.user), pk=pk), secret=secret)


@require_POST
@MAY_CHANGE
def tests(request: Request, pk: int) -> HttpResponse:
    found = get_object_or_404(endpoints_of(request.user), pk=pk)
    send_test(found, by=request.user)
    messages.success(request, "A test message is on its way. What came of it shows below within seconds.")
    return redirect("webhook", pk)


@require_POST
@MAY_CHANGE
def closing(request: Request, pk: int) -> HttpResponse:
    close(get_object_or_404(endpoints_of(request.user), pk=pk), by=request.user)
    return redirect("webhook", pk)


@require_POST
@MAY_CHANGE
def opening(request: Request, pk: int) -> HttpResponse:
    enable(get_object_or_404(endpoints_of(request.user), pk=pk))
    messages.success(request, "It is told of what happens from now on. What it missed can be sent again below.")
    return redirect("webhook", pk)


@require_POST
@MAY_CHANGE
def replays(request: Request, pk: int) -> HttpResponse:
    """Send a time range once more, under the same ids."""
    found = get_object_or_404(endpoints_of(request.user), pk=pk)
    form = ReplayForm(request.POST)
    if not form.is_valid():
        return _page(request, found, replay=form, status=422)
    return _sent_again(request, pk, again(form.chosen(deliveries(found))))


@require_POST
@MAY_CHANGE
def replay(request: Request, pk: int, delivery: int) -> HttpResponse:
    """Send one message once more, under the same id."""
    found = get_object_or_404(endpoints_of(request.user), pk=pk)
    effect = get_object_or_404(deliveries(found), pk=delivery)
    return _sent_again(request, pk, again(Effect.objects.filter(pk=effect.pk)))


def _sent_again(request: Request, pk: int, count: int) -> HttpResponse:
    wake(deliver)
    messages.success(request, f"{count:,} sent again. A receiver that had them already knows them by their id.")
    return redirect("webhook", pk)


def _page(request: Request, endpoint: Endpoint, *, status: int = 200, **more: Any) -> HttpResponse:
    only = one_of(request, "state", dict(Effect.STATES))
    log = deliveries(endpoint).prefetch_related("tries")
    if only:
        log = log.filter(state=only)
    page = page_asked(request, log, order="-id", size=PAGE)
    context = {"endpoint": endpoint, "page": page, "only": only, "states": Effect.STATES, "secret": "",
               "slack": SlackForm(), "replay": ReplayForm()}  # fmt: skip
    return render(request, "leads/webhook.html", context | more, status=status)


urlpatterns: list[URLPattern] = [
    path("webhooks/", webhooks, name="webhooks"),
    path("webhooks/<int:pk>/", webhook, name="webhook"),
    path("webhooks/<int:pk>/secrets/", secrets, name="webhook-secrets"),
    path("webhooks/<int:pk>/tests/", tests, name="webhook-tests"),
    path("webhooks/<int:pk>/closing/", closing, name="webhook-closing"),
    path("webhooks/<int:pk>/opening/", opening, name="webhook-opening"),
    path("webhooks/<int:pk>/replays/", replays, name="webhook-replays"),
    path("webhooks/<int:pk>/deliveries/<int:delivery>/replay/", replay, name="webhook-replay"),
]
