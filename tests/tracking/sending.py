"""Sending messages as a client does."""

import gzip
import json
import os
from base64 import b64encode
from collections import Counter
from pathlib import Path
from typing import Any

from django.test import Client

from leads.enums import SourceKind
from leads.ingest import tracking
from leads.models import Call, Event, Lead, Source, WriteKey
from tests.sales import make_team

SPECS = Path(os.environ.get("SHARED_DIR", Path(__file__).resolve().parents[3] / "shared")) / "specs/ingest/segment"


def make_source(name: str = "Website", team: str = "EMEA") -> Source:
    return Source.objects.named(make_team(team), name, SourceKind.WEBSITE)


def make_key(source: Source) -> str:
    return WriteKey.issue(source)[1]


def basic(key: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"{key}:".encode()).decode()}


class Sender:
    """A client with the write key of a source."""

    def __init__(self, source: Source | None = None):
        self.source = source or make_source()
        self.key = make_key(self.source)
        self.client = Client(enforce_csrf_checks=True, headers=basic(self.key))

    def post(self, call: str, body: Any, *, packed: bool = False, **headers: str) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        if packed:
            raw, headers = gzip.compress(raw), headers | {"content-encoding": "gzip"}
        return self.client.post(f"/v1/{call}", raw, content_type="application/json", headers=headers)

    def send(self, call: str, **message: Any) -> None:
        answer = self.post(call, message)
        assert (answer.status_code, answer.json()) == (200, {"success": True}), answer.content

    def batch(self, *messages: Any, **shared: Any) -> None:
        answer = self.post("batch", {"batch": list(messages), **shared}, packed=True)
        assert (answer.status_code, answer.json()) == (200, {"success": True}), answer.content

    def results(self) -> Counter[str]:
        """How many messages became what, by the counts of the source."""
        names = ("accepted", "waiting", "duplicate", "rejected")
        return +Counter({name: sum(getattr(day, name) for day in self.source.days.all()) for name in names})

    def reasons(self) -> list[str]:
        """Why messages were refused, in the order they came."""
        calls = Call.objects.filter(source=self.source, result=Call.REJECTED)
        return list(calls.order_by("pk").values_list("reason", flat=True))


def receive(source: Source, *messages: dict[str, Any], at: Any) -> list[tracking.Receipt]:
    """Past HTTP: the messages as if they came at that moment."""
    return tracking.receive(source, tracking.messages_of({"batch": list(messages)}, "batch", at), at)


def kinds(lead: Lead | None = None) -> list[str]:
    """Of the events of the lead, or of all, in order of when they happened."""
    found = Event.objects.filter(lead=lead) if lead else Event.objects.all()
    return list(found.order_by("occurred_at", "pk").values_list("kind__slug", flat=True))
