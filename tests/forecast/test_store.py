"""What is kept, and that it is what was known."""

from datetime import UTC, date, datetime, timedelta
from threading import Event

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from leads.enums import DealState, Role, SourceKind
from leads.models import Deal, Source, Team
from reports.days import midnight
from reports.forecast import record, store
from reports.forecast.assumptions import overrule, take_back
from reports.forecast.capacity import handoffs_before, per_week
from reports.forecast.counting import LABELS, count
from reports.forecast.months import pasts
from reports.forecast.replay import MOST, _ended, replay, verdict
from reports.models.forecast import Assumption, ForecastCount, TeamForecast
from reports.tasks import forecast
from scoring.models import Entry
from tests.forecast.worlds import first_of, sell
from tests.sales import hand_off, make_lead, make_team, make_user
from tests.threads import at_once

pytestmark = pytest.mark.django_db


def counted(team, **values):
    """A forecast of a team with a year of deals."""
    sell(team, 1, until=timezone.now(), **values)
    store.ask()
    assert store.run_asked()
    return TeamForecast.objects.latest_ones().get(team=team)


def test_too_little_is_refused_with_what_is_missing(team):
    store.ask_when_old()
    assert store.run_asked()
    assert ForecastCount.objects.get().missing == "A forecast needs 20 won deals of the last 12 months; there are 0."
    assert not TeamForecast.objects.exists()


def test_before_the_first_team_there_is_nothing_to_count():
    assert not Team.objects.exists() and store.ask_when_old() and store.run_asked()
    assert ForecastCount.objects.get().missing == "A forecast needs 20 won deals of the last 12 months; there are 0."


def test_results_of_a_few_days_are_too_little(team):
    sell(team, 1, until=timezone.now(), a_day=8, span=45)
    assert store.missing(count()).startswith("A forecast needs results of 60 days; the first is ")


def test_it_is_counted_once_however_often_it_is_asked_for(team):
    assert [store.ask(), store.ask()] == [True, False]
    assert [store.run_asked(), store.run_asked()] == [True, False]
    assert not store.ask_when_old() or ForecastCount.objects.get(finished_at=None).asked_by is None


def test_a_count_that_was_broken_off_is_done_again(team):
    store.ask()
    ForecastCount.objects.update(leased_until=timezone.now() + timedelta(minutes=5))
    assert not store.run_asked()
    ForecastCount.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert store.run_asked()


def test_the_past_is_seen_as_it_was_known(team):
    """Whatever came after the first of the month changes nothing of its forecast."""
    sell(team, 2, until=timezone.now())
    sell(make_team("APAC"), 3, until=timezone.now())
    month = midnight(first_of(4))
    before = count(month)
    Deal.objects.filter(opened_at__gt=month).delete()
    Deal.objects.filter(closed_at__gt=month).update(state=DealState.LOST, amount=1_000_000)
    make_lead(team)
    assert count(month).as_json() == before.as_json()


def test_it_sees_what_came_before_the_first(team):
    """Negative control."""
    sell(team, 2, until=timezone.now())
    month = midnight(first_of(4))
    before = count(month)
    Deal.objects.filter(closed_at__lt=month, state=DealState.WON).update(amount=1_000_000)
    assert count(month).as_json() != before.as_json()


def test_the_task_keeps_months_once_and_for_ever(team):
    sell(team, 1, until=timezone.now())
    due = store.record_due()
    assert due[-1] == first_of(0)
    while store.record_due():
        forecast()
    kept = TeamForecast.objects.record()
    assert sorted(kept.values_list("month", flat=True)) == due
    first = kept.earliest("month")
    assert store.keep(first.month) == 1  # the row was offered, and the first one stayed
    assert kept.get(month=first.month).made_at == first.made_at
    with pytest.raises(DatabaseError, match="not changed"), transaction.atomic():
        kept.filter(pk=first.pk).update(expected={})


def test_the_latest_is_counted_and_replaced(team):
    was = counted(team)
    store.ask()
    store.run_asked()
    assert TeamForecast.objects.latest_ones().count() == 1
    assert ForecastCount.objects.count() == 1
    assert not TeamForecast.objects.filter(pk=was.pk).exists()


def test_leads_are_followed_by_the_label_they_had(team):
    """Three open leads, one of them Hot; one that opened a deal counts no more."""
    labelled(make_lead(team), "hot")
    with_deal = make_lead(team, created_at=timezone.now() - timedelta(days=50))
    make_lead(team)
    source = sell(team, 1, until=timezone.now())[0].source
    Deal.objects.create(team=team, lead=with_deal, source=source, external_id="x", name="Deal",
                        opened_at=timezone.now() - timedelta(days=10))  # fmt: skip
    evidence = count()
    assert evidence.open_leads.tolist() == [[1, 0, 0, 0, 0, 1]]
    assert (evidence.new_leads.sum(), evidence.new_opened.sum()) == (1, 1)
    assert evidence.lead_opened.sum() == 1  # seen 28 days ago, a deal 18 days later
    assert evidence.lead_opened[0, -1, 2] == 1
    assert evidence.arrivals[0, :3].tolist() == [2, 1, 0]


