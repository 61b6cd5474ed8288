"""Due → evaluate → record → act: what is written for a lead, and what follows, exactly once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from leads.ingest import EventRecord, record_events
from leads.models import Company, Handoff, Lead, Source, Standing
from scoring import pipeline
from scoring.engine.evaluate import compiled_for
from scoring.models import Entry, Move, ScoringModel, Version
from scoring.replay import replay
from scoring.verify import verify_scores
from tests.sales import make_team, make_user
from tests.scoring.conftest import Clock
from tests.scoring.workshop import add, due, field, go_live, history, make_lead, make_model, record, rescore

pytestmark = pytest.mark.django_db


# --- What is written -----------------------------------------------------------------------------------


def test_a_score_that_stays_writes_no_line(lead: Lead) -> None:
    before = Standing.objects.values("seq", "changed_at", "total").get()
    record(lead, "email_sent")
    rescore()
    after = Standing.objects.get()
    assert {"seq": after.seq, "changed_at": after.changed_at, "total": after.total} == before
    assert after.scored_rev == after.facts_rev
    assert (len(history(lead)), Move.objects.count()) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_each_line_begins_where_the_last_one_ended(lead: Lead) -> None:
    for number in range(4):
        Lead.objects.filter(pk=lead.pk).update(title="Clerk" if number % 2 == 0 else "VP")
        record(lead, "page_viewed", url="/pricing")
        rescore()
    lines = list(Entry.objects.order_by("seq").values_list("seq", "total_before", "total", "label_before", "label"))
    assert [line[0] for line in lines] == [1, 2, 3, 4, 5]
    for before, after in zip(lines, lines[1:], strict=False):
        assert (after[1], after[3]) == (before[2], before[4])
    standing = Standing.objects.get()
    assert (standing.seq, standing.total, standing.label) == (5, lines[-1][2], lines[-1][4])
    assert verify_scores().broken_history == []


@pytest.mark.django_db(transaction=True)
def test_a_hole_in_the_history_is_noticed(lead: Lead) -> None:
    """The control of broken_history."""
    record(lead, "page_viewed", url="/pricing")
    rescore()
    Entry.objects.filter(seq=1).delete()
    assert verify_scores().broken_history == [lead.pk]


def test_the_past_is_not_rewritten(lead: Lead) -> None:
    with pytest.raises(Exception, match="append-only"):
        Entry.objects.update(total=99)


@pytest.mark.django_db(transaction=True)
def test_a_robot_does_not_stop_the_scoring_of_others(lead: Lead) -> None:
    """Forty times a thousand points are more than a line of the ledger holds, and a page is scored whole or not."""
    model, other = ScoringModel.objects.get(), make_lead(lead.team)
    add(model.groups.get(name="Buying"), "Views", 1000, {"event": "page_viewed"}, counting="each")
    add(model.groups.get(name="Buying"), "Opens", -1000, {"event": "email_opened"}, counting="each_day")
    add(model.groups.get(name="Role"), "Fading", 1000, {"event": "page_viewed"}, counting="half_life", days=3650)
    go_live(model)
    source = Source.objects.named(lead.team, "Website", "website")
    records = [EventRecord(kind="page_viewed", lead=lead.pk) for _ in range(400)]
    records += [EventRecord(kind="email_opened", lead=lead.pk, occurred_at=timezone.now() - timedelta(days=n))
                for n in range(40)]  # fmt: skip
    record_events(source, records)
    record(other, "webinar_attended")
    rescore()
    standing = Standing.objects.get(pk=lead.pk)
    assert sum(standing.points) == standing.total
    assert min(standing.points) == -1000
    assert max(standing.points) == 1000
    assert Standing.objects.get(pk=other.pk).total == 45
    assert verify_scores().holds


# --- What follows --------------------------------------------------------------------------------------


@pytest.fixture
def hot() -> Lead:
    """About to turn Hot: its label hands off."""
    team = make_team()
    make_user("Kim", team)
    made = make_lead(team)
    go_live(model_with_hot())
    record(made, "demo_requested")
    return made


def model_with_hot() -> ScoringModel:
    """35 fit and a demo are Hot."""
    model = make_model()
    model.fit_limits = model.engagement_limits = [30, 20, 10]
    model.save()
    add(model.groups.get(name="Buying"), "Demo", 30, {"event": "demo_requested"})
    return model


def test_turning_hot_hands_off_once(hot: Lead) -> None:
    rescore()
    handoff = Handoff.objects.get()
    assert (handoff.lead, handoff.label, handoff.total, handoff.opened_by) == (hot, "hot", 65, None)
    assert Move.objects.count() == 0
    pipeline.act()
    record(hot, "page_viewed", url="/pricing")
    rescore()
    assert Handoff.objects.count() == 1


def test_one_that_cannot_be_handed_off_holds_up_no_other(hot: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    rescore()
    Handoff.objects.all().delete()
    Lead.objects.update(stage="new")
    version = Standing.objects.get(lead=hot).version
    good = make_lead(hot.team, email="good@example.com")
    for each in (hot, good):
        Move.objects.create(lead=each, version_id=version, label="hot", label_before="warm", cause="activity")
    open_handoffs = pipeline.open_handoffs

    def fail(ids: Any) -> Any:
        if hot.pk in ids:
            raise RuntimeError("broken")
        return open_handoffs(ids)

    monkeypatch.setattr(pipeline, "open_handoffs", fail)
    pipeline.act()
    assert list(Handoff.objects.values_list("lead", flat=True)) == [good.pk]
    assert list(Move.objects.values_list("lead", flat=True)) == [hot.pk]
    monkeypatch.setattr(pipeline, "open_handoffs", open_handoffs)
    pipeline.act()
    assert (Handoff.objects.count(), Move.objects.count()) == (2, 0)


def test_rules_hand_nobody_off() -> None:
    team = make_team()
    made = make_lead(team)
    record(made, "demo_requested")
    go_live(model_with_hot())
    assert Move.objects.values_list("cause", "label").get() == ("rules", "hot")
    rescore()
    assert (Standing.objects.get().label, Handoff.objects.count(), Move.objects.count()) == ("hot", 0, 0)


def test_a_worker_that_dies_between_loses_nothing_and_doubles_nothing(
    hot: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the handoff is open, and after it is open but before the move is gone."""
    honest = pipeline.open_handoffs

    def before(leads: Any) -> Any:
        raise KeyboardInterrupt

    def after(leads: Any) -> Any:
        honest(leads)
        raise KeyboardInterrupt

    for dying in (before, after):
        monkeypatch.setattr(pipeline, "open_handoffs", dying)
        with pytest.raises(KeyboardInterrupt):
            rescore()
        assert (Move.objects.filter(label="hot").count(), Handoff.objects.count()) == (1, 0)
    monkeypatch.setattr(pipeline, "open_handoffs", honest)
    pipeline.act()
    assert (Move.objects.count(), Handoff.objects.count()) == (0, 1)


