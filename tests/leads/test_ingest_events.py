"""record_events: every channel's way in for what people did."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from leads.enums import SourceKind
from leads.ingest import EventRecord, Result, record_events
from leads.models import Company, Event, EventKind, Lead, LeadIdentity, Source, Standing
from leads.signals import leads_due
from tests.sales import make_lead, make_team
from tests.threads import at_once

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def source(db):
    return Source.objects.named(make_team(), "Website", SourceKind.WEBSITE)


def event(**said):
    return EventRecord(**({"kind": "Page Viewed", "occurred_at": AT, "email": "ana@northwind.example"} | said))


def results(source, *records):
    return [outcome.result for outcome in record_events(source, records)]


def reason(source, **said):
    (outcome,) = record_events(source, [event(**said)])
    assert outcome.result == Result.REJECTED
    return outcome.reason


def test_an_unknown_address_becomes_a_lead_of_the_company_behind_it(source):
    (outcome,) = record_events(source, [event(properties={"url": "/pricing"})])
    stored = Event.objects.select_related("kind", "lead__company").get()
    assert (outcome.result, outcome.pk, outcome.lead) == (Result.STORED, stored.pk, stored.lead_id)
    assert (stored.kind.slug, stored.occurred_at, stored.properties) == ("page_viewed", AT, {"url": "/pricing"})
    assert (stored.lead.email, stored.lead.source, stored.lead.company.domain) == (
        "ana@northwind.example", "Website", "northwind.example",
    )  # fmt: skip


def test_free_mail_is_no_company(source):
    record_events(source, [event(email="Ana.Ruiz@GMail.com")])
    assert Lead.objects.get().email == "ana.ruiz@gmail.com"
    assert not Company.objects.exists()


def test_a_message_counts_once_for_ever(source):
    assert results(source, event(message_id="m1"), event(message_id="m1")) == [Result.STORED, Result.DUPLICATE]
    assert results(source, event(message_id="m1"), event(message_id="m2")) == [Result.DUPLICATE, Result.STORED]
    other = Source.objects.named(source.team, "CRM", SourceKind.CRM)
    assert results(other, event(message_id="m1")) == [Result.STORED]
    assert Event.objects.count() == 3


def test_a_duplicate_makes_no_lead(source):
    record_events(source, [event(message_id="m1")])
    Lead.objects.update(email="ana@other.example")
    assert results(source, event(message_id="m1")) == [Result.DUPLICATE]
    assert Lead.objects.count() == 1


def test_without_a_message_id_every_record_counts(source):
    assert results(source, event(), event()) == [Result.STORED, Result.STORED]


def test_what_one_person_is_known_by_leads_to_one_lead(source):
    records = [
        event(email="", anonymous_id="a1"),
        event(anonymous_id="a1", user_id="u1"),
        event(email="", user_id="u1"),
        event(email="", external_id="crm-7", user_id="u1"),
    ]
    assert len({outcome.lead for outcome in record_events(source, records)}) == 1
    assert (
        len({outcome.lead for outcome in record_events(source, [event(email="", external_id="crm-7"), event()])}) == 1
    )
    assert Lead.objects.get().email == "ana@northwind.example"
    assert sorted(LeadIdentity.objects.values_list("kind", "value")) == [
        ("anonymous", "a1"), ("external", "crm-7"), ("user", "u1"),
    ]  # fmt: skip


def test_a_lead_may_be_named_by_its_id(source):
    lead = make_lead(source.team)
    assert [outcome.lead for outcome in record_events(source, [event(email="", lead=lead.pk)])] == [lead.pk]


def test_a_lead_of_another_team_is_no_lead_of_ours(source):
    lead = make_lead(make_team("APAC"))
    assert reason(source, email="", lead=lead.pk) == (
        f"Team EMEA has no lead {lead.pk}. Check the id, or name the lead by e-mail."
    )
    assert Lead.objects.count() == 1


def test_nothing_has_happened_later_than_we_received_it(source):
    record_events(source, [event(occurred_at=timezone.now() + timedelta(days=3)), event(occurred_at=None)])
    for stored in Event.objects.all():
        assert stored.occurred_at == stored.received_at


def test_a_new_event_makes_the_lead_due_and_a_duplicate_does_not(source):
    heard = []

    def listener(**_):
        heard.append(1)

    leads_due.connect(listener)
    record_events(source, [event(message_id="m1")])
    before = Standing.objects.get().facts_rev
    record_events(source, [event(message_id="m1")])
    assert (Standing.objects.get().facts_rev, heard) == (before, [1])
    leads_due.disconnect(listener)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"kind": " "}, "kind: missing. Say what happened, such as page_viewed."),
        ({"email": ""}, "Whose event? Give an e-mail address, a lead or an id."),
        ({"email": "ana"}, "No @ sign. Write an address such as ana@northwind.example."),
        ({"occurred_at": datetime(1, 1, 1, tzinfo=UTC)}, "occurred_at: 1 is before 1970. Correct the date."),
        ({"message_id": "m" * 151}, "message_id: longer than 150 characters. Shorten it."),
        ({"user_id": "a\0b"}, "user_id: holds a NUL character. Remove it."),
        ({"properties": {"a": "x\0"}}, "properties.a: holds a NUL character. Remove it."),
        ({"properties": {"a": "\ud800"}}, "Broken text: half of a surrogate pair. Send valid UTF-8."),
        ({"properties": {"a": float("nan")}}, "properties.a: not a finite number. Leave it out or send null."),
        ({"properties": {"a": 10**40}}, "properties.a: whole number too large. Send it as text."),
        ({"properties": {"a": "x" * 40_000}}, "properties: larger than 32 KB. Send less of it."),
        ({"properties": {"a": list(range(3000))}}, "properties: more than 2,000 values. Send fewer."),
        ({"properties": []}, 'properties: expected an object such as {"url": "/pricing"}.'),
    ],
)
def test_what_cannot_be_stored_is_rejected_with_what_to_do(source, said, why):
    assert reason(source, **said) == why
    assert not Lead.objects.exists()


def test_a_bad_record_harms_no_other(source):
    deep = {}
    for _ in range(5000):
        deep = {"a": deep}
    assert results(source, event(), event(properties=deep), event()) == [Result.STORED, Result.REJECTED, Result.STORED]


@pytest.mark.parametrize(
    ("name", "slug", "label"),
    [
        ("Page Viewed", "page_viewed", "viewed a page"),
        ("pageViewed", "page_viewed", "viewed a page"),
        ("Order Completed", "order_completed", "order completed"),
        ("orderCompleted", "order_completed", "order completed"),
        ("Événement reçu", "evenement_recu", "événement reçu"),
    ],
)
def test_any_name_becomes_a_kind(source, name, slug, label):
    record_events(source, [event(kind=name)])
    kind = EventKind.objects.get(event__isnull=False)
    assert (kind.slug, kind.label) == (slug, label)


def test_names_in_other_scripts_stay_apart(source):
    record_events(source, [event(kind="注册"), event(kind="购买"), event(kind="注册")])
    assert Event.objects.values("kind").distinct().count() == 2


def test_many_cost_as_many_statements_as_few(source, django_assert_max_num_queries):
    with django_assert_max_num_queries(24):
        record_events(source, [event(email=f"p{n}@c{n}.example", user_id=f"u{n}") for n in range(300)])
    assert Lead.objects.count() == 300
    with django_assert_max_num_queries(11):
        record_events(source, [event(email=f"p{n}@c{n}.example", user_id=f"u{n}") for n in range(300)])


@pytest.mark.django_db(transaction=True)
def test_the_same_people_at_the_same_moment_are_made_once():
    source = Source.objects.named(make_team(), "Website", SourceKind.WEBSITE)
    batch = [event(email=f"p{n}@northwind.example", user_id=f"u{n}", message_id=f"m{n}") for n in range(40)]
    outcomes = at_once(lambda records: record_events(source, records), [batch, batch[::-1], batch[10:], batch[::2]])
    assert sum(outcome.result == Result.STORED for each in outcomes for outcome in each) == 40
    assert (Lead.objects.count(), Event.objects.count(), Company.objects.count()) == (40, 40, 1)
