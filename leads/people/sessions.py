"""Where a person is signed in: noted at each sign-in, listed on their profile, ended one by one or all at once."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from leads.models import SignIn, User
from leads.requests import client_address


def of(user: User) -> QuerySet[SignIn]:
    """Where they are signed in now, last first. One query."""
    running = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    return SignIn.objects.filter(user=user, session_key__in=running)


@transaction.atomic
def end(sign_ins: QuerySet[SignIn]) -> int:
    """Sign these out, at once. How many."""
    keys = list(sign_ins.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    return SignIn.objects.filter(session_key__in=keys).delete()[0]


def note(sender: Any, request: HttpRequest, user: User, **extra: Any) -> None:
    """Write down a sign-in; forget those of this person that have ended."""
    if request.session.session_key is None:
        request.session.create()
    here = {"address": client_address(request)[:45], "browser": browser(request)}
    SignIn.objects.filter(user=user).exclude(pk__in=of(user).values("pk")).delete()
    row = {"user": user, "at": timezone.now(), **here}
    SignIn.objects.update_or_create(session_key=request.session.session_key, defaults=row)


def browser(request: HttpRequest) -> str:
    """Firefox on Linux: as far as the browser says so; for people to tell their own apart, not to be relied on."""
    said = request.headers.get("User-Agent", "")
    names = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
    systems = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
               ("Mac OS", "Mac"), ("Linux", "Linux"))  # fmt: skip
    name = next((name for part, name in names if part in said), said[:60])
    system = next((system for part, system in systems if part in said), "")
    return f"{name} on {system}" if name and system else name


def connect() -> None:
    user_logged_in.connect(note, dispatch_uid="leads.sessions")
