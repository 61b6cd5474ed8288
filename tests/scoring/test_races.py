"""Everybody at once, on real connections; afterwards every score is what the facts give. Each guard has a control.

The controls are stepped: with the guard off, one order of events that must go wrong is played, and it does.
"""

import os
import random
from collections import Counter
from collections.abc import Callable
from threading import Barrier, Event, Thread
from time import monotonic
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils import timezone

from leads.history import attributed
from leads.ingest import EventRecord, LeadRecord, record_events, upsert_leads
from leads.models import Company, Handoff, Lead, Source, Standing
from leads.retry import retried
from scoring import pipeline, publishing
from scoring.engine import ledger
from scoring.engine.evaluate import database_clock
from scoring.models import Criterion, Entry, Move, Publication, ScoringModel, Version
from scoring.verify import verify_scores
from tests.sales import make_team, make_user
from tests.scoring.workshop import add, go_live, make_lead, make_model, record, rescore
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = float(os.environ.get("RACE_SECONDS", "4"))
LEADS = 60


class World:
    """A few hot leads of two companies, a model that hands off, and people and machines that write about them."""

    def __init__(self) -> None:
        self.team = make_team()
        make_user("Kim", self.team)
        self.companies = [
            Company.objects.create(team=self.team, name=f"C{n}", domain=f"c{n}.example", employees=420) for n in (0, 1)
        ]
        self.leads = Lead.objects.bulk_create(
            Lead(team=self.team, company=self.companies[n % 2], title="VP", email=f"p{n}@c{n % 2}.example")
            for n in range(LEADS)
        )
        self.ids = [lead.pk for lead in self.leads]
        self.source = Source.objects.named(self.team, "Website", "website")
        self.model = make_model()
        self.model.engagement_limits = [15, 8, 1]
        self.model.save()
        add(
            self.model.groups.get(name="Buying"), "Active", 5, {"event": "any", "days": 90}, counting="each", at_most=20
        )
        go_live(self.model)
        self.until = monotonic() + SECONDS
        self.done: Counter[str] = Counter()

    def some(self, r: random.Random, count: int) -> list[int]:
        """In any order: whoever writes many must not depend on luck."""
        return r.sample(self.ids, count)

    # --- who writes ---

    def send_events(self, r: random.Random) -> None:
        kinds = ["page_viewed", "webinar_attended", "email_opened", f"New kind {r.randrange(40)}"]
        records = [
            EventRecord(kind=r.choice(kinds), lead=lead, properties={"url": r.choice(["/pricing", "/docs"])})
            for lead in self.some(r, 8)
        ]
        if r.random() < 0.3:
            records.append(EventRecord(kind="page_viewed", email=f"new{r.randrange(30)}@c1.example"))
        record_events(self.source, records)

    def edit_leads(self, r: random.Random) -> None:
        rows, title = Lead.objects.filter(pk__in=self.some(r, r.choice([1, 10]))), r.choice(["VP", "Clerk", "Student"])
        with attributed(origin="form"):
            list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk"))  # in order, as everybody does
            rows.update(title=title)

    def edit_companies(self, r: random.Random) -> None:
        Company.objects.filter(pk=r.choice(self.companies).pk).update(employees=r.choice([3, 420]))

    def import_leads(self, r: random.Random) -> None:
        numbers = r.sample(range(LEADS), 10)
        records = [LeadRecord({"email": f"p{n}@c{n % 2}.example", "title": r.choice(["VP", "Clerk"])}) for n in numbers]
        upsert_leads(self.source, records, policy="file_wins")

    def score(self, r: random.Random) -> None:
        pipeline.rescore_due(limit=r.choice([5, 20, 200]))

    def publish(self, r: random.Random) -> None:
        publication = Publication.objects.filter(finished_at=None).first()
        if publication is None:
            criterion = r.choice(list(Criterion.objects.filter(points__gt=0)))
            Criterion.objects.filter(pk=criterion.pk).update(points=r.randint(1, 20))
            publication = publishing.publish(self.model, by=None)
        while publishing.run(publication):
            pass

    # --- all at once ---

    def go(self, acts: list[Callable[[random.Random], None]]) -> list[Exception]:
        """Each act again and again on a connection of its own. Returns what nobody had handled."""
        start = Barrier(len(acts), timeout=30)

        def work(numbered: tuple[int, Callable[[random.Random], None]]) -> None:
            number, act = numbered
            r = random.Random(number)
            start.wait()
            while monotonic() < self.until:
                try:
                    act(r)
                    self.done[act.__name__] += 1
                except ValidationError:
                    self.done["lost the race to publish"] += 1

        return [answer for answer in at_once(work, list(enumerate(acts))) if answer is not None]


