"""What follows when a promise comes due: each step once, however late it is found and by however many."""

from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from leads.enums import HandoffState, Role, Stage
from leads.models import Calendar, Effect, Handoff, Notice, Promise, Step
from leads.selling import escalation
from leads.selling.escalation import run_due
from leads.selling.handoffs import accept, open_handoffs, withdraw
from leads.selling.promises import recount
from leads.selling.worktime import WorkTime
from tests.sales import hand_off, make_lead, make_team, make_user, score
from tests.threads import at_once

MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.fixture
def kim(team):
    return make_user("Kim", team)


@pytest.fixture
def boss(team):
    return make_user("Max", team, Role.MANAGER)


def promise(team, **extra):
    calendar = Calendar.objects.get_or_create(team=team)[0]
    return Promise.objects.create(**{"calendar": calendar, "label": "hot", "hours": 4} | extra)


def offered(team, at=MONDAY):
    with time_machine.travel(at, tick=False):
        return hand_off(team)


def run(at):
    with time_machine.travel(at, tick=False):
        return run_due()


def told(user):
    """But for the fast track."""
    return list(
        Notice.objects.filter(user=user).exclude(kind="handoff-fast").order_by("pk").values_list("kind", "text")
    )


def test_a_reminder_an_hour_before_and_the_manager_when_it_is_late(team, kim, boss):
    lead = offered(team).lead
    assert run(MONDAY + timedelta(hours=2, minutes=59)) == 0
    assert run(MONDAY + timedelta(hours=3)) == 1
    assert told(kim) == [("handoff-remind", f"{lead} waits for your answer: 1 h left.")]
    assert run(MONDAY + timedelta(hours=4)) == 1
    assert told(boss) == [("handoff-escalate", f"{lead} waits for Kim: late by under a minute.")]
    assert list(Effect.objects.values_list("kind", flat=True)) == ["mail"]
    assert run(MONDAY + timedelta(days=30)) == 0


def test_an_outage_of_a_week_does_each_once(team, kim, boss):
    promise(team, remind_before=1, escalate_after=0, then="expire", then_after=2)
    handoff = offered(team)
    later = MONDAY + timedelta(days=7)
    assert (run(later), run(later)) == (3, 0)
    assert [kind for kind, _ in told(kim)] == ["handoff-remind", "handoff-expire"]
    assert [kind for kind, _ in told(boss)] == ["handoff-escalate", "handoff-expire"]
    handoff.refresh_from_db()
    assert (handoff.state, handoff.lead.stage) == (HandoffState.EXPIRED, Stage.NURTURE)


def test_what_was_answered_is_left_alone(team, kim, boss):
    accept(offered(team), by=kim)
    run(MONDAY + timedelta(days=7))
    assert (told(kim), told(boss)) == ([], [])
    assert set(Step.objects.values_list("outcome", flat=True)) == {"answered before"}


def test_the_next_in_turn_gets_what_nobody_answered(team, kim):
    lee = make_user("Lee", team)
    promise(team, remind_before=None, escalate_after=None, then="pass_on", then_after=1)
    handoff = offered(team)
    before, due = handoff.assignee, handoff.due_at
    run(MONDAY + timedelta(hours=5))
    handoff.refresh_from_db()
    other = lee if before == kim else kim
    because = f"not answered by {before} in time: round robin, 1st of 1"
    assert (handoff.assignee, handoff.assigned_because, handoff.due_at) == (other, because, due)
    assert [kind for kind, _ in told(other)] == ["handoff-pass_on"]


def test_one_that_cannot_be_done_holds_up_no_other(team, kim, boss, monkeypatch):
    bad, good = offered(team), offered(team)
    act = escalation._act

    def fail(step):
        if step.handoff_id == bad.pk:
            raise RuntimeError("broken")
        return act(step)

    monkeypatch.setattr(escalation, "_act", fail)
    run(MONDAY + timedelta(hours=4))
    assert list(Step.objects.filter(done_at__isnull=False).values_list("handoff", flat=True)) == [good.pk] * 2
    assert set(Step.objects.filter(done_at=None).values_list("outcome", flat=True)) == {"not done: broken"}
    monkeypatch.setattr(escalation, "_act", act)
    assert run(MONDAY + timedelta(hours=5)) == 2


