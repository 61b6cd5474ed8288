"""Workers are killed (SIGKILL) between claiming an effect and sending it, and the broker is emptied. No effect is lost,
and none that carries an id is doubled: the receiver counts by webhook-id.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
import redis
from django.db import connection, connections, transaction

from leads.models import Effect, Endpoint
from leads.outgoing import delivery, webhooks
from leads.outgoing.endpoints import tell
from leads.outgoing.webhooks import new_secret
from leadscore.embedded.valkey import _binary
from tests.leads.outbox_worker import LEASE, lingering
from tests.receiver import Receiver, receiver
from tests.sales import make_team

EFFECTS, LANES, KILLS = 2000, 10, 6
PATIENCE = 150.0

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other(settings: Any) -> Iterator[Receiver]:
    with receiver() as there:
        settings.OUTBOUND_ALLOWLIST = [there.host]
        settings.ENCRYPTION_KEYS = ["Fd4mEqM4_TwfiIPhBzKEFtHgUevvVmTcVoZ6AKq0y4k="]
        yield there


def write(there: Receiver, effects: int) -> None:
    """So many effects over all endpoints. Each cause runs twice, as one that was tried again would."""
    for number in range(LANES):
        new_secret(Endpoint.objects.create(team=make_team(), name=f"E{number}", url=there.url))
    said = {"type": "lead.entered", "text": "Hot", "url": ""}
    for _ in range(2):
        with transaction.atomic():
            for endpoint, number in product(Endpoint.objects.all(), range(effects // LANES)):
                tell(endpoint, data={"crossing": number}, key=f"crossing:{number}", **said)
    assert Effect.objects.count() == effects


class Workers:
    """Two processes that deliver until nothing waits; those that are killed are replaced."""

    def __init__(self, log: Path) -> None:
        self.log, self.killed = log, 0
        log.touch()
        self.processes = [self._start() for _ in range(2)]

    def _start(self) -> Any:
        connections.close_all()  # a connection is not shared with a child
        process = get_context("fork").Process(target=self._run, daemon=True)
        process.start()
        return process

    def _run(self) -> None:
        try:
            while Effect.objects.waiting().exists():
                delivery.deliver_due(1) or time.sleep(0.05)
        finally:
            os._exit(0)

    def kill_in_attempt(self) -> None:
        """Kill who begins the next attempt, before it sends."""
        begun, deadline = len(self.log.read_text().splitlines()), time.monotonic() + PATIENCE
        while len(lines := self.log.read_text().splitlines()) <= begun and time.monotonic() < deadline:
            time.sleep(0.001)
        pid = int(lines[-1].split()[0])
        process = next(process for process in self.processes if process.pid == pid)
        os.kill(pid, signal.SIGKILL)
        process.join()
        self.processes.remove(process)
        self.processes.append(self._start())

    def finish(self) -> None:
        for process in self.processes:
            process.join(PATIENCE)
            assert process.exitcode == 0


def survive(there: Receiver, folder: Path, monkeypatch: pytest.MonkeyPatch, effects: int) -> None:
    """Write the effects, and kill who delivers them."""
    monkeypatch.setattr(delivery, "LEASE", timedelta(seconds=1))
    log = folder / "begun"
    monkeypatch.setitem(delivery.HANDLERS, "webhook", lingering(webhooks.send_webhook, str(log), 0.01))
    write(there, effects)
    workers = Workers(log)
    for _ in range(KILLS):
        workers.kill_in_attempt()
        time.sleep(0.1)
    workers.finish()


def test_killed_workers_lose_nothing_and_double_nothing(other, tmp_path, monkeypatch):
    survive(other, tmp_path, monkeypatch, EFFECTS // 4)
    assert len(set(other.ids)) == EFFECTS // 4
    assert Effect.objects.filter(state=Effect.DONE).count() == EFFECTS // 4


def test_who_takes_the_row_out_before_the_work_loses_it(other, tmp_path, monkeypatch):
    """Negative control: as a queue that acknowledges early."""
    honest: Callable[[], Effect | None] = delivery.claim

    def early() -> Effect | None:
        effect = honest()
        if effect is not None:
            Effect.objects.filter(pk=effect.pk).update(state=Effect.DONE)
            delivery.Lane.objects.filter(pk=effect.lane).update(free_at=effect.begun_at)
        return effect

    monkeypatch.setattr(delivery, "claim", early)
    survive(other, tmp_path, monkeypatch, 200)
    assert len(set(other.ids)) < 200


def test_an_id_of_each_attempt_would_double(other, tmp_path, monkeypatch):
    """Negative control: the effect, not the attempt, carries the id."""
    monkeypatch.setattr(webhooks, "message_id", lambda effect: f"msg_{effect.pk}_{effect.attempts}")
    other.script = [500, 204]
    survive(other, tmp_path, monkeypatch, 200)
    assert len(set(other.ids)) > 200


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    """A broker of our own, which may be emptied."""
    path = f"/tmp/leadscore-{os.getpid()}.sock"
    command = [str(_binary()), "--port", "0", "--unixsocket", path, "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not os.path.exists(path):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield f"unix://{path}"
    server.kill()
    server.wait()


class Celery:
    """Two Celery workers and the timetable, as the product runs them."""

    def __init__(self, folder: Path, broker: str, there: Receiver, key: str) -> None:
        self.folder, self.log = folder, folder / "begun"
        self.log.touch()
        self.environment = os.environ | {
            "CHAOS_LOG": str(self.log), "CHAOS_DATABASE": str(connection.settings_dict["NAME"]), "REDIS_URL": broker,
            "OUTBOUND_ALLOWLIST": there.host, "ENCRYPTION_KEYS": key,
        }  # fmt: skip
        self.workers = [self._worker() for _ in range(2)]
        self.beat = self._start("beat", "--schedule", str(folder / "beat"), "--pidfile", "")

    def _worker(self) -> subprocess.Popen:
        return self._start("worker", "--concurrency=1", f"--hostname=w{time.monotonic_ns()}@test")

    def _start(self, *argv: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "celery", "-A", "tests.leads.outbox_worker", *argv, "--loglevel=WARNING"]
        with (self.folder / "celery.log").open("a") as output:
            return subprocess.Popen(command, env=self.environment, stdout=output, stderr=output)

    def next_attempt(self) -> tuple[int, int]:
        """(process, its parent) of the next attempt that begins."""
        before, deadline = len(self.log.read_text().splitlines()), time.monotonic() + PATIENCE
        while len(lines := self.log.read_text().splitlines()) <= before:
            assert time.monotonic() < deadline, (self.folder / "celery.log").read_text()[-2000:]
            time.sleep(0.002)
        child, parent = map(int, lines[-1].split())
        return child, parent

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        for place, worker in enumerate(self.workers):
            if worker.pid == pid:
                worker.wait()
                self.workers[place] = self._worker()

    def stop(self) -> None:
        for process in (*self.workers, self.beat):
            process.kill()
            process.wait()


@pytest.mark.chaos
@pytest.mark.skipif("CHAOS" not in os.environ, reason="takes a minute or two: make chaos")
def test_killed_celery_workers_and_an_empty_broker(other, broker, tmp_path, settings):
    write(other, EFFECTS)
    begun = time.monotonic()
    celery = Celery(tmp_path, broker, other, settings.ENCRYPTION_KEYS[0])
    try:
        for number in range(KILLS):
            celery.kill(celery.next_attempt()[number % 2])
            redis.Redis.from_url(broker).flushall()
        deadline = time.monotonic() + PATIENCE
        while Effect.objects.waiting().exists():
            assert time.monotonic() < deadline, (tmp_path / "celery.log").read_text()[-3000:]
            time.sleep(0.2)
    finally:
        celery.stop()
    seconds = time.monotonic() - begun
    print(f"{EFFECTS} effects, {KILLS} kills and FLUSHALLs: {len(other.ids)} requests, {seconds:.0f} s; {LEASE=}")
    assert len(set(other.ids)) == EFFECTS
    assert Effect.objects.filter(state=Effect.DONE).count() == EFFECTS
    assert len(other.ids) <= EFFECTS + 2 * KILLS
