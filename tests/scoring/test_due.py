"""What makes a lead due: facts, corrections, and time; and the cause that is kept."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from leads.ingest import EventRecord, record_events
from leads.models import Company, Event, EventKind, Field, Lead, Source, Standing
from scoring import pipeline
from scoring.models import Entry
from scoring.verify import verify_scores
from tests.sales import make_team, make_user
from tests.scoring.conftest import Clock
from tests.scoring.workshop import add, due, field, go_live, history, make_lead, make_model, record, rescore

pytestmark = pytest.mark.django_db


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


def test_an_upgrade_that_reads_addresses_anew_hands_nobody_to_sales_by_itself(lead: Lead) -> None:
    """What it brings to a label waits in the review, unless the lead did something, too."""
    calm, active = (make_lead(lead.team, email=f"{local}@n.example") for local in ("reply", "no-reply"))
    rescore()
    record(active, "page_viewed", url="/pricing")
    with connection.cursor() as cursor:
        cursor.execute(import_module("leads.migrations.0039_no_reply").DUE)
    assert due() == [calm.pk, active.pk]
    causes = Standing.objects.filter(pk__in=due()).order_by("pk").values_list("due_cause", flat=True)
    assert list(causes) == ["rules", "activity"]


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
