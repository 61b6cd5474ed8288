"""How fast messages come in through HTTP, against a bare bulk_create of the same rows in the same run.

SCALE=10k | 100k | 1m sets the number of messages: page views of 10,000 known leads, four of each in a packed batch of
100, sent by four clients at once to gunicorn with one and with two web processes. The floor is bulk_create of as many
events of the same content, also by 100, over one connection: triggers and indexes are the same. Ratios are between
medians of ROUNDS rounds measured alternately: "cpu" of processor seconds of everything that takes part (the clients,
the web processes, the sessions of the database), "wall" of messages a second, which need a quiet machine.
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
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import quote

import psutil

from bench import clock
from bench.database import database, scale
from tests.ops.installation import PROJECT, free_port, wait_until

ROUNDS = int(os.environ.get("ROUNDS", "3"))
BATCH = 100
LEADS = 10_000
EACH = 4  # messages of a lead in a batch
CLIENTS = 4
WARM = 2_000  # messages


class Taken(NamedTuple):
    """Seconds on the wall, and of processor."""

    wall: float
    cpu: float


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
    taken: dict[str, list[Taken]] = {"bulk_create": [], "one": [], "two": []}
    with server(1) as one, server(2) as two:
        for port, _ in (one, two):  # the second time everybody is known; and both are warm
            send(port, key, [packed(people(start)) for start in range(0, LEADS, 1000)])
            send(port, key, [packed(views(start)) for start in range(0, WARM, BATCH)])
        analyze()  # as the server itself would within the next minute
        for _ in range(ROUNDS):
            taken["bulk_create"].append(timed("bare bulk_create", count, lambda: bare(source, count), []))
            for label, (port, process) in (("one", one), ("two", two)):
                bodies = [packed(views(start)) for start in range(0, count, BATCH)]
                act = partial(send, port, key, bodies)
                taken[label].append(timed(f"HTTP, {label} web worker(s)", count, act, [process]))
    check(source, count)
    return ratios_of(taken)


def analyze() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def ratios_of(taken: dict[str, list[Taken]]) -> dict[str, float]:
    """How much of the cost is that of the floor (1: all of it), and of the speed."""
    wall = {label: statistics.median(each.wall for each in rounds) for label, rounds in taken.items()}
    cpu = {label: statistics.median(each.cpu for each in rounds) for label, rounds in taken.items()}
    return {
        "http_one_worker_vs_bulk_create": round(wall["bulk_create"] / wall["one"], 2),
        "http_two_workers_vs_bulk_create": round(wall["bulk_create"] / wall["two"], 2),
        "two_workers_vs_one": round(wall["one"] / wall["two"], 2),
        "http_one_worker_cpu_vs_bulk_create": round(cpu["bulk_create"] / cpu["one"], 2),
        "http_two_workers_cpu_vs_bulk_create": round(cpu["bulk_create"] / cpu["two"], 2),
    }


class Taken(NamedTuple):
    """Seconds on the wall, and of processor."""

    wall: float
    cpu: float


def timed(name: str, count: int, act: Callable[[], None], processes: list[psutil.Process]) -> Taken:
    began = time.perf_counter()
    with clock.spending(processes) as spent:
        act()
        wall = time.perf_counter() - began
    each = ", ".join(f"{part} {1e6 * seconds / count:,.0f}" for part, seconds in spent.items())
    print(f"  {name}: {wall:.2f} s, {count / wall:,.0f} a second; µs of processor each: {each}", flush=True)
    return Taken(wall, sum(spent.values()))


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

    stored, sent = Event.objects.filter(source=source).count(), count * ROUNDS * 3 + WARM * 2
    if stored != sent:
        raise SystemExit(f"{sent:,} events were sent and {stored:,} are stored")


@contextmanager
def server(workers: int) -> Iterator[tuple[int, psutil.Process]]:
    """gunicorn as the product runs it, on this benchmark's database: its port and process."""
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
        yield port, psutil.Process(process.pid)
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