class TestAssumptions:
    def test_set_shown_with_its_effect_and_taken_back(self, team):
        manager = make_user("Helen", team, Role.MANAGER)
        for number in range(60):
            lead = make_lead(team, created_at=timezone.now() - timedelta(days=200 - 3 * number))
            labelled(lead, "hot")
            if number % 3:
                _deal_of(lead, number).save()
        before = counted(team)
        said = overrule(
            team, Assumption.Name.OPENS, 0.9, label="hot", why="The new form asks first", by=manager,
            counted=before.basis["labels"]["hot"]["counted"]["opens"],
        )  # fmt: skip
        _deal_of(make_lead(team, created_at=timezone.now() - timedelta(days=40)), 999).save()  # not counted yet
        store.simulate_again()
        after = TeamForecast.objects.latest_ones().get(team=team)
        assert after.basis["labels"]["hot"]["opens"] == pytest.approx(0.9, abs=0.02)
        assert [one["id"] for one in after.basis["assumptions"]] == [said.pk]
        assert (after.won, after.basis["handoffs"]) == (before.won, before.basis["handoffs"])
        assert [take_back(said, by=manager), take_back(said, by=manager)] == [True, False]
        store.simulate_again()
        again = TeamForecast.objects.latest_ones().get(team=team)
        assert again.expected == before.expected
        assert (again.revenue == before.revenue).all()

    def test_a_second_one_takes_the_place_of_the_first(self, team):
        manager = make_user("Helen", team, Role.MANAGER)
        for value in (0.4, 0.8):
            overrule(team, Assumption.Name.UNWORKED, value, why="Heard in the field", by=manager)
        assert [one.value for one in Assumption.objects.in_force()] == [0.8]
        assert Assumption.objects.get(value=0.4).ended_by == manager

    @pytest.mark.parametrize(
        ("name", "value", "label", "why", "wrong"),
        [
            ("opens", 1.2, "hot", "x", "value"),
            ("opens", 0.2, "hot", " ", "why"),
            ("opens", 0.2, "", "x", "label"),
            ("unworked", 0.2, "hot", "x", "label"),
            ("days", 0, "hot", "x", "value"),
        ],
    )
    def test_what_cannot_be_is_refused(self, team, name, value, label, why, wrong):
        with pytest.raises(ValidationError) as refused:
            overrule(team, name, value, label=label, why=why, by=make_user("Helen", team), counted=0.1)
        assert list(refused.value.message_dict) == [wrong]


def labelled(lead, label):
    Entry.objects.create(
        lead=lead, seq=1, cause="activity", as_of=lead.created_at, recorded_at=lead.created_at, label=label
    )


def _deal_of(lead, number):
    opened = lead.created_at + timedelta(days=5)
    closed = opened + timedelta(days=20)
    state = "open" if closed > timezone.now() else "won" if number % 2 else "lost"
    return Deal(
        team=lead.team, lead=lead, source=Source.objects.named(lead.team, "CRM", "crm"), external_id=f"L{number}",
        name="Deal", state=state, opened_at=opened, closed_at=None if state == "open" else closed, amount=10_000,
    )  # fmt: skip


def test_a_replay_of_a_slice(team):
    """A year of two teams: each month made again with what was known, none of it kept."""
    sell(team, 11, until=timezone.now(), a_day=0.8)
    sell(make_team("APAC"), 12, until=timezone.now(), a_day=0.4)
    told = list(replay())
    found = verdict(told)
    assert told[0].missing and not told[-1].missing
    assert found.together.inside.n == sum(len(one.together) for one in told) > 20
    assert found.together.inside.k / found.together.inside.n > 0.6
    assert found.teams.inside.n == 2 * found.together.inside.n
    assert not TeamForecast.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_an_assumption_set_while_a_count_ends_is_in_the_forecast(team, monkeypatch, guarded):
    """Who sets it waits for the count to end; without that it would be lost until the next one (negative control)."""
    manager = make_user("Helen", team, Role.MANAGER)
    value = counted(team, a_day=0.4).basis["labels"]["hot"]["counted"]["value"]
    read, done, make = Event(), Event(), store.forecasts

    def slowly(*given):
        rows = make(*given)
        if not read.is_set():  # the count has read the assumptions, and ends a moment later
            read.set()
            done.wait(1 if guarded else 20)
        return rows

    def set_it():
        read.wait(20)
        overrule(team, "value", 30_000, label="hot", why="New prices", by=manager, counted=value)
        again = store.simulate_again()
        done.set()
        return again

    monkeypatch.setattr(store, "forecasts", slowly)
    if not guarded:
        monkeypatch.setattr(store, "_alone", lambda: None)
    store.ask()
    assert guarded is (at_once(lambda act: act(), [store.run_asked, set_it]) == [True, True] and in_force())


