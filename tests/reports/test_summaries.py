"""Counted as it comes, the figures are those of a count of everything; and they say how old they are."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from leads.enums import DealState, Label, SourceKind
from leads.identity.merging import merge
from leads.models import Deal, Handoff, Lead, Source
from leads.selling.handoffs import accept, open_handoffs, recycle, reject
from reports.models import Change, Counting, Fact, Tally
from reports.summaries import as_of, catch_up, count_due, counting, make_anew, writing
from scoring.models import Entry, Move
from tests.sales import hand_off, make_lead, make_team, make_user, reason, score
from tests.threads import at_once

numbers = count(1)
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def everything():
    facts = list(Fact.objects.order_by("pk").values())
    keys = ("by", "monthly", "day", "team_id", "source", "version", "key")
    names = [field.attname for field in Tally._meta.concrete_fields if field.attname != "id"]
    return facts, list(Tally.objects.order_by(*keys).values(*names))


def same_as_anew():
    """Count what is due, then everything, and compare."""
    assert count_due() is True
    as_it_came = everything()
    assert make_anew()
    assert as_it_came == everything()
    return as_it_came


def rated(lead, label, at, total=50):
    """What scoring writes with a new label."""
    seq = Entry.objects.filter(lead=lead).count() + 1
    Entry.objects.create(lead=lead, seq=seq, cause="activity", as_of=at, recorded_at=at, label=label, grade="B2",
                         total=total)  # fmt: skip
    Move.objects.create(lead=lead, cause="activity", label=label)


def deal(lead, state, amount=1000, closed=None):
    source = Source.objects.named(lead.team, "CRM", SourceKind.CRM)
    return Deal.objects.create(
        team=lead.team, lead=lead, source=source, external_id=str(next(numbers)), name="Deal",
        state=state, amount=amount, closed_at=closed,
    )  # fmt: skip


@pytest.mark.django_db
def test_a_fact_says_how_far_a_lead_came_and_when():
    team, created = make_team(), NOW - timedelta(days=40)
    with time_machine.travel(NOW, tick=False):
        kim = make_user("Kim", team)
        lead = make_lead(team, source="Fair", created_at=created)
        handoff = open_handoffs([score(lead, label=Label.WARM).pk])[0]
        accept(handoff, by=kim)
        won = deal(lead, DealState.WON, Decimal("1200.50"), NOW)
        deal(lead, DealState.WON, None, NOW + timedelta(days=1))
        ((fact,), tallies) = same_as_anew()
    assert fact["day"] == created.date()
    reached = {
        name: fact[name] for name in ("leads", "mql", "sal", "sql", "won_sql", "open_sql", "customers", "priced")
    }
    assert reached == {**dict.fromkeys(reached, 1), "open_sql": 0}
    assert (fact["label"], fact["grade"], fact["total"], fact["chosen"]) == ("warm", "A2", 30, "score")
    assert (fact["handed_at"], fact["accepted_at"], fact["won_at"]) == (NOW, NOW, NOW)
    assert (fact["opened_at"], fact["value"], fact["settles_at"]) == (won.opened_at, Decimal("1200.50"), None)
    assert [(tally["by"], tally["monthly"], tally["key"]) for tally in tallies] == [
        ("campaign", False, ""), ("campaign", True, ""), ("chosen", False, "score"), ("chosen", True, "score"),
        ("grade", False, "A2"), ("grade", True, "A2"), ("label", False, "warm"), ("label", True, "warm"),
        ("total", True, "30"),
    ]  # fmt: skip
    assert {(tally["leads"], tally["value"], tally["source"]) for tally in tallies} == {(1, Decimal("1200.50"), "Fair")}
    assert {tally["day"] for tally in tallies if tally["monthly"]} == {created.date().replace(day=1)}


@pytest.mark.django_db
def test_a_young_lead_has_todays_label_until_day_30():
    team = make_team()
    with time_machine.travel(NOW, tick=False):
        lead = make_lead(team, created_at=NOW - timedelta(days=1))
        rated(lead, Label.COLD, NOW - timedelta(hours=2))
        assert [fact["label"] for fact in same_as_anew()[0]] == ["cold"]
        rated(lead, Label.HOT, NOW, total=80)
        ((fact,), _) = same_as_anew()
        assert (fact["label"], fact["total"], fact["settles_at"]) == ("hot", None, NOW + timedelta(days=29))
    with time_machine.travel(NOW + timedelta(days=40), tick=False):
        rated(lead, Label.COOL, NOW + timedelta(days=35), total=20)
        ((fact,), _) = same_as_anew()
    assert (fact["label"], fact["total"], fact["settles_at"]) == ("hot", 80, None)


@pytest.mark.django_db
def test_a_lead_settles_by_time_alone():
    team = make_team()
    with time_machine.travel(NOW, tick=False):
        lead = make_lead(team, created_at=NOW)
        rated(lead, Label.HOT, NOW, total=80)
        count_due()
    with time_machine.travel(NOW + timedelta(days=30), tick=False):
        assert not Change.objects.exists()
        count_due()
        assert Fact.objects.get().total == 80


@pytest.mark.django_db
def test_who_is_deleted_or_merged_leaves_the_figures():
    team = make_team()
    stays, goes, merged = (make_lead(team, email=f"{name}@example.com") for name in "abc")
    deal(merged, DealState.WON)
    count_due()
    goes.delete()
    merge(stays, merged, by=make_user("Kim", team))
    facts, tallies = same_as_anew()
    assert [fact["lead_id"] for fact in facts] == [stays.pk]
    assert [(tally["leads"], tally["customers"]) for tally in tallies if tally["by"] == "label"] == [(1, 1)] * 2


class World:
    """Things that happen to leads, at random."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.teams = [make_team(), make_team("APAC")]
        self.kim = make_user("Kim", self.teams[0], is_superuser=True)

    def lead(self):
        leads = list(Lead.objects.order_by("pk"))
        return self.dice.choice(leads) if leads else self.comes()

    def comes(self):
        created = timezone.now() - timedelta(days=self.dice.randrange(60))
        return make_lead(self.dice.choice(self.teams), created_at=created, source=self.dice.choice(["Web", "Fair", ""]))

    def is_rated(self):
        rated(self.lead(), self.dice.choice(Label.values), timezone.now(), self.dice.randrange(100))

    def is_handed_off(self):
        lead = self.lead()
        if not Handoff.objects.open().filter(lead=lead).exists():
            open_handoffs([score(lead).pk], by=self.dice.choice([None, self.kim]))

    def is_answered(self):
        handoff = Handoff.objects.open().order_by("pk").first()
        if handoff:
            answer = self.dice.randrange(3)
            if answer == 0:
                accept(handoff, by=self.kim)
            elif answer == 1:
                reject(handoff, by=self.kim, reason=reason())
            else:
                recycle(handoff, by=self.kim, until=timezone.localdate() + timedelta(days=5))

    def buys(self):
        state = self.dice.choice(DealState.values)
        closed = timezone.now() if state != DealState.OPEN and self.dice.random() < 0.8 else None
        deal(self.lead(), state, self.dice.choice([None, 500, 900]), closed)

    def deal_changes(self):
        Deal.objects.filter(pk__in=Deal.objects.order_by("?").values("pk")[:2]).update(state=DealState.WON, amount=77)

    def deal_goes(self):
        Deal.objects.filter(pk__in=Deal.objects.order_by("?").values("pk")[:1]).delete()

    def moves(self):
        Lead.objects.filter(pk=self.lead().pk).update(source="Moved", created_at=timezone.now() - timedelta(days=3))

    def goes(self):
        self.lead().delete()

    def happens(self):
        what = [self.comes] * 5 + [self.is_rated] * 3 + [self.is_handed_off] * 3 + [self.is_answered] * 3
        what += [self.buys] * 3 + [self.deal_changes, self.deal_goes, self.moves, self.goes]
        self.dice.choice(what)()


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_counting_as_it_comes_is_counting_everything(seed, monkeypatch):
    monkeypatch.setattr(counting, "PAGE", 7)
    world, moment = World(seed), NOW
    for number in range(120):
        moment += timedelta(hours=world.dice.randrange(30))
        with time_machine.travel(moment, tick=False):
            world.happens()
            if number % 5 == 0:
                count_due()
    with time_machine.travel(moment, tick=False):
        facts, tallies = same_as_anew()
    by_label = [tally for tally in tallies if tally["by"] == "label" and tally["monthly"]]
    assert sum(tally["leads"] for tally in by_label) == len(facts) == Lead.objects.count() > 10
    assert sum(tally["customers"] for tally in by_label) > 0


