"""What is on its way out, and what was given up. For admins."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe

from leads.access import teams_with
from leads.asked import page_asked
from leads.models import Effect, User
from leads.models.outbox import EffectQuerySet
from leads.outgoing.backlog import backlog
from leads.outgoing.delivery import again
from leads.requests import Request
from leads.tasks import deliver
from leads.wake import wake

PAGE = 50


def effects_of(user: User) -> EffectQuerySet:
    """What this person may look after: of the teams they are admin in, and of none."""
    mine = Q(team__in=teams_with(user, "leads.change_effect")) | Q(team=None)
    return Effect.objects.visible_to(user).filter(mine)


@require_safe
@permission_required("leads.view_effect", raise_exception=True)
def outbox(request: Request) -> HttpResponse:
    """The backlog in numbers, and what was given up."""
    page = page_asked(request, effects_of(request.user).dead().select_related("team"), order="-id", size=PAGE)
    return render(request, "leads/outbox.html", {"page": page, "backlog": backlog()})


@require_POST
@permission_required("leads.change_effect", raise_exception=True)
def retry(request: Request, pk: int) -> HttpResponse:
    """Try one once more, from the start."""
    found = get_object_or_404(effects_of(request.user), pk=pk)
    return _tried(request, effects_of(request.user).filter(pk=found.pk))


@require_POST
@permission_required("leads.change_effect", raise_exception=True)
def retries(request: Request) -> HttpResponse:
    """Try all that were given up once more."""
    return _tried(request, effects_of(request.user))


def _tried(request: Request, effects: EffectQuerySet) -> HttpResponse:
    count = again(effects.dead())
    wake(deliver)
    messages.success(request, f"{count:,} tried again. What fails once more comes back here.")
    return redirect("outbox")


urlpatterns: list[URLPattern] = [
    path("outbox/", outbox, name="outbox"),
    path("outbox/retries/", retries, name="outbox-retries"),
    path("outbox/<int:pk>/retry/", retry, name="outbox-retry"),
]
