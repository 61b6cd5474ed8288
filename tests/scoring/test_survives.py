"""Workers are killed as no program can answer (SIGKILL), in the middle of a page. Nothing is wrong or missing then.

Each kill is aimed: a worker says when it begins a page and lingers in its transaction, and is killed there. `make
chaos` does the same to 100,000 leads, and to Celery workers whose broker is emptied under them (test_chaos.py).
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from leads.models import Company, Handoff, Lead, Standing
from scoring import pipeline, publishing
from scoring.models import Entry, Move, Publication, PublicationScore, ScoringModel
from scoring.verify import verify_scores
from tests.sales import make_team, make_user
from tests.scoring.workshop import go_live, make_model, reworded

LEADS = int(os.environ.get("CHAOS_LEADS", "5000"))
KILLS = int(os.environ.get("CHAOS_KILLS", "4"))
PAGE = LEADS // (6 * KILLS)  # so that all killed pages together are a sixth
LINGER = 0.03
SECONDS = 60 + LEADS / 500

pytestmark = pytest.mark.django_db(transaction=True)


class Workers:
    """Two processes that do a piece of work again and again; those that are killed are replaced."""

    def __init__(self, work: Callable[[], bool], log: Path) -> None:
        self.work, self.log, self.killed = work, log, 0
        log.touch()
        self.processes = [self._start() for _ in range(2)]

    def _start(self) -> BaseProcess:
        connections.close_all()  # a connection is not shared with a child
        process = get_context("fork").Process(target=self._run, daemon=True)
        process.start()
        return process

    def _run(self) -> None:
        try:
            while self.work():
                pass
        finally:
            os._exit(0)

    def begun(self) -> list[tuple[int, int]]:
        """(process, leads) of each page that was begun."""
        return [(int(pid), int(leads)) for pid, leads in map(str.split, self.log.read_text().splitlines())]

    def kill_in_page(self, after: int) -> None:
        """Kill who begins the next page after so many, while it is at it."""
        deadline = time.monotonic() + SECONDS
        while len(self.begun()) <= after and time.monotonic() < deadline:
            time.sleep(0.002)
        pid = self.begun()[-1][0]
        process = next(process for process in self.processes if process.pid == pid)
        os.kill(pid, signal.SIGKILL)
        process.join()
        self.killed += 1
        self.processes.remove(process)
        self.processes.append(self._start())

    def finish(self) -> None:
        for process in self.processes:
            process.join(SECONDS)
            assert process.exitcode == 0


def lingering(log: Path, honest: Callable[..., Any], leads_of: Callable[..., Any]) -> Callable[..., Any]:
    """Says which process begins how many leads, and stays in the transaction for a moment."""

    def said(*args: Any, **more: Any) -> Any:
        with log.open("a") as file:
            file.write(f"{os.getpid()} {len(leads_of(*args))}\n")
        answer = honest(*args, **more)
        time.sleep(LINGER)
        return answer

    return said


@contextmanager
def world() -> Iterator[ScoringModel]:
    team = make_team()
    make_user("Kim", team)
    company = Company.objects.create(team=team, name="Northwind", industry="Manufacturing", employees=420)
    Lead.objects.bulk_create(
        (Lead(team=team, company=company, title="Clerk", email=f"l{n}@n.example") for n in range(LEADS)), 5000
    )
    model = make_model()
    model.fit_limits, model.labels = [30, 20, 10], model.labels | {"A4": "hot"}
    model.save()
    yield model


def all_is_well() -> None:
    found = verify_scores()
    assert (found.checked, found.different, found.broken_history) == (LEADS, [], [])


def test_killed_while_leads_are_scored_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "begun"
    with world() as model:
        go_live(model)
        pipeline.act()
        some = Lead.objects.filter(pk__in=Lead.objects.order_by("?").values("pk")[: LEADS // 50])
        some.update(title="VP")
        Company.objects.update(employees=500)  # now all are due
        monkeypatch.setattr(pipeline, "record", lingering(log, pipeline.record, lambda claimed, *_: claimed))
        workers = Workers(lambda: bool(pipeline.rescore_due(limit=PAGE)), log)
        left = LEADS
        for number in range(KILLS):
            workers.kill_in_page(after=3 + number * 4)
            now_left = Standing.objects.due().count()
            assert now_left <= left  # it goes on where it was
            left = now_left
        workers.finish()
    while pipeline.rescore_due():  # the page of who was killed last
        pass
    assert workers.killed == KILLS
    assert LEADS < sum(leads for _, leads in workers.begun()) <= 1.2 * LEADS
    all_is_well()
    assert Entry.objects.filter(seq=2).count() == Lead.objects.filter(title="VP").count()
    assert not Entry.objects.filter(seq__gt=2).exists()
    assert Move.objects.count() == 0
    handed_off = sorted(Handoff.objects.values_list("lead", flat=True))
    assert handed_off == sorted(Lead.objects.filter(title="VP").values_list("pk", flat=True))


def test_killed_while_a_version_is_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "begun"
    monkeypatch.setattr(publishing, "PAGE", PAGE)
    with world() as model:
        old = go_live(model)
        publication = publishing.publish(reworded(model), by=None)
        monkeypatch.setattr(publishing, "_score", lingering(log, publishing._score, lambda _, leads: leads))
        workers = Workers(lambda: publishing.run(Publication.objects.get(pk=publication.pk)), log)
        done = 0
        for number in range(KILLS):
            workers.kill_in_page(after=3 + number * 4)
            now_done = publication.pages.filter(done_at__isnull=False).count()
            assert now_done >= done
            done = now_done
            assert set(Standing.objects.values_list("version", flat=True)) == {old.pk}
        workers.finish()
    while publishing.run(Publication.objects.get(pk=publication.pk)):
        pass
    publication.refresh_from_db()
    assert publication.finished_at is not None
    assert (publication.abandoned, publication.changed, PublicationScore.objects.count()) == (False, LEADS, 0)
    assert set(Standing.objects.values_list("version", flat=True)) == {publication.version_id}
    assert LEADS < sum(leads for _, leads in workers.begun()) <= 1.2 * LEADS
    all_is_well()
    assert Entry.objects.count() == 2 * LEADS
