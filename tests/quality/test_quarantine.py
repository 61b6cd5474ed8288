"""Events of machines leave the count, and scores they inflated are put right."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.ingest import EventRecord, record_events
from leads.models import Event, EventKind, Lead, Quarantine, Source, Unchecked
from leads.quality.check import check_page
from leads.quality.quarantine import quarantine, release
from leads.timeline import timeline
from scoring.models import Entry, Version
from scoring.replay import replay
from tests.leads.api import Caller
from tests.sales import make_team, make_user
from tests.scoring.workshop import add, go_live, make_lead, make_model, rescore

pytestmark = pytest.mark.django_db


@pytest.fixture
def version() -> Version:
    model = make_model()
    add(model.groups.get(name="Buying"), "Clicked", 4, {"event": "email_clicked"}, counting="each", at_most=20)
    return go_live(model)


@pytest.fixture
def lead(version: Version) -> Lead:
    found = make_lead(make_team())
    check()
    rescore()
    return found


def check() -> None:
    while check_page():
        pass
    assert not Unchecked.objects.exists()


def clicked(lead: Lead, *seconds: float, **extra: Any) -> list[int]:
    """Ids of clicks, each on a link of its own, so many seconds before now; they come in by the common way."""
    source, now = Source.objects.named(lead.team, "Letters", "email"), timezone.now()
    records = [
        EventRecord("email_clicked", now - timedelta(seconds=at), properties={"url": f"https://x.example/{n}"} | extra,
                    lead=lead.pk)
        for n, at in enumerate(seconds)
    ]  # fmt: skip
    return [outcome.pk or 0 for outcome in record_events(source, records)]


def viewed(lead: Lead, seconds: float) -> None:
    source = Source.objects.named(lead.team, "Website", "website")
    record_events(source, [EventRecord("page_viewed", timezone.now() - timedelta(seconds=seconds), lead=lead.pk)])


def history(lead: Lead) -> list[tuple[str, int, int]]:
    """(cause, total before, total) of each change after the first."""
    rows = Entry.objects.filter(lead=lead).order_by("seq").values_list("cause", "total_before", "total")
    return list(rows)[1:]


def test_a_score_that_a_scanner_inflated_is_put_right_as_a_correction(lead: Lead) -> None:
    clicked(lead, 300, 299, 298, 297)
    rescore()
    check()
    rescore()
    assert history(lead) == [("activity", 35, 51), ("correction", 51, 35)]
    assert set(Quarantine.objects.values_list("rule", flat=True)) == {"burst"}


def test_who_reads_on_was_a_person_after_all(lead: Lead) -> None:
    clicked(lead, 300, 299, 298)
    check()
    rescore()
    viewed(lead, 200)
    check()
    rescore()
    assert not Event.objects.filter(quarantined=True).exists()
    assert history(lead) == [("correction", 35, 47)]
    assert Quarantine.objects.exclude(released_at=None).count() == 3


def test_what_a_person_released_stays_released(lead: Lead) -> None:
    ids, ava = clicked(lead, 300, 299, 298), make_user("Ava", lead.team, "marketing")
    check()
    rescore()
    assert release(ids, by=ava) == 3
    clicked(lead, 297)
    check()
    rescore()
    assert history(lead)[-1] == ("correction", 35, 47)
    assert Event.objects.filter(quarantined=True).count() == 1  # the new one; about the others a person has decided


def test_what_a_person_took_out_stays_out(lead: Lead) -> None:
    (click,) = clicked(lead, 600)
    rescore()
    assert quarantine([click], by=make_user("Ava", lead.team, "marketing")) == 1
    viewed(lead, 500)
    check()
    rescore()
    assert Event.objects.get(pk=click).quarantined
    assert history(lead) == [("activity", 35, 39), ("correction", 39, 35)]


def test_a_mark_without_a_row_is_left_alone(lead: Lead) -> None:
    """As an older version or another program may have left it."""
    (click,) = clicked(lead, 600)
    Event.objects.filter(pk=click).update(quarantined=True)
    viewed(lead, 550)
    check()
    assert Event.objects.get(pk=click).quarantined


def test_evidence_lies_on_both_sides_of_midnight(lead: Lead) -> None:
    """What came yesterday is judged again with what came today, by what was delivered the day before."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=3)
    source = Source.objects.named(lead.team, "Letters", "email")
    for kind, at in (("email_delivered", -2), ("email_clicked", 2), ("webinar_attended", 30 * 3600)):
        record_events(source, [EventRecord(kind, midnight + timedelta(seconds=at), lead=lead.pk)])
        check()
    assert [e.kind.slug for e in Event.objects.filter(quarantined=True).select_related("kind")] == ["email_clicked"]


def test_replay_knows_what_was_known_then(lead: Lead, version: Version) -> None:
    clicked(lead, 300, 299, 298)
    rescore()
    before = timezone.now()
    check()
    after = timezone.now()
    release(Event.objects.filter(quarantined=True).values_list("pk", flat=True), by=make_user("Ava", lead.team))

    def total(moment: Any, *, as_known: bool) -> int | None:
        return replay(version, [lead.pk], moment, as_known=as_known)[0].total

    assert [total(at, as_known=True) for at in (before, after, timezone.now())] == [47, 35, 47]
    assert [total(at, as_known=False) for at in (before, after)] == [47, 47]
    quarantine(Event.objects.values_list("pk", flat=True), by=make_user("Bo", lead.team))
    assert [total(at, as_known=False) for at in (before, after)] == [35, 35]
    assert total(before, as_known=True) == 47


def test_the_timeline_says_why(lead: Lead) -> None:
    clicked(lead, 300, user_agent="python-requests/2")
    check()
    (moment,) = timeline(lead, make_user("Ava", lead.team)).moments
    assert (moment.quarantined, moment.key, moment.why) == (True, False, "A known robot or mail scanner")


def test_the_api_takes_out_and_puts_back(lead: Lead) -> None:
    (click,) = clicked(lead, 600)
    caller = Caller(make_user("Ava", lead.team, "marketing"))
    body = caller.post(f"events/{click}/quarantine", {}).json()
    assert (body["quarantined"], body["quarantine_reason"]) == (True, "Taken out by hand")
    body = caller.client.delete(f"/api/v1/events/{click}/quarantine").json()
    assert (body["quarantined"], body["quarantine_reason"]) == (False, "")
    rep = Caller(make_user("Rhea", lead.team))
    assert rep.post(f"events/{click}/quarantine", {}).status_code == 403


def test_events_that_pass_to_another_lead_are_looked_at_there(lead: Lead) -> None:
    other = make_lead(lead.team)
    ids = [*clicked(lead, 300), *clicked(other, 299.5, 299)]
    urls = [f"https://x.example/{n}" for n in (7, 8, 9)]
    Event.objects.all().delete()
    kind, source = EventKind.objects.get(slug="email_clicked"), Source.objects.get(slug="letters")
    made = Event.objects.bulk_create(
        Event(lead=other if n else lead, kind=kind, source=source, message_id=str(n), properties={"url": url},
              occurred_at=timezone.now() - timedelta(seconds=300 - n)) for n, url in enumerate(urls)
    )  # fmt: skip
    check()
    assert len(ids) == 3 and not Event.objects.filter(quarantined=True).exists()
    Event.objects.filter(pk=made[0].pk).update(lead=other)
    check()
    assert Event.objects.filter(quarantined=True).count() == 3
