"""How many requests a sync makes, against the fewest that the CRM allows, and how much memory the first load takes.

SCALE=1k | 10k | 100k is the number of changed scores that are pushed; the CRM has five times as many contacts and half
as many companies. It is the fake Salesforce of the tests (tests/fakes/salesforce.py), in a process of its own, on this
machine: 2,000 rows a page of Bulk 2, 200 records a request of collections. The fewest requests: one for each full page,
one job and one look at it for each kind; one for each 200 scores. Memory is that of our own process.
"""

import json
import math
import multiprocessing
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from bench import clock
from bench.database import database, scale

PAGE, TOGETHER = 2000, 200  # rows of a page of Bulk, records of a request of collections
MB = 1024 * 1024


def main() -> None:
    name, changes = scale()
    contacts, companies = 5 * changes, changes // 2
    print(f"{name}: {contacts:,} contacts, {companies:,} companies, {changes:,} changed scores", flush=True)
    with crm(contacts, companies) as (url, pipe), database():
        ratios = measure(url, pipe, contacts, companies, changes)
    for key, value in ratios.items():
        print(f"{key:34}{value:>10}")
    print(json.dumps({"bench": "sync", "scale": name, "ratios": ratios}))


def measure(url: str, pipe: Any, contacts: int, companies: int, changes: int) -> dict[str, float]:
    from leads.models import Lead, Link

    connection = connected(url)
    memory: list[float] = []
    load = run(connection, "first load", contacts + companies, pipe, memory)
    assert (Lead.objects.count(), Link.objects.count()) == (contacts, contacts + companies)
    fewest = sum(math.ceil(count / PAGE) + 2 for count in (contacts, companies))
    made = load["pull:contacts"] + load["pull:companies"] + load["bulk"] - 2  # the kind that has no rows has a job too
    rescore(changes)
    push = run(connection, "push of changed scores", changes, pipe)
    still = run(connection, "nothing changed", 1, pipe)
    pushes = math.ceil(changes / TOGETHER)
    print(
        f"  first load: {made} requests for rows, {fewest} at least; push: {push['push:contacts']}, {pushes} at least"
    )
    return {
        "load_calls_vs_fewest": round(made / fewest, 2),
        "load_memory_end_vs_a_third": round(memory[-1] / memory[len(memory) // 3], 2),
        "push_calls_vs_fewest": round(push["push:contacts"] / pushes, 2),
        "pushes_of_a_run_without_changes": still["push:contacts"],
    }


def run(connection: Any, name: str, rows: int, pipe: Any, memory: list[float] | None = None) -> Counter[str]:
    """One sync; the operations that the CRM was asked for."""
    from leads.crm.sync.runner import sync_now

    connection.refresh_from_db()
    began = time.perf_counter()
    with clock.spending([]) as spent, watched(memory):
        row = sync_now(connection)
    wall = time.perf_counter() - began
    assert row and row.ok, row and row.error
    pipe.send("calls")
    calls: Counter[str] = pipe.recv()
    each = ", ".join(f"{part} {1e6 * spent[part] / rows:,.0f}" for part in ("own", "database"))
    peak = f"; memory {min(memory):,.0f} to {max(memory):,.0f} MB" if memory else ""
    print(f"  {name}: {wall:.1f} s, {row.calls} requests {dict(calls)}; µs of processor each: {each}{peak}", flush=True)
    return calls


def rescore(changes: int) -> None:
    """So many leads stand elsewhere now, each with a score of its own."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE leads_standing SET total = lead_id %% 100, fit = lead_id %% 100, engagement = 0, seq = seq + 1"
            " WHERE lead_id IN (SELECT id FROM leads_lead ORDER BY id LIMIT %s)", [changes],
        )  # fmt: skip


def connected(url: str) -> Any:
    from django.conf import settings

    from leads.enums import ConnectionState
    from leads.models import Connection, Team

    settings.OUTBOUND_ALLOWLIST = [url.removeprefix("http://")]
    team = Team.objects.create(name="Bench", slug="bench")
    connection = Connection.make(team, crm="salesforce", name="Bench", slug="bench-crm", base_url=url,
                                 state=ConnectionState.ON)  # fmt: skip
    for name, text in (("consumer_key", "key"), ("consumer_secret", "secret")):
        connection.keep_secret(name, text)
    return connection


@contextmanager
def watched(memory: list[float] | None) -> Iterator[None]:
    """Note how much memory we have, in MB, five times a second."""
    process, done = psutil.Process(), threading.Event()

    def look() -> None:
        while not done.wait(0.2):
            if memory is not None:
                memory.append(process.memory_info().rss / MB)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


@contextmanager
def crm(contacts: int, companies: int) -> Iterator[tuple[str, Any]]:
    """A Salesforce with so many records, in another process: (its address, a pipe that tells what it was asked for)."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    child = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, contacts, companies), daemon=True)
    child.start()
    yield ours.recv(), ours
    ours.send("end")
    child.join(20)


def serve(pipe: Any, contacts: int, companies: int) -> None:
    """The other process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    from leads.enums import CrmKind
    from tests.fakes.salesforce import SalesforceCrm

    with SalesforceCrm() as crm:
        firms = [
            crm.add(CrmKind.COMPANIES, name=f"Firm {n}", website=f"https://firm{n}.example", employees=n % 900 + 1)
            for n in range(companies)
        ]
        for n in range(contacts):
            crm.add(CrmKind.CONTACTS, email=f"p{n}@firm{n % companies}.example", first_name=f"Ana {n}",
                    last_name="Ruiz", title="VP Sales", phone=f"+4930{n:07}", links={
                        CrmKind.COMPANIES: [firms[n % companies]]})  # fmt: skip
        pipe.send(crm.base_url)
        while pipe.recv() == "calls":
            pipe.send(Counter(crm.calls))
            crm.calls.clear()


if __name__ == "__main__":
    main()
