"""Webhooks of e-mail providers: the address they send to, and setting one up on the page of a source."""

import logging
import secrets

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from leads.ingest.mail import PROVIDERS, Provider, Unreadable, Unsigned, messages_of, verify
from leads.ingest.mail.providers import plain_key, view_of
from leads.ingest.tracking import receive
from leads.ingest.tracking.throttle import too_often, wait_for
from leads.models import Call, MailHook
from leads.outgoing import sealing
from leads.requests import Request
from leads.views.hooks import body_of, refuse
from leads.views.sources import MAY_CHANGE, HookForm, source_page, sources_of

logger = logging.getLogger(__name__)

MOST_BYTES = 1024 * 1024
MOST_HOOKS = 50  # without a key, so many are asked whose signature it is
NOTED_A_MINUTE = 10
USER = "leadscore"


@csrf_exempt
@login_not_required
def mail_hook(request: HttpRequest, provider: str) -> HttpResponse:
    """Events of one provider. 200 means they are committed, or were before; what became of each, the debugger tells."""
    hooks = _hooks(provider, request.GET.get("key", ""))
    if not hooks:
        return refuse(404, "There is no such address. Copy it from the page of the source.")
    if request.method != "POST":
        return HttpResponse(status=200 if request.method == "HEAD" else 405, headers={"Allow": "POST, HEAD"})
    if not body_of(request, MOST_BYTES):
        return refuse(413, "Larger than 1 MB. Send fewer events at once.")
    try:
        return _taken(request, provider, hooks)
    except Unreadable as wrong:
        return refuse(400, str(wrong))
    except DatabaseError:
        logger.exception("e-mail events could not be stored; their sender was told to try again")
        return refuse(503, "Nothing was stored. Try again.", **{"Retry-After": "5"})


def _hooks(provider: str, key: str) -> list[MailHook]:
    if provider not in PROVIDERS or "\0" in key:
        return []
    found = MailHook.objects.filter(provider=provider, closed_at=None).exclude(secret="").select_related("source__team")
    return list((found.filter(key=key) if key else found)[:MOST_HOOKS])


def _taken(request: HttpRequest, slug: str, hooks: list[MailHook]) -> HttpResponse:
    provider, at = PROVIDERS[slug], timezone.now()
    for hook in hooks:
        try:
            view = verify(provider, _secret(hook), request)
        except Unsigned:
            continue
        sent = messages_of(hook.source, slug, provider, view, request, at)
        seconds = wait_for(hook.source_id, len(sent))
        if seconds:
            return refuse(429, "Too many events at once. Wait a moment.", **{"Retry-After": str(seconds)})
        receive(hook.source, sent, at)
        return JsonResponse({"success": True})
    return _unsigned(request, provider, hooks)


def _secret(hook: MailHook) -> str:
    try:
        return sealing.read(hook, "secret")
    except sealing.Unreadable as lost:
        raise Unsigned(str(lost)) from None


def _unsigned(request: HttpRequest, provider: Provider, hooks: list[MailHook]) -> HttpResponse:
    """Refused, and told to whoever sets it up where the address says whose it would be."""
    if request.GET.get("key") and not too_often(f"unsigned:{hooks[0].pk}", NOTED_A_MINUTE):
        Call.objects.create(
            source=hooks[0].source, type="email", name=provider.name, result=Call.REJECTED,
            reason=f"Not signed with the secret we have of {provider.name}. If it was {provider.name}, copy it again.",
            payload=request.body[:1000].decode("utf-8", "replace").replace("\0", ""),
        )  # fmt: skip
    if provider.signs:
        return refuse(403, f"This is not signed as {provider.name} signs. Check the {provider.secret_label.lower()}.")
    return refuse(
        401, "User and password are missing or wrong. Copy the address with both from the page of the source.",
        **{"WWW-Authenticate": 'Basic realm="e-mail events"'},
    )  # fmt: skip


@MAY_CHANGE
@require_POST
def new_hook(request: Request, pk: int) -> HttpResponse:
    """A new address for a provider. Of one that does not sign, with the password we make; it is in this answer only."""
    found = get_object_or_404(sources_of(request.user), pk=pk)
    form = HookForm(request.POST)
    if not form.is_valid():
        return source_page(request, found, hook_form=form, status=422)
    hook = MailHook.objects.create(source=found, provider=form.cleaned_data["provider"])
    if PROVIDERS[hook.provider].signs:
        return redirect("source", pk)
    return source_page(request, found, shown=(hook.pk, _new_password(hook)))


@MAY_CHANGE
@require_POST
def hook_secret(request: Request, pk: int, hook: int) -> HttpResponse:
    """The provider's secret; of one that does not sign, a new password."""
    found = get_object_or_404(hooks_of(request, pk), pk=hook)
    provider = PROVIDERS[found.provider]
    if not provider.signs:
        return source_page(request, found.source, shown=(found.pk, _new_password(found)))
    secret = plain_key(request.POST.get("secret", "")[:5_000])
    try:
        view_of(provider, secret if secret.isascii() else "\0")
        if not secret:
            raise ValueError(f"Paste the {provider.secret_label.lower()} that {provider.name} shows.")
    except ValueError as wrong:
        return source_page(request, found.source, wrong=(found.pk, str(wrong)), status=422)
    sealing.put(found, "secret", secret)
    messages.success(request, f"Kept. From now on what {provider.name} signs with it is taken.")
    return redirect("source", pk)


@MAY_CHANGE
@require_POST
def hook_closing(request: Request, pk: int, hook: int) -> HttpResponse:
    found = get_object_or_404(hooks_of(request, pk), pk=hook)
    MailHook.objects.filter(pk=found.pk, closed_at=None).update(closed_at=timezone.now())
    messages.success(request, f"{PROVIDERS[found.provider].name} is closed: nothing more is taken from it.")
    return redirect("source", pk)


def hooks_of(request: Request, pk: int) -> QuerySet[MailHook]:
    found = MailHook.objects.filter(source__in=sources_of(request.user).filter(pk=pk), closed_at=None)
    return found.select_related("source__team")


def _new_password(hook: MailHook) -> str:
    secret = f"{USER}:{secrets.token_urlsafe(24)}"
    sealing.put(hook, "secret", secret)
    return secret


urlpatterns: list[URLPattern] = [
    path("hooks/email/<slug:provider>/", mail_hook, name="mail-hook"),
    path("sources/<int:pk>/mail-hooks/", new_hook, name="source-mail-hooks"),
    path("sources/<int:pk>/mail-hooks/<int:hook>/secret/", hook_secret, name="source-mail-hook-secret"),
    path("sources/<int:pk>/mail-hooks/<int:hook>/closing/", hook_closing, name="source-mail-hook-closing"),
]
