"""Handoffs as columns: what each thing that happens changes in them, and how they are grouped."""

from datetime import timedelta

import numpy as np
import pytest
from django.db import IntegrityError
from django.db.transaction import atomic
from django.utils import timezone

from leads.enums import HandoffState, Role, SourceKind
from leads.ingest import record_events
from leads.ingest.records import EventRecord
from leads.models import Handoff, Source
from leads.selling.handoffs import accept, open_handoffs, reject, withdraw
from reports.columns import RECORD, coded, counted, grouped, handoffs, in_state, labelled, late, median, months, words
from reports.days import today
from reports.feedback.points import points_given
from reports.models import Change, HandoffFact
from reports.models.handoff import LABELS, STATES
from reports.scope import Scope
from reports.summaries import count_due
from scoring.models import ControlCase
from tests.reports.world import deal
from tests.sales import hand_off, make_lead, make_user, reason, score


@pytest.fixture
def scope(team):
    return Scope(make_user("Kim", team, Role.MANAGER, is_superuser=True), today() - timedelta(days=9), today())


def now(scope):
    """Every change is noted by itself; nobody has to say which lead it was."""
    assert count_due() is True
    return handoffs(scope, before=True)


def test_what_a_handoff_is_and_becomes(team, scope):
    handoff = hand_off(team, source="Fair")
    (row,) = now(scope)
    assert (row["team"], row["version"], row["total"], row["rep"], row["scored"]) == (team.pk, 9001, 30, 0, True)
    assert (words([row["source"]]), words([row["reason"]])) == ({row["source"]: "Fair"}, {row["reason"]: ""})
    assert (bool(labelled(row, "hot")), bool(in_state(row, HandoffState.OPEN)), bool(late(row))) == (True, True, False)
    Handoff.objects.filter(pk=handoff.pk).update(due_at=timezone.now() - timedelta(hours=1))
    assert late(now(scope)).tolist() == [True]
    reject(handoff, by=scope.user, reason=reason(), misled_by="Asked for pricing")
    (row,) = now(scope)
    assert [*words([row["reason"]]).values(), *words([row["misled_by"]]).values()] == ["no_budget", "Asked for pricing"]
    assert (row["rep"], row["in_time"], np.isnan(row["hours"]), bool(late(row))) == (scope.user.pk, False, False, False)
    withdraw(handoff, by=scope.user)
    (row,) = now(scope)
    assert (row["rep"], words([row["reason"]])) == (0, {row["reason"]: ""})


def test_who_reached_out_first_and_who_bought(team, scope):
    handoff = hand_off(team)
    accept(handoff, by=scope.user)
    assert np.isnan(now(scope)["touched"]).all()
    Handoff.objects.update(opened_at=timezone.now() - timedelta(days=3))
    for days in (1, 2):
        at = timezone.now() - timedelta(days=days)
        call = EventRecord(kind="call_held", occurred_at=at, message_id=f"{days}", lead=handoff.lead_id)
        record_events(Source.objects.named(team, "CRM", SourceKind.CRM), [call])
        assert median(now(scope)["touched"]) == pytest.approx(3 - days, abs=1e-3)
    deal(handoff.lead, "won")
    assert now(scope)["winner"].tolist() == [True]


def test_events_of_leads_that_sales_does_not_have_and_other_events_change_nothing(team, scope):
    free, taken = make_lead(team), hand_off(team).lead
    count_due()
    source = Source.objects.named(team, "CRM", SourceKind.CRM)
    record = {"occurred_at": timezone.now()}
    record_events(source, [EventRecord(kind="call_held", message_id="1", lead=free.pk, **record),
                           EventRecord(kind="page_viewed", message_id="2", lead=taken.pk, **record)])  # fmt: skip
    assert not Change.objects.exists()
    record_events(source, [EventRecord(kind="call_held", message_id="3", lead=taken.pk, **record)])
    assert list(Change.objects.values_list("lead_id", flat=True)) == [taken.pk]


def test_the_control_sample_is_left_out_where_it_is_to_be(team, scope):
    handoff = hand_off(team)
    assert len(now(scope)) == 1
    case = ControlCase.objects.create(
        lead=handoff.lead, team=team, label="hot", total=30, version=1, permille=10, drawn=True, excluded=True,
        at=timezone.now(),
    )  # fmt: skip
    ControlCase.objects.filter(pk=case.pk).update(handoff=handoff)
    assert len(now(scope)) == 0
    case.delete()
    assert len(now(scope)) == 1


def test_points_stand_beside_the_handoffs_that_know_them(team, scope):
    for points in ((18, 0, -3), (0, 15, 0)):
        open_handoffs([score(make_lead(team), points=points).pk])
    unknown = hand_off(team)
    Handoff.objects.filter(pk=unknown.pk).update(points=None)
    count_due()
    found = [(each.version, sorted(each.given.tolist()), each.rows["scored"].tolist()) for each in points_given(scope)]
    assert sorted(found) == [(9001, [], [False]), (9001, [[False, True, False], [True, False, True]], [True, True])]
    assert HandoffFact.objects.count() == 3


def test_every_label_and_state_is_kept_by_its_place(team, scope):
    handoff = hand_off(team)
    for name, values in (("label", LABELS), ("state", STATES)):
        kept = []
        for value in values:
            Handoff.objects.filter(pk=handoff.pk).update(**{name: value})
            kept += now(scope)[name].tolist()
        assert kept == list(range(len(values)))
        with pytest.raises(IntegrityError), atomic():
            Handoff.objects.filter(pk=handoff.pk).update(**{name: "icy"})


@pytest.mark.parametrize("numbers", [[3, -1, 3, 7], [5, 10**8, 5, -(10**8)], [4]])
def test_rows_by_the_numbers_of_a_column(numbers):
    rows = np.zeros(len(numbers), RECORD)
    rows["rep"], rows["total"] = numbers, range(len(numbers))
    values, places = coded(rows["rep"])
    assert values[places].tolist() == numbers and values.tolist() == sorted(set(numbers))
    assert {number: part["total"].tolist() for number, part in grouped(rows, "rep")} == {
        number: [place for place, each in enumerate(numbers) if each == number] for number in set(numbers)
    }
    assert counted(rows["rep"]) == {number: numbers.count(number) for number in set(numbers)}


def test_of_nothing_there_is_nothing():
    rows = np.zeros(0, RECORD)
    assert (list(grouped(rows, "rep")), counted(rows["rep"]), median(rows["hours"]), len(months(rows))) == (
        [],
        {},
        None,
        0,
    )
