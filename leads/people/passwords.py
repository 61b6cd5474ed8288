"""A forgotten password: a link by mail, which works once and for three days."""

from typing import Any

from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from leads.models import User
from leads.outgoing.outbox import enqueue

ONE_IN = 300  # seconds; who asks more often gets one mail


def send_reset(email: str) -> None:
    """Mail a link to choose a new password to this address, if somebody who may sign in has it.

    Nothing that is returned or shown tells whether that is so. The link is made as the mail is sent.
    """
    person = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if person is None:
        return
    now = timezone.now()
    payload = {"to": person.pk, "template": "password", "secret": {"person": person.pk}}
    enqueue("mail", payload, key=f"password:{person.pk}:{int(now.timestamp()) // ONE_IN}")


def mailed(person: int) -> dict[str, Any] | None:
    """What the mail shows. None where the person may not sign in any more."""
    user = User.objects.filter(pk=person, is_active=True).first()
    return {"path": path_of(user), "name": user.name} if user else None


def path_of(person: User) -> str:
    """The page on which they choose a password. It works once, and no longer when they sign in."""
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    return reverse("password_reset_confirm", args=[uid, default_token_generator.make_token(person)])
