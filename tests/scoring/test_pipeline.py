"""Due → evaluate → record → act: what makes a lead due, what is written for it, and what follows, exactly once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from leads.ingest import EventRecord, record_events
from leads.models import Company, Event, EventKind, Field, Handoff, Lead, Source, Standing
from scoring import pipeline
from scoring.engine.evaluate import compiled_for
from scoring.models import Entry, Move, ScoringModel, Version
from scoring.replay import replay
from scoring.verify import verify_scores
from tests.sales import make_team, make_user
from tests.scoring.workshop import add, field, go_live, make_lead, make_model, record, rescore

pytestmark = pytest.mark.django_db

Clock = Callable[[float], datetime]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Days from now on the scorer's clock; it stands still until it is set again."""

    def set_to(days: float) -> datetime:
        moment = timezone.now() + timedelta(days=days)
        monkeypatch.setattr(pipeline, "database_clock", lambda: moment)
        return moment

    return set_to


@pytest.fixture
def lead() -> Lead:
    """Scored by version 1: 35 fit, nothing else."""
    made = make_lead(make_team())
    go_live(make_model())
    return made


def due() -> list[int]:
    return sorted(Standing.objects.due(pipeline.database_clock()).values_list("pk", flat=True))


def history(lead: Lead) -> list[tuple[str, int | None, int | None]]:
    """Cause, total before and after of each line, the first one first."""
    return list(Entry.objects.filter(lead=lead).order_by("seq").values_list("cause", "total_before", "total"))


# --- What makes a lead due, and the cause that is kept -------------------------------------------------


def test_a_new_lead_is_due_once(lead: Lead) -> None:
    assert due() == []
    other = make_lead(lead.team)
    assert due() == [other.pk]
    assert pipeline.rescore_due() == 1
    assert pipeline.rescore_due() == 0
    assert history(other) == [("activity", None, 35)]


def test_an_event_is_activity(lead: Lead) -> None:
    record(lead, "page_viewed", url="/pricing")
    assert due() == [lead.pk]
    rescore()
    assert history(lead)[1:] == [("activity", 35, 43)]


