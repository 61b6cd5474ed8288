"""How fast messages come in through HTTP, against a bare bulk_create of the same rows in the same run.

SCALE=10k | 100k | 1m sets the number of messages: page views of 10,000 known leads, four of each in a packed batch of
100, sent by four clients at once to gunicorn with one and with two web processes. The floor is bulk_create of as many
events of the same content, also by 100, over one connection: triggers and indexes are the same. Ratios are of messages
a second, between medians of ROUNDS rounds measured alternately; the clients run on the same machine and are part of the
cost.
"""

import gzip
import json
import os
import statistics
import subprocess
import sys
import time
import uuid
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote

from bench.database import database, scale
from tests.ops.installation import PROJECT, free_port, wait_until

ROUNDS = int(os.environ.get("ROUNDS", "3"))
BATCH = 100
LEADS = 10_000
EACH = 4  # messages of a lead in a batch
CLIENTS = 4


def main() -> None:
    name, count = scale()
    print(f"{name}: {count:,} messages in batches of {BATCH}; {ROUNDS} rounds, medians", flush=True)
    with database():
        ratios = measure(count)
    for key, value in ratios.items():
        print(f"{key:34}{value:>10}")
    print(json.dumps({"bench": "ingest", "scale": name, "ratios": ratios}))


def measure(count: int) -> dict[str, float]:
    from leads.models import Source, Team, WriteKey

    source = Source.objects.named(Team.objects.create(name="Bench", slug="bench"), "Website", "website")
    key = WriteKey.issue(source)[1]
    with server(1) as one, server(2) as two:
        send(one, key, [packed(people(start)) for start in range(0, LEADS, 1000)])
        taken: dict[str, list[float]] = {"bulk_create": [], "one": [], "two": []}
        for _ in range(ROUNDS):
            taken["bulk_create"].append(timed("bare bulk_create", count, lambda: bare(source, count)))
            for label, port in (("one", one), ("two", two)):
                bodies = [packed(views(start)) for start in range(0, count, BATCH)]
                act = partial(send, port, key, bodies)
                taken[label].append(timed(f"HTTP, {label} web worker(s)", count, act))
    check(source, count)
    speed = {label: count / statistics.median(seconds) for label, seconds in taken.items()}
    return {
        "http_one_worker_vs_bulk_create": round(speed["one"] / speed["bulk_create"], 2),
        "http_two_workers_vs_bulk_create": round(speed["two"] / speed["bulk_create"], 2),
        "two_workers_vs_one": round(speed["two"] / speed["one"], 2),
    }


def timed(name: str, count: int, act: Any) -> float:
    began = time.perf_counter()
    act()
    taken = time.perf_counter() - began
    print(f"  {name}: {taken:.2f} s, {count / taken:,.0f} a second", flush=True)
    return taken


def people(start: int) -> list[dict[str, Any]]:
    return [
        {"type": "identify", "userId": f"u{n}", "messageId": f"i{n}", "traits": {"email": f"p{n}@c{n % 99}.example"}}
        for n in range(start, start + 1000)
    ]


def views(start: int) -> list[dict[str, Any]]:
    return [
        {"type": "page", "userId": f"u{who(start, n)}", "messageId": str(uuid.uuid4()),
         "properties": properties(n), "context": {"library": {"name": "bench", "version": "1"}}}
        for n in range(BATCH)
    ]  # fmt: skip


def who(start: int, number: int) -> int:
    return (start * 7 + number // EACH * 131) % LEADS


def properties(number: int) -> dict[str, Any]:
    return {"url": f"https://www.northwind.example/p/{number}", "path": f"/p/{number}", "title": "Northwind",
            "referrer": "https://search.example/", "utm_source": "newsletter"}  # fmt: skip


def packed(batch: list[dict[str, Any]]) -> bytes:
    return gzip.compress(json.dumps({"batch": batch}).encode(), 1)


def bare(source: Any, count: int) -> None:
    """The floor: what any way of storing these events has to do at least."""
    from django.utils import timezone

    from leads.models import Event, EventKind, Lead

    kind, leads = EventKind.objects.get(slug="page_viewed"), list(Lead.objects.values_list("pk", flat=True))
    for start in range(0, count, BATCH):
        now = timezone.now()
        Event.objects.bulk_create(
            Event(lead_id=leads[who(start, n)], kind=kind, source=source, occurred_at=now,
                  received_at=now, message_id=str(uuid.uuid4()), properties=properties(n))
            for n in range(BATCH)
        )  # fmt: skip


def send(port: int, key: str, bodies: list[bytes]) -> None:
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda part: _send(port, key, bodies[part::CLIENTS]), range(CLIENTS)))


def _send(port: int, key: str, bodies: list[bytes]) -> None:
    headers = {"Authorization": "Basic " + b64encode(f"{key}:".encode()).decode(), "Content-Encoding": "gzip"}
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    for body in bodies:
        connection.request("POST", "/v1/batch", body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {text!r}")
    connection.close()


def check(source: Any, count: int) -> None:
    """All of it must be there, or the comparison means nothing."""
    from leads.models import Event

    stored, sent = Event.objects.filter(source=source).count(), count * ROUNDS * 3
    if stored != sent:
        raise SystemExit(f"{sent:,} events were sent and {stored:,} are stored")


@contextmanager
def server(workers: int) -> Iterator[int]:
    """gunicorn as the product runs it, on this benchmark's database."""
    from django.db import connection

    now, port = connection.settings_dict, free_port()
    host = quote(str(now["HOST"]), safe="")
    url = f"postgres://{quote(str(now['USER']))}:{quote(str(now['PASSWORD']))}@{host}:{now['PORT']}/{now['NAME']}"
    environment = os.environ | {
        "DATABASE_URL": url, "WEB_CONCURRENCY": str(workers), "INGEST_MESSAGES_PER_MINUTE": "0",
        "DJANGO_SETTINGS_MODULE": "leadscore.settings",
    }  # fmt: skip
    arguments = ["-m", "gunicorn", "-b", f"127.0.0.1:{port}", "-c", "python:leadscore.web", "leadscore.wsgi"]
    process = subprocess.Popen([sys.executable, *arguments], env=environment, cwd=PROJECT)
    try:
        wait_until(lambda: _answers(port), seconds=30)
        yield port
    finally:
        process.terminate()
        process.wait(15)


def _answers(port: int) -> bool:
    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
