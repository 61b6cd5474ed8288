"""A lead is offered to sales, and sales answers: what holds after each verb."""

from datetime import timedelta
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone

from leads.enums import HandoffState, Label, Role, Stage
from leads.models import Change, Feedback, Handoff, Lead
from leads.selling import handoffs, sla
from leads.selling.handoffs import AlreadyDecided, accept, open_handoffs, recycle, reject
from leads.selling.passing import reassign
from tests.sales import VERSION, hand_off, make_lead, make_team, make_user, reason, score
from tests.threads import at_once


@pytest.fixture
def kim(team):
    return make_user("Kim", team)


def days(number):
    return timezone.localdate() + timedelta(days=number)


def test_the_promise_is_what_stood_at_handoff(team, kim):
    lead = score(make_lead(team), label=Label.WARM, grade="B2", points=(10, 25, -4))
    handoff = open_handoffs([lead.pk], by=kim)[0]
    handoff.refresh_from_db()
    promise = (handoff.fit, handoff.engagement, handoff.total, handoff.grade, handoff.label, handoff.version)
    assert promise == (21, 10, 31, "B2", "warm", VERSION)
    assert handoff.reasons == [["VP or C-level", 25], ["Asked for pricing", 10]]
    assert handoff.due_at == sla.due_at(Label.WARM, handoff.opened_at)
    assert (handoff.assignee, handoff.opened_by) == (kim, kim)
    lead.refresh_from_db()
    assert (lead.stage, lead.standing.stage) == (Stage.HANDED_OFF, Stage.HANDED_OFF)


def test_a_lead_without_a_score_is_handed_off_by_hand_all_the_same(team, kim):
    handoff = open_handoffs([make_lead(team).pk], by=kim)[0]
    assert (handoff.total, handoff.label, handoff.version, handoff.reasons) == (None, "", None, [])


@pytest.mark.parametrize("stage", [Stage.ACCEPTED, Stage.OPPORTUNITY, Stage.CUSTOMER])
def test_what_sales_has_is_not_offered(team, stage):
    assert open_handoffs([make_lead(team, stage=stage).pk]) == []


@pytest.mark.parametrize("stage", [Stage.NEW, Stage.NURTURE, Stage.REJECTED, Stage.RESTING])
def test_what_sales_does_not_have_is_offered(team, stage):
    assert len(open_handoffs([make_lead(team, stage=stage).pk])) == 1


@pytest.mark.parametrize(("until", "offered"), [(None, 1), (-1, 1), (0, 1), (1, 0)])
def test_a_resting_lead_comes_back_on_the_day(team, until, offered):
    lead = make_lead(team, stage=Stage.RESTING, resting_until=None if until is None else days(until))
    assert len(open_handoffs([lead.pk])) == offered


def test_a_lead_waits_for_one_answer_at_a_time(team):
    lead = make_lead(team)
    assert len(open_handoffs([lead.pk, lead.pk])) == 1
    assert open_handoffs([lead.pk]) == []


def test_nothing_is_offered_of_nothing(team):
    assert open_handoffs([]) == []


def test_who_accepts_owns_the_lead(team, kim):
    handoff = hand_off(team)
    other = make_user("Lee", team)
    feedback = accept(handoff, by=other, comment="Demo on Thursday")
    handoff.refresh_from_db()
    assert (handoff.state, handoff.assignee, handoff.decided_by) == (HandoffState.ACCEPTED, other, other)
    assert (handoff.lead.stage, handoff.lead.owner) == (Stage.ACCEPTED, other)
    assert (feedback.verdict, feedback.by, feedback.comment) == (Feedback.ACCEPTED, other, "Demo on Thursday")


def test_a_rejection_is_kept_as_data(team, kim):
    handoff = hand_off(team)
    feedback = reject(handoff, by=kim, reason=reason(), comment="Freeze", misled_by="Asked for pricing")
    handoff.refresh_from_db()
    assert (handoff.state, handoff.decided_by) == (HandoffState.REJECTED, kim)
    assert handoff.lead.stage == Stage.REJECTED
    assert (feedback.reason, feedback.comment, feedback.misled_by) == (reason(), "Freeze", "Asked for pricing")


def test_a_rejected_lead_does_not_come_straight_back(team, kim):
    handoff = hand_off(team)
    reject(handoff, by=kim, reason=reason())
    assert open_handoffs([handoff.lead_id]) == []
    Lead.objects.filter(pk=handoff.lead_id).update(resting_until=days(0))
    assert len(open_handoffs([handoff.lead_id])) == 1


def test_a_reason_out_of_use_is_refused(team, kim):
    handoff, old = hand_off(team), reason()
    old.active = False
    with pytest.raises(ValidationError, match="no longer in use"):
        reject(handoff, by=kim, reason=old)
    handoff.refresh_from_db()
    assert handoff.state == HandoffState.OPEN


def test_a_recycled_lead_rests(team, kim):
    handoff = hand_off(team)
    recycle(handoff, by=kim, until=days(9), comment="After the trade fair")
    handoff.refresh_from_db()
    assert handoff.state == HandoffState.RECYCLED
    assert (handoff.lead.stage, handoff.lead.resting_until) == (Stage.RESTING, days(9))