def test_a_worker_that_dies_while_writing_leaves_the_lead_due(lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    record(lead, "page_viewed", url="/pricing")
    honest = pipeline.record

    def dying(*args: Any, **more: Any) -> int:
        honest(*args, **more)
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "record", dying)
    with pytest.raises(KeyboardInterrupt):
        pipeline.rescore_due()
    assert (due(), len(history(lead))) == ([lead.pk], 1)
    monkeypatch.setattr(pipeline, "record", honest)
    rescore()
    assert history(lead)[1:] == [("activity", 35, 43)]


# --- Purity --------------------------------------------------------------------------------------------


def test_the_statement_asks_no_clock() -> None:
    """What the moment is comes in as a parameter, and only so."""
    model = make_model()
    group = model.groups.get(name="Buying")
    add(group, "Halving", 20, {"event": "form_submitted"}, counting="half_life", days=7)
    add(group, "Days", 2, {"event": "page_viewed", "days": 30}, counting="each_day", at_most=10)
    add(group, "Silence", -5, {"not": {"event": "any", "days": 30}})
    add(group, "New", 3, field("created", "in_last_days", 14))
    model.audience = field("country", "unknown")
    model.save()
    sql = compiled_for((go_live(model).pk,)).sql.lower()
    assert len(sql) > 2000
    for clock in ("now()", "clock_timestamp", "statement_timestamp", "current_date", "current_timestamp",
                  "localtime", "timeofday", "transaction_timestamp", "random()"):  # fmt: skip
        assert clock not in sql


def test_the_same_moment_twice_gives_the_same(lead: Lead) -> None:
    record(lead, "webinar_attended", 3.3)
    version, moment = Version.objects.get(), timezone.now()
    assert replay(version, [lead.pk], moment) == replay(version, [lead.pk], moment)
    later = moment + timedelta(days=400)
    assert replay(version, [lead.pk], later) == replay(version, [lead.pk], later)


def test_every_line_of_a_history_can_be_counted_again(clock: Clock) -> None:
    """Facts, late facts, corrections and time, each on its day; then every line from what was known on its day."""
    clock(-100)
    model, team = make_model(), make_team()
    lead = make_lead(team, created_at=timezone.now() - timedelta(days=99))
    version = go_live(model)
    Entry.objects.all().delete()  # published long before the story begins
    Standing.objects.update(seq=0, total=None, grade="", label="", version=None, facts_rev=2)

    def learn(days: float) -> None:
        """What was just written was learned on that day."""
        moment = timezone.now() + timedelta(days=days)
        with connection.cursor() as cursor:
            sql = "UPDATE leads_change SET learned_at = %s, held_at = %s WHERE learned_at >= now()"
            cursor.execute(sql, [moment, moment])

    def event(days: float, occurred: float, kind: str, **properties: Any) -> None:
        received_at = timezone.now() + timedelta(days=days)
        record(lead, kind, -occurred, received_at=received_at, **properties)

    for day in range(-90, 0):
        clock(day)
        if day % 9 == 0:
            event(day - 0.01, day - 0.5, "webinar_attended")
        if day % 23 == 0:
            event(day - 0.01, day - 12, "page_viewed", url="/pricing")  # told twelve days later
        if day % 12 == 0:
            Lead.objects.filter(pk=lead.pk).update(title="Clerk" if day % 24 else "VP")
            learn(day - 0.01)
        if day % 7 == 0:
            Company.objects.filter(pk=lead.company_id).update(employees=100 - day * (day % 2 * 2 + 1))
            learn(day - 0.01)
        rescore()
    lines = list(Entry.objects.filter(lead=lead).order_by("seq"))
    assert {line.cause for line in lines} >= {"activity", "decay", "correction"}
    assert len(lines) > 20
    for line in lines:
        (again,) = replay(version, [lead.pk], line.as_of, as_known=True)
        assert (again.total, again.grade, again.label, again.points) == (
            line.total, line.grade, line.label, line.points), line.seq  # fmt: skip


@pytest.mark.django_db
def test_without_a_live_version_nobody_is_excluded() -> None:
    lead = make_lead(make_team())
    rescore()
    standing = Standing.objects.get(pk=lead.pk)
    assert (standing.version, standing.as_of, standing.total) == (None, None, None)
    assert not Standing.objects.due().exists()