def drain() -> None:
    for publication in Publication.objects.filter(finished_at=None):
        while publishing.run(publication):
            pass
    rescore()


def test_all_at_once_ends_where_the_facts_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "PAGE", 20)
    world = World()
    acts = [world.send_events, world.send_events, world.edit_leads, world.edit_companies, world.import_leads,
            world.score, world.score, world.publish]  # fmt: skip
    assert world.go(acts) == []
    assert min(world.done[act.__name__] for act in acts) >= 3, world.done
    drain()
    found = verify_scores()
    assert (found.checked, found.due, found.different, found.broken_history) == (Lead.objects.count(), 0, [], [])
    assert set(Standing.objects.values_list("version", flat=True)) == {Version.objects.live().get().pk}
    assert Move.objects.count() == 0
    per_lead = Counter(Handoff.objects.values_list("lead", flat=True))
    assert per_lead, world.done
    assert set(per_lead.values()) == {1}


# --- Guards, each with its control -----------------------------------------------------------------------


def late_result(lead: Lead) -> None:
    """A scorer that holds nothing reads the facts, is overtaken by an event and by another scorer, and then writes."""
    claimed = list(Standing.objects.filter(pk=lead.pk).values_list("pk", "facts_rev"))
    compiled, moment = pipeline.live(), database_clock()
    record(lead, "page_viewed", url="/pricing")
    rescore()
    ledger.record(claimed, compiled, moment, timezone.now())


@pytest.fixture
def lead() -> Lead:
    made = make_lead(make_team())
    go_live(make_model())
    return made


def test_a_result_from_older_facts_does_not_land_on_a_newer_one(lead: Lead) -> None:
    late_result(lead)
    assert Standing.objects.get().total == 43
    assert verify_scores().holds