def two_schedulers():
    """How many steps were acted on, of four, by two workers that start at once after an outage."""
    team = make_team()
    make_user("Kim", team)
    for _ in range(2):
        offered(team, timezone.now() - timedelta(days=30))
    start, acted = Barrier(2, timeout=30), []
    act = escalation._act

    def noted(step):
        acted.append(step.pk)
        return act(step)

    def work(_):
        start.wait()
        return run_due()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(escalation, "_act", noted)
        results = at_once(work, range(2))
    assert all(isinstance(result, int) for result in results)
    return acted


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_do_each_step_once():
    acted = two_schedulers()
    assert (len(acted), len(set(acted))) == (4, 4)


@pytest.mark.django_db(transaction=True)
def test_without_the_claim_they_would_do_it_twice(monkeypatch):
    """The control: the test above would notice."""
    taken = Barrier(2, timeout=30)

    def unclaimed(now):
        step = Step.objects.filter(done_at=None, due_at__lte=now).order_by("due_at", "pk").first()
        if step and not taken.broken:
            try:
                taken.wait(1)
            except Exception:
                taken.abort()
        return step

    monkeypatch.setattr(escalation, "_claim", unclaimed)
    acted = two_schedulers()
    assert len(acted) > len(set(acted))


def test_holidays_and_hours_of_the_team_in_its_own_zone(team, kim):
    calendar = Calendar.objects.create(
        team=team, time_zone="America/New_York", week=[["10:00", "16:00"]] * 5 + [None, None],
        holidays={"2026-11-26": "Thanksgiving Day"},
    )  # fmt: skip
    assert str(calendar.work) == "Mon to Fri, 10:00 to 16:00"
    handoff = offered(team, datetime(2026, 11, 25, 14, tzinfo=ZoneInfo("America/New_York")))
    assert handoff.due_at == datetime(2026, 11, 27, 12, tzinfo=ZoneInfo("America/New_York"))


def test_a_promise_of_the_team_and_the_fast_track(team, kim):
    promise(team, hours="0.5", fast_track=True)
    handoff = offered(team)
    assert (handoff.due_at, handoff.fast_track) == (MONDAY + timedelta(minutes=30), True)
    notice = Notice.objects.get(user=kim)
    assert (notice.kind, notice.text) == ("handoff-fast", f"{handoff.lead} is Hot: 30 min left to answer.")


def test_a_new_calendar_moves_promises_given_only_when_asked(team, kim):
    handoff = offered(team)
    promise(team, hours=1, escalate_after=0)
    handoff.refresh_from_db()
    assert handoff.due_at == MONDAY + timedelta(hours=4)
    assert recount(team) == 1
    handoff.refresh_from_db()
    assert handoff.due_at == MONDAY + timedelta(hours=1)
    assert list(handoff.steps.values_list("kind", "due_at")) == [(Step.ESCALATE, handoff.due_at)]


def test_a_calendar_without_working_days_ends(team):
    never = WorkTime(hours=(None,) * 7)
    assert never.after(MONDAY, 4) > MONDAY + timedelta(days=1000)
    assert str(never) == "Never"


def test_a_withdrawn_answer_is_followed_up_again(team, kim, boss):
    handoff = offered(team)
    with time_machine.travel(MONDAY + timedelta(hours=3, minutes=55), tick=False):
        accept(handoff, by=kim)
    run(MONDAY + timedelta(hours=4))
    with time_machine.travel(MONDAY + timedelta(hours=4, minutes=1), tick=False):
        withdraw(Handoff.objects.get(pk=handoff.pk), by=kim)
    run(MONDAY + timedelta(hours=4, minutes=2))
    assert [kind for kind, _ in told(boss)] == ["handoff-escalate"]


def test_days_of_the_installation_for_rests(team, kim, settings):
    """Where a person looks from does not move the day on which a lead may come back."""
    handoff = offered(team)
    with timezone.override("Pacific/Kiritimati"), time_machine.travel("2026-11-23T20:00Z"):
        escalation.handoffs.expire(handoff)
        handoff.lead.refresh_from_db()
        assert handoff.lead.resting_until == date(2026, 12, 23)
    for moment, offered_again in (("2026-12-22T23:59Z", 0), ("2026-12-23T00:00Z", 1)):
        with timezone.override("Pacific/Kiritimati"), time_machine.travel(moment, tick=False):
            assert len(open_handoffs([handoff.lead_id])) == offered_again
    assert score(make_lead(team)).resting_until is None
