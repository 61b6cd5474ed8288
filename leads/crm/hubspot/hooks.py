"""Webhooks of HubSpot: whether it sent them, and which records they tell of."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from leads.crm.words import Hook, HookEvent, NotSigned
from leads.enums import CrmKind

FRESH = timedelta(minutes=5)
HOOKED = {"contact": CrmKind.CONTACTS, "company": CrmKind.COMPANIES, "deal": CrmKind.DEALS,
          "0-1": CrmKind.CONTACTS, "0-2": CrmKind.COMPANIES, "0-3": CrmKind.DEALS}  # fmt: skip


def events(hook: Hook, secret: str) -> list[HookEvent]:
    """What it tells of, signed with the app's client secret in the third way of HubSpot. Raises NotSigned."""
    stamp = hook.headers.get("x-hubspot-request-timestamp", "")
    if not secret or not stamp.isdecimal() or len(stamp) > 15:
        raise NotSigned("It is not signed, or no client secret is kept.")
    if abs(hook.received_at - datetime.fromtimestamp(int(stamp) / 1000, UTC)) > FRESH:
        raise NotSigned("It was sent more than five minutes ago.")
    signed = hook.method.encode() + hook.url.encode() + hook.body + stamp.encode()
    good = base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256))
    if not hmac.compare_digest(good, hook.headers.get("x-hubspot-signature-v3", "").encode()):
        raise NotSigned("It is not signed with our client secret.")
    try:
        return [event for each in json.loads(hook.body) for event in _events_of(each)]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise NotSigned("It is no list of events.") from None


def _events_of(said: Mapping[str, Any]) -> Iterable[HookEvent]:
    """The records that an event of a webhook tells of: {"subscriptionType": "contact.merge", "objectId": 1, …}."""
    what = str(said["subscriptionType"])
    kind = HOOKED.get(str(said.get("objectTypeId") or what.partition(".")[0]))
    if kind:
        ids = [said["objectId"], *(said.get("mergedObjectIds") or []), said.get("primaryObjectId")]
        for id in dict.fromkeys(str(each) for each in ids if each):
            yield HookEvent(f"{said['eventId']}:{what}:{id}:{said.get('occurredAt', '')}", kind, id)
