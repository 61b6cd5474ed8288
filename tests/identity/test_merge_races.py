"""Merging while everybody else is at work, on real connections. Each guard has a control that goes wrong without."""

import importlib
import random
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection

from leads import ingest
from leads.enums import HandoffState, ImportPolicy, SourceKind, Stage
from leads.identity import CannotMerge, current_id, merge, merging, unmerge
from leads.identity.redirects import current_ids
from leads.ingest.records import EventRecord, LeadRecord
from leads.models import Event as Fact
from leads.models import Handoff, Lead, Merge, Source, Standing
from leads.selling import handoffs
from scoring.models import Entry
from scoring.verify import verify_scores
from tests.sales import hand_off, make_lead, make_team, make_user
from tests.scoring import workshop
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8


@pytest.fixture
def source(team: Any) -> Source:
    return Source.objects.named(team, "Website", SourceKind.API)


def test_scores_are_right_after_each_step() -> None:
    team = make_team()
    source = Source.objects.named(team, "Website", SourceKind.API)
    model = workshop.make_model()
    workshop.go_live(model)
    kept, gone = workshop.make_lead(team), workshop.make_lead(team, email="b@x.example")
    for lead in (kept, gone):
        ingest.record_events(source, [EventRecord("webinar_attended", lead=lead.pk)])
    workshop.rescore()
    alone = Standing.objects.get(lead=kept).engagement
    done = merge(kept, gone, by=None)
    workshop.rescore()
    assert (alone, Standing.objects.get(lead=kept).engagement) == (10, 20)
    assert Entry.objects.filter(lead=gone).count() == 1  # its history stays readable
    workshop.go_live(workshop.reworded(model))
    verified = verify_scores()
    assert (verified.holds, verified.checked, verified.due) == (True, 1, 0)
    unmerge(done, by=None)
    workshop.rescore()
    verified = verify_scores()
    assert (verified.holds, verified.checked, verified.due) == (True, 2, 0)
    assert Standing.objects.get(lead=kept).engagement == alone


def test_no_event_is_lost_and_each_finds_its_lead_while_leads_merge_and_part(team: Any, source: Source) -> None:
    workshop.go_live(workshop.make_model())
    kept, gone = workshop.make_lead(team, email="a@x.example"), workshop.make_lead(team, email="b@x.example")
    over = Event()

    def send(number: int) -> int:
        r, sent = random.Random(number), 0
        while not over.is_set() or sent < 20:
            lead = (kept, gone)[number % 2]
            who: dict[str, Any] = r.choice([{"lead": lead.pk}, {"email": lead.email}, {"user_id": f"u{number % 2}"}])
            record = EventRecord("webinar_attended", message_id=f"{number}-{sent}", **who | {"email": lead.email})
            sent += ingest.record_events(source, [record])[0].result == "stored"
        return sent

    def merge_and_part(_: int) -> None:
        try:
            for n in range(ROUNDS):
                one, two = (kept, gone) if n % 2 else (gone, kept)
                unmerge(merge(one, two, by=None), by=None)
        finally:
            over.set()

    acts = [send, send, merge_and_part, lambda _: workshop.rescore()]
    done = at_once(lambda n: acts[n](n), range(4))
    assert [type(one) for one in done[2:]] == [type(None)] * 2
    counts = {lead.pk: Fact.objects.filter(lead=lead).count() for lead in (kept, gone)}
    assert counts == {kept.pk: done[0], gone.pk: done[1]}
    workshop.rescore()
    verified = verify_scores()
    assert (verified.holds, verified.checked) == (True, 2)


def test_without_its_guard_an_event_that_was_on_its_way_is_stranded(team: Any, source: Source) -> None:
    """The control: the trigger as it was before merging."""
    before = importlib.import_module("leads.migrations.0021_merging_triggers")
    kept, gone = make_lead(team), make_lead(team)
    kind = Fact.objects.get(pk=ingest.record_events(source, [EventRecord("call", lead=kept.pk)])[0].pk).kind
    with connection.cursor() as cursor:
        cursor.execute(before.EVENT_BEFORE)
    try:
        merge(kept, gone, by=None)
        Fact.objects.create(lead=gone, kind=kind, source=source, occurred_at=gone.created_at, message_id="late")
        assert Fact.objects.filter(lead=gone).count() == 1
    finally:
        with connection.cursor() as cursor:
            cursor.execute(before.EVENT)


