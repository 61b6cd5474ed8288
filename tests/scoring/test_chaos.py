"""Celery workers are killed, and so is what the broker holds, while 100,000 leads are scored again: `make chaos`.

The broker is the product's own and is emptied, so this runs with the embedded one only.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection

from leads.models import Company, Lead, Standing
from scoring import pipeline
from scoring.models import Entry, Move
from scoring.verify import verify_scores
from tests.scoring.test_survives import KILLS, LEADS, world
from tests.scoring.workshop import go_live

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif("CHAOS" not in os.environ, reason="takes minutes: make chaos"),
    pytest.mark.skipif("REDIS_URL" in os.environ, reason="empties the broker, and REDIS_URL names another's"),
    pytest.mark.django_db(transaction=True),
]
PATIENCE = 120.0


class Celery:
    """Two workers and the timetable. Whoever is killed is started again."""

    def __init__(self, folder: Path) -> None:
        self.log, self.folder = folder / "begun", folder
        self.log.touch()
        self.workers = [self._start("worker", "--concurrency=1", f"--hostname=w{n}@test") for n in (1, 2)]
        self.beat = self._start("beat", "--schedule", str(folder / "beat"))

    def _start(self, *argv: str) -> subprocess.Popen:
        name = str(connection.settings_dict["NAME"])
        environment = os.environ | {"CHAOS_LOG": str(self.log), "CHAOS_DATABASE": name}
        command = [sys.executable, "-m", "celery", "-A", "tests.scoring.chaos_worker", *argv, "--loglevel=WARNING"]
        with (self.folder / "celery.log").open("a") as output:
            return subprocess.Popen(command, env=environment, stdout=output, stderr=output)

    def begun(self) -> list[list[int]]:
        """(process, its parent, leads) of each page that was begun."""
        return [[int(word) for word in line.split()] for line in self.log.read_text().splitlines()]

    def next_page(self) -> list[int]:
        """Wait until a page is begun that was not when we came."""
        before, deadline = len(self.begun()), time.monotonic() + PATIENCE
        while len(self.begun()) == before:
            assert time.monotonic() < deadline, (self.folder / "celery.log").read_text()[-2000:]
            assert Standing.objects.due().exists(), "too few leads for so many kills"
            time.sleep(0.01)
        return self.begun()[-1]

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        for place, worker in enumerate(self.workers):
            if worker.pid == pid:
                worker.wait()
                self.workers[place] = self._start("worker", "--concurrency=1", f"--hostname=w{pid}@test")

    def stop(self) -> None:
        for process in (*self.workers, self.beat):
            process.kill()
            process.wait()


def test_killed_workers_and_an_empty_broker(tmp_path: Path) -> None:
    broker = redis.Redis.from_url(settings.REDIS_URL)
    with world() as model:
        go_live(model)
        pipeline.act()
        Company.objects.update(employees=3)  # everybody is due, and everybody changes
        celery = Celery(tmp_path)
        try:
            left = LEADS
            for number in range(KILLS):
                child, parent, _ = celery.next_page()
                celery.kill(parent if number % 2 else child)
                if number % 3 == 0:
                    broker.flushall()
                now_left = Standing.objects.due().count()
                assert now_left <= left
                left = now_left
            deadline = time.monotonic() + PATIENCE
            while Standing.objects.due().exists():
                assert time.monotonic() < deadline
                time.sleep(0.2)
            time.sleep(1)  # the last page's moves
        finally:
            celery.stop()
    pipeline.act()
    evaluated = sum(leads for _, _, leads in celery.begun())
    print(f"{LEADS} leads, {KILLS} kills: {evaluated} leads counted, {evaluated / LEADS:.3f} of all")
    found = verify_scores()
    assert (found.checked, found.different, found.broken_history) == (LEADS, [], [])
    assert Entry.objects.filter(seq=2).count() == LEADS
    assert not Entry.objects.filter(seq__gt=2).exists()
    assert Move.objects.count() == 0
    assert LEADS < evaluated <= LEADS + KILLS * pipeline.PAGE
    assert evaluated <= 1.2 * LEADS or LEADS < 100_000
    assert Lead.objects.count() == LEADS