def test_an_edited_field_is_a_correction_also_beside_an_event(lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(title="Clerk")
    record(lead, "page_viewed", url="/pricing")
    rescore()
    assert history(lead)[1:] == [("correction", 35, 28)]
    record(lead, "webinar_attended")
    rescore()
    assert history(lead)[-1] == ("activity", 28, 38)


def test_an_edited_company_makes_its_leads_due_and_no_others(lead: Lead) -> None:
    stranger = make_lead(lead.team)
    rescore()
    Company.objects.filter(pk=lead.company_id).update(employees=3)
    assert due() == [lead.pk]
    rescore()
    assert history(lead)[1:] == [("correction", 35, 25)]
    assert len(history(stranger)) == 1


def test_a_custom_field_is_a_fact_too() -> None:
    Field.objects.create(of="lead", key="budget", label="Budget", type="number")
    made, model = make_lead(make_team(), title="Clerk"), make_model()
    add(model.groups.get(name="Role"), "Budget", 7, field("custom.budget", "at_least", 1000))
    go_live(model)
    Lead.objects.filter(pk=made.pk).update(fields={"budget": 1000})
    rescore()
    assert history(made)[1:] == [("correction", 20, 27)]


def test_a_quarantined_event_no_longer_counts(lead: Lead) -> None:
    event = record(lead, "page_viewed", url="/pricing")
    rescore()
    Event.objects.filter(pk=event.pk).update(quarantined=True)
    rescore()
    assert history(lead)[1:] == [("activity", 35, 43), ("correction", 43, 35)]


def test_events_that_pass_to_another_lead_change_both(lead: Lead) -> None:
    """As when two leads turn out to be one person."""
    event, other = record(lead, "page_viewed", url="/pricing"), make_lead(lead.team)
    rescore()
    Event.objects.filter(pk=event.pk).update(lead=other)
    assert due() == [lead.pk, other.pk]
    rescore()
    assert (history(lead)[-1], history(other)[-1]) == (("correction", 43, 35), ("correction", 35, 43))


def test_what_sales_does_to_a_lead_is_not_scored(lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(stage="accepted", owner=make_user("Kim", lead.team))
    assert due() == []


@pytest.mark.django_db(transaction=True)
def test_every_way_in_leaves_scores_that_verify(lead: Lead) -> None:
    assert verify_scores().holds
    Standing.objects.filter(pk=lead.pk).update(fit=1)  # the control: it notices
    assert verify_scores().different == [lead.pk]


@pytest.fixture
def silent() -> Lead:
    """-5 for thirty days without activity of any kind."""
    made, model = make_lead(make_team()), make_model()
    model.groups.filter(name="Buying").update(floor=-20)
    add(model.groups.get(name="Role"), "Silent", -5, {"not": {"event": "any", "days": 30}})
    go_live(model)
    return made


@pytest.mark.django_db(transaction=True)
def test_a_kind_that_a_sender_has_just_invented_is_activity(silent: Lead) -> None:
    """The worker has compiled its statement long before."""
    source = Source.objects.named(silent.team, "Website", "website")
    record_events(source, [EventRecord(kind="Quiz Solved", lead=silent.pk)])
    rescore()
    assert history(silent)[1:] == [("activity", 30, 35)]
    assert verify_scores().holds


@pytest.mark.django_db(transaction=True)
def test_a_kind_that_ceases_to_be_activity_changes_who_had_it(silent: Lead) -> None:
    record(silent, "page_viewed")
    make_lead(silent.team)
    rescore()
    EventKind.objects.filter(slug="page_viewed").update(by_lead=False)
    assert due() == [silent.pk]
    rescore()
    assert history(silent)[1:] == [("activity", 30, 35), ("rules", 35, 30)]
    assert verify_scores().holds


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


# --- Time ----------------------------------------------------------------------------------------------


def test_points_that_end_are_taken_then_and_from_nobody_else(lead: Lead, clock: Clock) -> None:
    others = [make_lead(lead.team) for _ in range(20)]
    record(lead, "page_viewed", url="/pricing")  # counts for 30 days
    rescore()
    ends = Standing.objects.get(pk=lead.pk).due_at
    assert ends is not None
    assert timedelta(days=29) < ends - timezone.now() <= timedelta(days=30)
    days = (ends - timezone.now()) / timedelta(days=1)
    clock(days - 0.001)
    assert (due(), pipeline.rescore_due()) == ([], 0)
    clock(days + 0.001)
    assert due() == [lead.pk]
    assert (pipeline.rescore_due(), pipeline.rescore_due()) == (1, 0)
    assert history(lead)[-1] == ("decay", 43, 35)
    assert Standing.objects.get(pk=lead.pk).due_at is None
    assert not Entry.objects.filter(lead__in=others, seq__gt=1).exists()


def test_a_fading_score_is_looked_at_only_on_days_that_can_change_it(lead: Lead, clock: Clock) -> None:
    record(lead, "webinar_attended")  # 10 points, fading evenly over 60 days
    rescore()
    looks = 0
    for day in range(1, 62):
        clock(day)
        looks += pipeline.rescore_due()
        assert pipeline.rescore_due() == 0
    totals = [after for cause, _, after in history(lead) if cause == "decay"]
    assert totals == sorted(totals, reverse=True)
    assert totals[-1] == 35
    assert len(totals) == 10
    assert looks < 61 / 2


def test_a_clock_of_the_worker_that_is_ahead_changes_nothing(lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is due is asked of the clock it is counted by; with two, a worker would turn in circles between them."""
    record(lead, "page_viewed", url="/pricing")
    rescore()
    later = timezone.now() + timedelta(days=31)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert pipeline.rescore_due() == 0


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