def test_a_file_that_arrives_while_its_lead_is_merged_makes_no_second_one(team: Any, source: Source) -> None:
    for n in range(ROUNDS):
        kept, gone = make_lead(team, email=f"a{n}@x.example"), make_lead(team, email=f"b{n}@x.example")
        record = LeadRecord({"email": gone.email, "city": f"City {n}"})
        acts = [
            lambda: merge(kept, gone, by=None),  # noqa: B023 called in this round
            lambda: ingest.upsert_leads(source, [record], policy=ImportPolicy.FILE_WINS),  # noqa: B023
        ]
        done = at_once(lambda act: act(), acts)
        assert isinstance(done[0], Merge), done
        assert [outcome.result for outcome in done[1]] == ["updated"]
        assert Lead.objects.filter(email__in=[kept.email, gone.email]).values_list("city").get() == (f"City {n}",)


def test_without_following_the_file_would_make_a_second_one(
    team: Any, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: locked as they were looked up, without asking where they are now."""
    monkeypatch.setattr("leads.ingest.leads.lock_current", lambda pks: Lead.objects.filter(pk__in=pks).in_bulk())
    kept, gone = make_lead(team, email="a@x.example"), make_lead(team, email="b@x.example")
    merge(kept, gone, by=None)
    ingest.upsert_leads(source, [LeadRecord({"email": gone.email})], policy=ImportPolicy.FILE_WINS)
    assert Lead.objects.count() == 2


def test_a_handoff_accepted_while_its_lead_is_merged_is_accepted_for_good(team: Any) -> None:
    rep = make_user("Rae", team)
    for _ in range(ROUNDS):
        held, kept = hand_off(team), make_lead(team)
        acts = [lambda: merge(kept, held.lead, by=None), lambda: handoffs.accept(held, by=rep)]  # noqa: B023
        done = at_once(lambda act: act(), acts)
        assert not [one for one in done if isinstance(one, Exception)]
        kept.refresh_from_db()
        assert (kept.stage, kept.owner) == (Stage.ACCEPTED, rep)
        assert Handoff.objects.values_list("state", "lead").get(pk=held.pk) == (HandoffState.ACCEPTED, kept.pk)


def test_without_asking_again_the_answer_moves_nobody(team: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the lead as it was when the handoff was read."""
    monkeypatch.setattr(handoffs, "hold_lead", lambda handoff: Lead.with_merged.get(pk=handoff.lead_id))
    rep, held, kept = make_user("Rae", team), hand_off(team), make_lead(team)
    merge(kept, held.lead, by=None)
    handoffs.accept(held, by=rep)
    kept.refresh_from_db()
    assert (kept.stage, kept.owner) == (Stage.HANDED_OFF, None)


def test_of_merges_of_the_same_leads_one_wins_and_no_circle_comes_about(team: Any) -> None:
    for _ in range(ROUNDS):
        leads = [make_lead(team) for _ in range(3)]
        ways = [(0, 1), (1, 0), (1, 2), (2, 0)]
        done = at_once(lambda way: merge(leads[way[0]], leads[way[1]], by=None), ways)  # noqa: B023
        assert {type(one) for one in done} <= {Merge, CannotMerge}
        ids = [lead.pk for lead in leads]
        assert len(current_ids(ids)) == 3  # everybody arrives somewhere
        merged = sum(isinstance(one, Merge) for one in done)
        assert Standing.objects.filter(lead__in=ids).count() == 3 - merged == len({*current_ids(ids).values()})


def test_without_the_lock_two_merges_make_a_circle(team: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: both see two leads that are not merged."""
    both = Barrier(2)

    def unlocked(ids: Any) -> dict[int, Lead]:
        found = Lead.with_merged.in_bulk(ids)
        both.wait(timeout=10)
        return found

    monkeypatch.setattr(merging, "lock", unlocked)
    a = make_lead(team)
    b = make_lead(team, created_at=a.created_at)
    at_once(lambda way: merge(*way, by=None), [(a, b), (b, a)])
    assert (Lead.objects.count(), current_id(a.pk)) == (0, a.pk)
