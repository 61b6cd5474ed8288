"""Counted as it comes, the figures are those of a count of everything; and they say how old they are."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from leads.enums import DealState, Label
from leads.identity.merging import merge
from leads.models import Lead
from leads.selling.handoffs import accept, open_handoffs
from reports.models import Change, Counting, Fact, Tally, Word
from reports.summaries import as_of, catch_up, count_due, counting, make_anew, writing
from tests.reports.world import NOW, deal, rated, same_as_anew
from tests.sales import hand_off, make_lead, make_team, make_user, score
from tests.threads import at_once


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
    assert [(tally["of"], tally["key"]) for tally in tallies] == [
        ("all:day:chosen", "score"), ("all:day:grade", "A2"), ("all:day:label", "warm"),
        ("all:day:total", "30"), ("all:month:chosen", "score"), ("all:month:grade", "A2"), ("all:month:label", "warm"),
        ("all:month:total", "30"),
        ("day:campaign", ""), ("day:chosen", "score"), ("day:grade", "A2"), ("day:label", "warm"),
        ("month:campaign", ""), ("month:chosen", "score"), ("month:grade", "A2"), ("month:label", "warm"),
        ("month:total", "30"),
    ]  # fmt: skip
    assert {(tally["leads"], tally["value"]) for tally in tallies} == {(1, Decimal("1200.50"))}
    assert {(tally["of"][:4] == "all:", tally["source"]) for tally in tallies} == {(True, ""), (False, "Fair")}
    assert {tally["day"] for tally in tallies if "month" in tally["of"]} == {created.date().replace(day=1)}


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
    assert [(tally["leads"], tally["customers"]) for tally in tallies if tally["of"] == "day:label"] == [(1, 1)]


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
    Word.objects.create(text="Fair")  # a new word would make the second one wait for the first
    Lead.objects.filter(pk=lead.pk).update(source="Fair")
    if not guarded:
        monkeypatch.setattr(counting, "_hold", lambda: Counting.objects.get())
    with transaction.atomic():
        assert counting._hold()
        writing.count([lead.pk])
        other = at_once_while_held(lead.pk)
    other()
    right = [("Fair", 1)]
    found = list(Tally.objects.filter(of="day:label").order_by("source").values_list("source", "leads"))
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
@pytest.mark.parametrize("counts", [count_due, make_anew])
def test_counting_beside_writers_misses_nothing(counts):
    team = make_team()
    kim = make_user("Kim", team)

    handoffs = [hand_off(team) for _ in range(12)]

    def work(number):
        for handoff in handoffs[number::4]:
            counts() if number == 3 else accept(handoff, by=kim)

    assert at_once(work, range(4)) == [None] * 4
    same_as_anew()
    assert sum(Tally.objects.filter(of="month:label").values_list("sal", flat=True)) == 9
