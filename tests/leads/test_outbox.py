"""The outbox: written with its cause, once; claimed by one; tried again; given up in sight."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from leads.models import Attempt, Effect, Lane
from leads.outgoing import delivery
from leads.outgoing.outbox import enqueue
from leads.outgoing.outcomes import Failed
from tests.sales import make_team, make_user
from tests.threads import at_once

pytestmark = pytest.mark.django_db


def letter(key="k", to="ana@example.com", **extra):
    context = {"text": "A lead is hot", "url": "/leads/7/"}
    enqueue("mail", {"to": to, "template": "notice", "context": context}, key=key, **extra)


@pytest.fixture
def failing(monkeypatch):
    """A handler that fails as it is told: a list of what to raise; empty, it works."""
    script, seen = [], []

    def handle(effect):
        seen.append(effect.key)
        if script:
            raise script.pop(0)

    monkeypatch.setitem(delivery.HANDLERS, "mail", handle)
    handle.script, handle.seen = script, seen
    return handle


def test_the_same_key_is_the_same_effect():
    letter(), letter(), letter("other")
    assert Effect.objects.count() == 2


def test_an_effect_goes_with_its_cause():
    with pytest.raises(IntegrityError), transaction.atomic():
        letter()
        raise IntegrityError
    assert Effect.objects.count() == 0


def test_nobody_enqueues_what_nobody_delivers():
    with pytest.raises(ValueError, match="fax"):
        enqueue("fax", {}, key="1")


def test_a_mail_has_two_parts_a_link_of_ours_and_one_id(settings):
    settings.PUBLIC_URL = "https://leads.example.com/"
    letter()
    assert delivery.deliver_due() == 1
    (sent,) = mail.outbox
    assert (sent.subject, sent.to) == ("A lead is hot", ["ana@example.com"])
    assert "https://leads.example.com/leads/7/" in sent.body
    assert sent.alternatives[0].mimetype == "text/html"
    assert sent.extra_headers["Message-ID"].endswith("@localhost>")
    effect = Effect.objects.get()
    assert (effect.state, effect.attempts, effect.begun_at) == (Effect.DONE, 1, None)
    assert Attempt.objects.get().ok
    assert delivery.deliver_due() == 0


def test_who_may_not_sign_in_gets_no_mail():
    user = make_user("Ana", make_team(), is_active=False)
    letter(to=user.pk)
    delivery.deliver_due()
    assert (mail.outbox, Effect.objects.get().state) == ([], Effect.DEAD)


def test_a_subject_is_one_line():
    enqueue(
        "mail", {"to": "a@example.com", "template": "notice", "context": {"text": "A\r\nBcc: b@example.com"}}, key="x"
    )
    delivery.deliver_due()
    assert mail.outbox[0].recipients() == ["a@example.com"]


def test_not_before_it_is_due():
    letter(due_at=timezone.now() + timedelta(minutes=5))
    assert delivery.deliver_due() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert delivery.deliver_due() == 1


def test_a_failure_waits_longer_each_time_and_arrives_in_the_end(failing):
    failing.script += [Failed("no answer")] * 3
    letter()
    now = timezone.now()
    for _ in range(4):
        with time_machine.travel(now, tick=False):
            assert delivery.deliver_due() == 1
        now = now + timedelta(hours=1)
    effect = Effect.objects.get()
    assert (effect.state, effect.attempts) == (Effect.DONE, 4)
    assert [(each.number, each.ok) for each in effect.tries.all()] == [(1, False), (2, False), (3, False), (4, True)]


def test_what_fails_for_good_is_given_up_at_once_and_can_be_tried_again(failing):
    failing.script += [Failed("no such address", permanent=True)]
    letter()
    delivery.deliver_due()
    effect = Effect.objects.get()
    assert (effect.state, effect.error) == (Effect.DEAD, "no such address")
    assert delivery.deliver_due() == 0
    assert delivery.again(Effect.objects.all()) == 1
    assert delivery.deliver_due() == 1
    assert Effect.objects.get().state == Effect.DONE


def test_attempts_end(failing):
    failing.script += [Failed("no answer")] * 50
    letter()
    now = timezone.now()
    for _ in range(30):
        with time_machine.travel(now, tick=False):
            delivery.deliver_due()
        now = now + timedelta(hours=7)
    effect = Effect.objects.get()
    assert (effect.state, effect.attempts) == (Effect.DEAD, delivery.MOST_ATTEMPTS)


def test_an_error_of_ours_stops_nobody(failing):
    failing.script += [RuntimeError("a bug")]
    letter("bad"), letter("good")
    assert delivery.deliver_due() == 1  # the lane rests a moment
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        delivery.deliver_due()
    assert set(Effect.objects.values_list("state", flat=True)) == {Effect.DONE}


def test_what_kills_its_workers_is_set_aside(failing):
    letter()
    now = timezone.now()
    for _ in range(delivery.MOST_DEATHS):
        with time_machine.travel(now, tick=False):
            assert delivery.claim() is not None  # and the worker is gone
        now += delivery.LEASE * 2
    with time_machine.travel(now, tick=False):
        assert delivery.deliver_due() == 1
    assert (failing.seen, Effect.objects.get().state) == ([], Effect.DEAD)


def test_who_finishes_late_writes_nothing(failing):
    letter()
    late = delivery.claim()
    with time_machine.travel(timezone.now() + delivery.LEASE * 2):
        assert delivery.deliver_due() == 1
    failing.script += [Failed("too late", permanent=True)]
    delivery.work(late)
    assert (Effect.objects.get().state, Attempt.objects.count()) == (Effect.DONE, 1)


def test_a_dead_lane_holds_up_no_other(failing):
    letter("a"), letter("b")
    Effect.objects.filter(key="a").update(lane="mail:dead")
    Lane.objects.create(name="mail:dead")
    Effect.objects.bulk_create(Effect(kind="mail", key=f"d{i}", lane="mail:dead") for i in range(50))
    failing.script += [Failed("no answer")]  # the dead lane is asked first or second; either way only once
    Lane.objects.filter(name="mail:dead").update(free_at=timezone.now() - timedelta(hours=1))
    assert delivery.deliver_due() == 2
    assert Effect.objects.get(key="b").state == Effect.DONE


@pytest.mark.django_db(transaction=True)
def test_four_workers_take_each_effect_once(failing):
    for number in range(60):
        letter(str(number))
        Effect.objects.filter(key=str(number)).update(lane=f"lane{number % 5}")
    Lane.objects.bulk_create(Lane(name=f"lane{number}") for number in range(5))
    done = at_once(lambda _: delivery.deliver_due(3), range(4))
    assert (sum(done), sorted(failing.seen, key=int)) == (60, [str(number) for number in range(60)])


@pytest.mark.django_db(transaction=True)
def test_without_the_lease_they_take_it_twice(failing, monkeypatch):
    """Negative control."""
    monkeypatch.setattr(delivery, "LEASE", timedelta(seconds=-1))
    letter()
    assert delivery.claim() is not None
    assert delivery.claim() is not None


@pytest.mark.django_db(transaction=True)
def test_many_effects_of_one_transaction_wake_one_worker():
    with transaction.atomic():
        for number in range(20):
            letter(str(number))
        assert len(connection.run_on_commit) == 1