def in_force() -> bool:
    return bool(TeamForecast.objects.latest_ones().get().basis["assumptions"])


def test_a_replay_knows_what_came_in_all_its_months(team):
    """Also in those the page does not show any more, and in the three before the first, for “as before”."""
    sell(team, 6, until=timezone.now(), span=900)
    (ended,) = _ended(first_of(0))
    assert sorted(map(date.fromisoformat, ended.won)) == [first_of(back) for back in range(MOST + 3, 0, -1)]


def test_the_record_says_what_the_page_said(team):
    """The mean before luck, not that of the dice."""
    counted(team, a_day=1.0)
    store.keep(first_of(3))
    kept = TeamForecast.objects.record().get()
    said = [sum(kept.expected[label][place] for label in LABELS) for place in range(3)]
    found = record.checks([kept], list(TeamForecast.objects.latest_ones()))
    assert [check.expected for check in found] == said
    assert kept.revenue.mean(axis=0)[:3] == pytest.approx(said, rel=0.1)


def test_a_team_that_is_gone_is_in_no_forecast(team):
    """Its record goes with it, and assumptions of the others can still be set."""
    other = make_team("APAC")
    sell(other, 2, until=timezone.now())
    counted(team)
    store.keep(first_of(3))
    Deal.objects.filter(team=other).delete()
    other.delete()
    before = TeamForecast.objects.latest_ones().get()
    assert store.simulate_again()
    after = TeamForecast.objects.latest_ones().get()
    assert (after.team, after.won, after.expected) == (team, before.won, before.expected)
    assert TeamForecast.objects.record().get().team == team


def test_a_young_team_is_told_by_the_weeks_it_has(team):
    """Its first week is no whole one; a team without a handoff has none."""
    monday = timezone.localdate() - timedelta(days=timezone.localdate().weekday())
    for weeks, number in ((4, 1), (3, 5), (2, 3), (1, 4), (0, 9)):
        for _ in range(number):
            handoff = hand_off(team)
            handoff.opened_at = midnight(monday - timedelta(weeks=weeks)) + timedelta(minutes=1)
            handoff.save()
    row = TeamForecast(team=team, basis={"handoffs": handoffs_before([team.pk], timezone.now())[team.pk]})
    assert (row.basis["handoffs"]["weeks"], per_week(row)) == ([5, 3, 4], 4.0)
    none = handoffs_before([make_team("APAC").pk], timezone.now()).popitem()[1]
    assert per_week(TeamForecast(team=team, basis={"handoffs": none})) == 0


def test_a_month_that_brought_nothing_is_a_month() -> None:
    """It stands among the others, and in “as the three months before”; before the first one nothing is known."""
    won = {"2026-01-01": [300.0, 1, 300.0], "2026-04-01": [600.0, 2, 500.0]}
    as_of = datetime(2026, 5, 20, tzinfo=UTC)
    found = pasts([TeamForecast(team_id=1, as_of=as_of, won=won), TeamForecast(team_id=2, as_of=as_of, won={})])
    assert [(one.month.month, one.revenue, one.deals) for one in found] == [
        (1, 300, 1),
        (2, 0, 0),
        (3, 0, 0),
        (4, 600, 2),
        (5, 0, 0),  # nothing so far in the month that runs
    ]
    assert pasts([TeamForecast(team_id=1, as_of=datetime(2026, 5, 1, tzinfo=UTC), won=won)])[-1].month.month == 4
    past = {one.month: one for one in found}
    naive = [record._naive(date(2026, month, 1), past) for month in (3, 4, 5)]
    assert naive == [None, 100.0, 200.0] and pasts([]) == []


def test_a_month_begins_in_the_zone_of_the_installation_whoever_asks(team):
    """A manager in Tokyo who sets an assumption simulates again; what was won on 31 May stays in May."""
    moment = datetime(2026, 5, 31, 20, tzinfo=UTC)
    source = Source.objects.named(team, "CRM", SourceKind.CRM)
    Deal.objects.create(team=team, source=source, external_id="D", name="Deal", state=DealState.WON, amount=500,
                        opened_at=moment - timedelta(days=9), closed_at=moment)  # fmt: skip
    with timezone.override("Asia/Tokyo"):
        found = store.won_before([team.pk], datetime(2026, 7, 1, tzinfo=UTC))
    assert found == {team.pk: {"2026-05-01": [500.0, 1, 500.0]}}