@pytest.mark.django_db
def test_as_of_is_the_moment_up_to_which_nothing_is_missing(monkeypatch):
    monkeypatch.setattr(counting, "PAGE", 2)
    team = make_team()
    for _ in range(5):
        make_lead(team)
    assert as_of() is None
    with time_machine.travel(NOW, tick=False):
        assert count_due(seconds=0) is False, "there is more"
        assert as_of() is None
        assert count_due() is True
    assert (as_of(), Fact.objects.count()) == (NOW, 5)


@pytest.mark.django_db
def test_a_page_counts_what_is_little_and_leaves_what_is_much(monkeypatch):
    team = make_team()
    make_lead(team)
    catch_up()
    assert Fact.objects.count() == 1
    monkeypatch.setattr(counting, "FEW", 1)
    make_lead(team), make_lead(team)
    catch_up()
    assert Fact.objects.count() == 1


@pytest.mark.django_db
def test_another_zone_makes_every_day_another_one(settings):
    lead = make_lead(make_team(), created_at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    settings.TIME_ZONE = "UTC"
    timezone.get_default_timezone.cache_clear()
    count_due()
    assert str(Fact.objects.get(pk=lead.pk).day) == "2026-03-01"
    settings.TIME_ZONE = "Europe/Berlin"
    timezone.get_default_timezone.cache_clear()
    same_as_anew()
    assert str(Fact.objects.get(pk=lead.pk).day) == "2026-03-02"
    assert Counting.objects.get().zone == "Europe/Berlin"
    timezone.get_default_timezone.cache_clear()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_two_counters_at_once_count_once(guarded, monkeypatch):
    """The negative control: without the row that is held, the second one takes out again what the first one did."""
    team = make_team()
    lead = make_lead(team, source="Web")
    count_due()
    Lead.objects.filter(pk=lead.pk).update(source="Fair")
    if not guarded:
        monkeypatch.setattr(counting, "_hold", lambda: Counting.objects.get())
    with transaction.atomic():
        assert counting._hold()
        writing.count([lead.pk])
        other = at_once_while_held(lead.pk)
    other()
    right = [("Fair", 1)]
    found = list(Tally.objects.filter(by="label", monthly=False).order_by("source").values_list("source", "leads"))
    assert (found == right) is guarded


def at_once_while_held(lead):
    """Another counter, in a thread of its own: it starts now and is done when the returned function returns."""
    from threading import Thread
    from time import sleep

    def count():
        try:
            Change.objects.create(lead_id=lead)
            counting._count_page()
        finally:
            connection.close()

    thread = Thread(target=count)
    thread.start()
    sleep(0.4)
    return thread.join


@pytest.mark.django_db(transaction=True)
def test_counting_beside_writers_misses_nothing():
    team = make_team()
    kim = make_user("Kim", team)

    handoffs = [hand_off(team) for _ in range(12)]

    def work(number):
        for handoff in handoffs[number::4]:
            count_due() if number == 3 else accept(handoff, by=kim)

    assert at_once(work, range(4)) == [None] * 4
    same_as_anew()
    assert sum(Tally.objects.filter(by="label", monthly=True).values_list("sal", flat=True)) == 9