def test_without_the_revision_guard_it_would(lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the score of yesterday's facts overwrites today's, and verify_scores finds it."""
    monkeypatch.setattr(ledger, "_RECORD", ledger._RECORD.replace("s.scored_rev <= n.rev", "true"))
    late_result(lead)
    assert Standing.objects.get().total == 35
    Standing.objects.update(scored_rev=99)  # or else it would still be due, and counted again
    assert verify_scores().different == [lead.pk]


def event_between(lead: Lead, read_first: bool) -> None:
    """An event is committed after the facts were read: was the revision read before them, or after?"""
    standing = Standing.objects.filter(pk=lead.pk)
    claimed = list(standing.values_list("pk", "facts_rev"))
    moment = database_clock()
    record(lead, "page_viewed", url="/pricing")
    if not read_first:
        claimed = list(standing.values_list("pk", "facts_rev"))
    ledger.record(claimed, pipeline.live(), moment, timezone.now())  # the clock was read before the event


def test_an_event_between_leaves_the_lead_due(lead: Lead) -> None:
    event_between(lead, read_first=True)
    assert Standing.objects.due().exists()
    rescore()
    assert verify_scores().holds


def test_read_in_the_other_order_an_update_is_lost(lead: Lead) -> None:
    """The control: a revision read after the facts says that they were counted."""
    event_between(lead, read_first=False)
    rescore()
    assert verify_scores().different == [lead.pk]


def recounted_while_a_version_switches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is counted again by the versions that were live a moment ago; a switch wants to come in between."""
    model, honest, switching = ScoringModel.objects.get(), pipeline.live_versions, []
    Criterion.objects.filter(name="VP").update(points=18)
    publication = publishing.publish(model, by=None)
    publishing.run(publication)

    def then_switch() -> Any:
        versions = honest()
        switching.append(Thread(target=at_once, args=(publishing.run, [publication])))
        switching[0].start()
        switching[0].join(0.5)  # a switch that has to wait for us would wait for ever
        return versions

    monkeypatch.setattr(pipeline, "live_versions", then_switch)
    pipeline.recount_all(0)
    monkeypatch.setattr(pipeline, "live_versions", honest)
    switching[0].join()


def test_no_version_switches_under_a_recount(lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    recounted_while_a_version_switches(monkeypatch)
    assert Standing.objects.get().version == Version.objects.live().get().pk
    assert verify_scores().holds


def test_without_keeping_versions_the_old_one_would_come_back(lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    monkeypatch.setattr(pipeline, "_keep_versions", lambda: None)
    recounted_while_a_version_switches(monkeypatch)
    assert Standing.objects.get().version != Version.objects.live().get().pk
    assert verify_scores().different == [lead.pk]


def eight_workers(world: World) -> list[Any]:
    """All leads are due, and eight workers come at the same moment."""
    Standing.objects.update(facts_rev=100)
    Lead.objects.update(title="Clerk")
    start = Barrier(8, timeout=30)

    def work(_: int) -> int:
        start.wait()
        return sum(iter(lambda: pipeline.rescore_due(limit=10), 0))

    return at_once(work, range(8))


def test_eight_workers_score_each_lead_once() -> None:
    answers = eight_workers(World())
    assert sum(answers) == LEADS
    assert not Entry.objects.filter(seq__gt=2).exists()
    assert verify_scores().holds


def test_without_claiming_they_do_it_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: work is doubled, and where two write the same lead only the unique line of history stops one."""
    world = World()
    meet = Barrier(8, timeout=30)
    waited: list[int] = []

    def unheld(limit: int) -> list[tuple[int, int]]:
        found = list(Standing.objects.due(database_clock()).order_by("pk").values_list("pk", "facts_rev")[:limit])
        if len(waited) < 8:
            waited.append(1)
            meet.wait()
        return found

    monkeypatch.setattr(pipeline, "_claim", unheld)
    answers = eight_workers(world)
    scored = sum(answer for answer in answers if isinstance(answer, int))
    assert scored > LEADS or any(isinstance(answer, DatabaseError) for answer in answers)


# --- Deadlocks ---------------------------------------------------------------------------------------------


def crosswise() -> tuple[list[Any], int]:
    """Two transactions tell of the same two leads in opposite order. Returns answers, and how often one was begun."""
    team = make_team()
    leads = [make_lead(team), make_lead(team)]
    record(leads[0], "email_opened")  # makes the source
    taken, begun = [Event(), Event()], []

    @retried
    def both(number: int) -> None:
        begun.append(number)
        with transaction.atomic():
            record(leads[number], "page_viewed", url="/pricing")
            taken[number].set()
            taken[1 - number].wait(10)
            record(leads[1 - number], "webinar_attended")

    return at_once(both, [0, 1]), len(begun)


def test_a_deadlock_is_tried_again() -> None:
    answers, begun = crosswise()
    assert answers == [None, None]
    assert begun == 3
    go_live(make_model())
    assert list(Standing.objects.values_list("engagement", flat=True)) == [18, 18]
    assert verify_scores().holds


def test_without_trying_again_one_would_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    monkeypatch.setattr("leads.retry.PASSING", set())
    answers, _ = crosswise()
    assert [type(answer) for answer in answers if answer is not None] == [OperationalError]


def test_inside_a_transaction_the_error_goes_to_its_owner() -> None:
    """What was broken off is theirs, so nothing is tried again halfway."""
    tries = []

    @retried
    def broken_off() -> None:
        tries.append(1)
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40P01'; END $$")

    with pytest.raises(OperationalError), transaction.atomic():
        broken_off()
    assert len(tries) == 1
    with pytest.raises(OperationalError):
        broken_off()
    assert len(tries) > 4
