"""One alert for each crossing, whoever is killed or acts at once; and what happens without the guards."""

import os
import signal
import time
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.models import Count

from leads.enums import CrossingState
from leads.models import Crossing, Effect, Lead, Notice, Rule, User
from leads.rules import acting, actions, crossings
from scoring import pipeline
from tests.rules.watching import make_rule, make_segment
from tests.sales import make_team
from tests.scoring.workshop import field, go_live, make_model
from tests.threads import at_once

LEADS, PAGE, KILLS = 1000, 50, 4
SECONDS = 120

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rule(mara: User) -> Rule:
    go_live(make_model())
    tell = {"people": [mara.pk], "mail": True}
    return make_rule(make_segment(condition=field("title", "contains", "VP")), actions={"tell": tell, "tag": "vp"})


def arrive(number: int) -> None:
    Lead.objects.bulk_create(Lead(team=make_team(), last_name=f"L{i}", title="VP") for i in range(number))


def lingering(log: Path, honest: Any) -> Any:
    """Says that it begins, and takes its time inside the transaction, so that it can be killed there."""

    def act(*args: Any, **extra: Any) -> Any:
        with log.open("a") as said:
            said.write(f"{os.getpid()}\n")
        answer = honest(*args, **extra)
        time.sleep(0.05)
        return answer

    return act


def worker() -> BaseProcess:
    def work() -> None:
        try:
            while pipeline.rescore_due(PAGE):
                pass
        finally:
            os._exit(0)

    connections.close_all()  # a connection is not shared with a child
    process = get_context("fork").Process(target=work, daemon=True)
    process.start()
    return process


def killed_while(log: Path, processes: list[BaseProcess]) -> None:
    """Kill whoever begins next, in the middle of it, and start another."""
    before, deadline = len(log.read_text().splitlines()), time.monotonic() + SECONDS
    while len(lines := log.read_text().splitlines()) <= before and time.monotonic() < deadline:
        time.sleep(0.002)
    process = next(process for process in processes if process.pid == int(lines[-1]))
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    processes.remove(process)
    processes.append(worker())


@pytest.mark.parametrize("where", ["crossing", "acting"])
def test_killed_in_the_middle_every_crossing_alerts_once(
    rule: Rule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    log = tmp_path / "begun"
    log.touch()
    if where == "crossing":
        monkeypatch.setattr(crossings, "_cross", lingering(log, crossings._cross))
    else:
        monkeypatch.setattr(actions, "run", lingering(log, actions.run))
    monkeypatch.setattr(acting, "PAGE", PAGE)
    arrive(LEADS)
    processes = [worker() for _ in range(2)]
    for _ in range(KILLS):
        killed_while(log, processes)
    for process in processes:
        process.join(SECONDS)
        assert process.exitcode == 0
    acting.act()
    assert_once(rule, LEADS)


def assert_once(rule: Rule, number: int) -> None:
    """A crossing, a notice, a mail and a tag for each lead."""
    assert dict(Crossing.objects.values_list("state").annotate(n=Count("pk"))) == {CrossingState.DONE: number}
    assert Crossing.objects.values("lead").distinct().count() == number
    assert (Notice.objects.count(), Effect.objects.filter(kind="mail").count()) == (number, number)
    assert Lead.objects.filter(tags=["vp"]).count() == number


def test_eight_act_at_once_and_each_crossing_alerts_once(rule: Rule) -> None:
    arrive(200)
    while pipeline._score_page(PAGE)[0]:
        pass
    assert Crossing.objects.filter(state=CrossingState.DUE).count() == 200
    assert sum(at_once(lambda _: acting.act(), range(8))) == 200
    assert_once(rule, 200)


def test_without_the_lock_crossings_are_acted_on_more_than_once(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: who does not hold what they act on does it again; only the keys stand against it."""
    monkeypatch.setattr(Crossing.objects.none().__class__, "select_for_update", lambda rows, **_: rows)
    honest = actions.run

    def slowly(*args: Any) -> None:
        time.sleep(0.2)
        honest(*args)

    monkeypatch.setattr(actions, "run", slowly)
    arrive(20)
    while pipeline._score_page(PAGE)[0]:
        pass
    assert sum(at_once(lambda _: acting.act(), range(4))) > 20
    assert Notice.objects.count() == 20


def test_scored_by_eight_at_once_a_lead_enters_once(rule: Rule) -> None:
    arrive(200)

    def score(_: int) -> None:
        while pipeline._score_page(20)[0]:
            pass

    at_once(score, range(8))
    assert Crossing.objects.count() == 200
    assert {crossing.number for crossing in Crossing.objects.all()} == {1}
