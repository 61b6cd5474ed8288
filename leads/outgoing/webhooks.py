"""Signed webhooks, by the Standard Webhooks specification (docs/alerts-and-webhooks.md).

A message keeps its id over all attempts and replays, so that a receiver can tell what it had already. Success is 2xx
and nothing else: a redirect is not followed, 410 closes the endpoint, everything else is tried again over days.
"""

import base64
import hashlib
import json
import random
import secrets
from datetime import timedelta

from django.utils import timezone
from standardwebhooks import Webhook

from leads.models import Effect, Endpoint
from leads.outgoing import sealing
from leads.outgoing.client import request
from leads.outgoing.endpoints import disable, endpoint_of, retry_after
from leads.outgoing.outcomes import Arrived, Failed

# Seconds after each attempt that failed, as the specification proposes: three days in all, and a tenth of each more or
# less so that what failed together does not come together.
PLAN = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
JITTER = 0.1
OVERLAP = timedelta(hours=24)  # how long an old secret signs beside the new one


def send_webhook(effect: Effect) -> Arrived:
    """Post the message to its endpoint, signed with its secrets."""
    endpoint = endpoint_of(effect)
    body = body_of(effect)
    headers = {"Content-Type": "application/json", **signed(endpoint, message_id(effect), body)}
    try:
        answer = request("POST", endpoint.url, body=body, headers=headers)
    except Failed as failed:
        raise Failed(str(failed), permanent=failed.permanent, wait=_wait(effect)) from None
    if 200 <= answer.status < 300:
        return Arrived(answer.status, answer.text)
    if answer.status == 410:
        disable(endpoint, "The receiver answered 410: it wants no more messages.")
        raise Failed(f"410: {answer.text}", permanent=True, status=410)
    pause = retry_after(answer) if answer.status in (429, 503) else None
    wait = max(_wait(effect), pause or 0)
    raise Failed(f"{answer.status}: {answer.text}", wait=wait, pause=pause, status=answer.status)


def signed(endpoint: Endpoint, identity: str, body: bytes) -> dict[str, str]:
    """The three headers. While a secret is being changed there is a signature by each. Raises Failed."""
    now = timezone.now()
    try:
        keys = [sealing.read(endpoint, "secret")]
        if endpoint.before_until and endpoint.before_until > now:
            keys.append(sealing.read(endpoint, "secret_before"))
    except sealing.Unreadable:
        raise Failed("The signing secret cannot be read: make a new one on the endpoint's page.", wait=3600) from None
    signatures = [Webhook(key).sign(identity, now, body.decode()) for key in keys if key]
    return {
        "webhook-id": identity, "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }  # fmt: skip


def body_of(effect: Effect) -> bytes:
    """{"type", "timestamp", "data"}, the same bytes each time."""
    said = {"type": effect.payload["type"], "timestamp": effect.payload["timestamp"], "data": effect.payload["data"]}
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()


def message_id(effect: Effect) -> str:
    return "msg_" + hashlib.sha256(f"{effect.lane}:{effect.key}".encode()).hexdigest()[:32]


def new_secret(endpoint: Endpoint) -> str:
    """Give the endpoint a new signing secret, and tell it this once. The one before signs beside it for a day."""
    text = "whsec_" + base64.b64encode(secrets.token_bytes(33)).decode()
    if endpoint.secret and sealing.is_readable(endpoint, "secret"):
        sealing.put(endpoint, "secret_before", sealing.read(endpoint, "secret"))
        Endpoint.objects.filter(pk=endpoint.pk).update(before_until=timezone.now() + OVERLAP)
    sealing.put(endpoint, "secret", text)
    return text


def _wait(effect: Effect) -> float:
    planned = PLAN[min(effect.attempts, len(PLAN)) - 1]
    return planned * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 it only spreads them