@pytest.mark.parametrize("day", [-1, 0])
def test_a_rest_ends_in_the_future(team, kim, day):
    with pytest.raises(ValidationError, match="after today"):
        recycle(hand_off(team), by=kim, until=days(day))


def test_passing_on_keeps_the_clock(team, kim):
    handoff, lee = hand_off(team), make_user("Lee", team, Role.MANAGER)
    due = handoff.due_at
    reassign(handoff, by=kim, to=lee)
    handoff.refresh_from_db()
    assert (handoff.assignee, handoff.assigned_because, handoff.due_at) == (lee, "passed on by Kim", due)
    assert handoff.state == HandoffState.OPEN


def test_only_who_works_leads_of_the_team_is_a_colleague(team, kim):
    handoff = hand_off(team)
    for stranger in (
        make_user("Mia", team, Role.MARKETING),
        make_user("Far", make_team("APAC")),
        make_user("Gone", team, is_active=False),
    ):
        with pytest.raises(ValidationError, match="does not work leads in EMEA"):
            reassign(handoff, by=kim, to=stranger)


def verbs(team):
    lee = make_user("Lee", team)
    return {
        "accept": lambda handoff: accept(handoff, by=lee),
        "reject": lambda handoff: reject(handoff, by=lee, reason=reason()),
        "recycle": lambda handoff: recycle(handoff, by=lee, until=days(3)),
        "reassign": lambda handoff: reassign(handoff, by=lee, to=lee),
    }


@pytest.mark.parametrize("verb", ["accept", "reject", "recycle", "reassign"])
def test_the_second_answer_is_told_who_and_when(team, kim, verb):
    handoff = hand_off(team)
    accept(Handoff.objects.get(pk=handoff.pk), by=kim)
    with pytest.raises(AlreadyDecided, match=r"^Already accepted by Kim on \d+ \w+ at \d\d:\d\d\.$") as error:
        verbs(team)[verb](handoff)
    decided = Handoff.objects.get(pk=handoff.pk)
    assert (error.value.state, error.value.by, error.value.at) == ("accepted", kim, decided.decided_at)
    assert (decided.state, decided.assignee, decided.lead.stage) == ("accepted", kim, Stage.ACCEPTED)
    assert Feedback.objects.count() == 1


def test_the_history_of_the_lead_says_who(team, kim):
    handoff = hand_off(team)
    accept(handoff, by=kim)
    changes = Change.objects.filter(lead=handoff.lead_id, field="stage").order_by("pk")
    assert list(changes.values_list("old", "new", "by", "origin")) == [
        ("new", "handed_off", None, "handoff"),
        ("handed_off", "accepted", kim.pk, "handoff"),
    ]


def test_handing_off_does_not_make_a_lead_due_for_scoring(team, kim):
    lead = score(make_lead(team))
    before = lead.standing.facts_rev
    accept(open_handoffs([lead.pk])[0], by=kim)
    lead.standing.refresh_from_db()
    assert lead.standing.facts_rev == before


def test_many_leads_cost_no_more_queries_than_one(team, kim, django_assert_num_queries):
    def queries(number):
        ids = [score(make_lead(team)).pk for _ in range(number)]
        with django_assert_num_queries(29):
            open_handoffs(ids)

    queries(1)
    queries(20)


def eight_accept_at_once():
    team = make_team()
    reps = [make_user(f"Rep{i}", team) for i in range(8)]
    handoff = hand_off(team)
    start = Barrier(8, timeout=30)

    def answer(rep):
        start.wait()
        return accept(Handoff.objects.get(pk=handoff.pk), by=rep)

    results = at_once(answer, reps)
    return [result for result in results if isinstance(result, Feedback)], results


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_accept_exactly_one_wins():
    winners, results = eight_accept_at_once()
    assert len(winners) == 1
    losers = [result for result in results if result not in winners]
    assert [(type(loser), loser.by) for loser in losers] == [(AlreadyDecided, winners[0].by)] * 7
    lead = Lead.objects.get()
    assert (lead.owner, Handoff.objects.get().decided_by) == (winners[0].by, winners[0].by)
    assert Feedback.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_compare_and_set_more_would_win(monkeypatch):
    """The control: the test above would notice."""
    monkeypatch.setattr(handoffs, "_still_open", Q)
    winners, _ = eight_accept_at_once()
    assert len(winners) > 1


def eight_open_at_once():
    team = make_team()
    make_user("Kim", team)
    ids = [score(make_lead(team)).pk for _ in range(20)]
    start = Barrier(8, timeout=30)

    def open_them(order):
        start.wait()
        return open_handoffs(order)

    return at_once(open_them, [ids, ids[::-1]] * 4)


@pytest.mark.django_db(transaction=True)
def test_a_lead_offered_from_eight_sides_is_offered_once():
    results = eight_open_at_once()
    assert sorted(len(result) for result in results) == [0] * 7 + [20]
    assert Handoff.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_without_the_locks_the_table_refuses_the_second(monkeypatch):
    """The control: with the locks off only the constraint is left, and callers get errors."""
    monkeypatch.setattr(handoffs.Pool, "locked", classmethod(lambda cls, team_ids: cls([])))
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **options: self.all())
    results = eight_open_at_once()
    assert any(isinstance(result, Exception) for result in results)
    assert Handoff.objects.count() == 20
