"""Messages to a channel of Slack, by an incoming webhook. Its address is a secret: whoever has it may write there."""

import json
from typing import Any

from leads.models import Effect
from leads.outgoing import sealing
from leads.outgoing.client import request
from leads.outgoing.endpoints import disable, endpoint_of, retry_after
from leads.outgoing.mailing import base_url
from leads.outgoing.outcomes import Arrived, Failed

LONGEST = 2900  # characters of a section; Slack takes 3,000
CLOSED = {403, 404, 410}  # the webhook or its channel is gone


def send_slack(effect: Effect) -> Arrived:
    """Post the message to the channel."""
    endpoint = endpoint_of(effect)
    try:
        url = sealing.read(endpoint, "secret")
    except sealing.Unreadable:
        raise Failed("The address of the channel cannot be read: enter it again.", wait=3600) from None
    body = json.dumps(message(effect.payload)).encode()
    answer = request("POST", url, body=body, headers={"Content-Type": "application/json"})
    if 200 <= answer.status < 300:
        return Arrived(answer.status, answer.text)
    if answer.status in CLOSED:
        disable(endpoint, f"Slack answered {answer.status}: {answer.text[:100]}")
    pause = retry_after(answer) if answer.status in (429, 503) else None
    permanent = answer.status < 500 and answer.status not in (408, 429)
    raise Failed(f"{answer.status}: {answer.text}", permanent=permanent, pause=pause, status=answer.status)


def message(payload: dict[str, Any]) -> dict[str, Any]:
    """What Slack takes: a text for notifications, and a section with it and a link to us."""
    link = f"\n<{base_url()}{payload['url']}|Open it in leadscore>" if payload.get("url") else ""
    text = escape(payload["text"])[: LONGEST - len(link)]
    return {"text": text, "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": f"*{text}*{link}"}}]}


def escape(text: object) -> str:
    """The three signs that mean something to Slack; the rest of its marks is made harmless by a zero-width space."""
    plain = str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\u200b{sign}" if sign in "*_~`" else sign for sign in " ".join(plain.split()))
