"""The tracking protocol over HTTP: who each message is about, and what is said of them."""

import pytest

from leads.enums import FieldType
from leads.models import Call, Company, Event, Field, Lead, LeadIdentity, VisitorEvent
from tests.sales import make_lead
from tests.tracking.sending import kinds

pytestmark = pytest.mark.django_db


# --- Who it is ------------------------------------------------------------------------------------


def test_what_a_visitor_did_is_theirs_once_they_say_who_they_are(sender):
    sender.send("page", anonymousId="a1", properties={"url": "https://x.example/pricing", "path": "/pricing"},
                context={"campaign": {"source": "newsletter", "name": "May"}})  # fmt: skip
    sender.send("track", anonymousId="a1", event="Whitepaper Downloaded")
    assert (Lead.objects.count(), VisitorEvent.objects.count()) == (0, 2)
    sender.send(
        "identify", anonymousId="a1", userId="u1", traits={"email": "Ana@Northwind.example", "name": "Ana Ruiz"}
    )
    lead = Lead.objects.get()
    assert (lead.email, lead.first_name, lead.last_name, lead.source, lead.campaign) == (
        "ana@northwind.example", "Ana", "Ruiz", "newsletter", "May",
    )  # fmt: skip
    assert (kinds(lead), VisitorEvent.objects.count()) == (["page_viewed", "content_downloaded"], 0)
    sender.send("page", anonymousId="a1", properties={"path": "/docs"})
    assert len(kinds(lead)) == 3
    assert Event.objects.order_by("occurred_at")[0].properties["utm_campaign"] == "May"


@pytest.mark.parametrize(
    ("visits", "came"),
    [
        ([{"source": "google", "name": "Spring"}, {"source": "newsletter", "name": "May"}], ("google", "Spring")),
        ([{}, {"name": "May"}], ("Website", "May")),
        ([{"source": "google"}, {"source": "newsletter", "name": "May"}], ("google", "")),
        ([{"medium": "cpc"}], ("Website", "")),
        ([{"source": " google ", "name": 7}], ("google", "7")),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_the_first_visit_says_channel_and_campaign_and_they_stay(sender, visits, came, at_once):
    """Whether the visits wait for their visitor or come in one batch with the name."""
    known = {
        "type": "identify",
        "anonymousId": "a1",
        "userId": "u1",
        "traits": {"campaign": "Other", "utm_source": "x"},
    }
    told = [{"type": "page", "anonymousId": "a1", "context": {"campaign": visit}} for visit in visits]
    for number, message in enumerate(told):
        message["timestamp"] = f"2026-05-0{number + 1}T10:00:00Z"
    sender.batch(*(reversed(told) if at_once else told), *([known] if at_once else []))
    if not at_once:
        sender.batch(known)
    sender.batch({**told[0], "context": {"campaign": {"source": "late", "name": "Late"}}})
    lead = Lead.objects.get()
    assert (lead.source, lead.campaign, lead.changes.count()) == (*came, 0)
    assert {event.properties.get("utm_campaign") for event in lead.events.all()} >= {"Late"}


def test_several_messages_of_one_batch_are_of_one_person(sender):
    sender.batch(
        {"type": "page", "anonymousId": "a1", "properties": {"path": "/"}},
        {"type": "track", "userId": "u1", "event": "Signed In"},
        {"type": "identify", "userId": "u1", "anonymousId": "a1", "traits": {"email": "ana@northwind.example"}},
    )
    assert sorted(kinds(Lead.objects.get())) == ["page_viewed", "signed_in"]


def test_an_address_that_is_here_already_is_that_lead(sender):
    lead = make_lead(sender.source.team, email="ana@northwind.example", title="CTO")
    sender.send("track", userId="u1", event="Signed In")
    assert Lead.objects.count() == 2
    sender.send("identify", userId="u1", traits={"email": "ana@northwind.example", "phone": "+49 89 1234567"})
    lead.refresh_from_db()
    assert (Lead.objects.get(), kinds(lead), lead.phone) == (lead, ["signed_in"], "+49891234567")
    assert LeadIdentity.objects.get().lead == lead


def test_two_leads_that_people_know_are_not_thrown_together(sender):
    sender.send("identify", userId="u1", traits={"email": "ana@northwind.example"})
    sender.send("identify", userId="u2", traits={"email": "bo@northwind.example"})
    sender.send("alias", previousId="u1", userId="u2")
    assert Lead.objects.count() == 2
    assert "Merge them if they are one" in Call.objects.latest("pk").reason


def test_alias_is_one_person(sender):
    sender.send("track", userId="old", event="Signed In")
    sender.send("page", anonymousId="a9")
    sender.send("identify", userId="u1", traits={"email": "ana@northwind.example"})
    sender.send("alias", previousId="old", userId="u1")
    sender.send("alias", previousId="a9", userId="u1")
    assert sorted(kinds(Lead.objects.get())) == ["page_viewed", "signed_in"]


def test_two_people_at_one_computer_are_two(sender):
    for user in ("ana", "bo"):
        sender.send("identify", anonymousId="a1", userId=user, traits={"email": f"{user}@northwind.example"})
        sender.send("track", anonymousId="a1", userId=user, event="Signed In")
    assert [kinds(lead) for lead in Lead.objects.order_by("pk")] == [["signed_in"], ["signed_in"]]


def test_traits_of_a_visitor_are_not_lost(sender):
    sender.send("identify", anonymousId="a1", traits={"firstName": "Ana", "company": {"name": "Northwind"}})
    assert not Lead.objects.exists()
    sender.send("identify", anonymousId="a1", userId="u1", traits={"email": "ana@gmail.com"})
    lead = Lead.objects.select_related("company").get()
    assert (lead.first_name, lead.company.name) == ("Ana", "Northwind")


# --- What is said of them -------------------------------------------------------------------------


def test_traits_become_fields(sender):
    Field.objects.create(key="plan", label="Plan", type=FieldType.TEXT)
    Field.objects.create(key="logins", label="Logins", type=FieldType.NUMBER)
    sender.send("identify", userId="u1", traits={
        "email": "ana@northwind.example", "firstName": "Ana", "last_name": "Ruiz", "title": "VP Sales",
        "phone": "+49 89 1234567", "plan": "pro", "logins": 5, "unheard_of": "x", "createdAt": "2014-01-01",
        "company": {"name": "Northwind GmbH", "website": "www.northwind.example", "employee_count": 420,
                    "industry": "Logistics"},
        "address": {"city": "München", "country": "Germany"},
    })  # fmt: skip
    lead = Lead.objects.select_related("company").get()
    assert (lead.name, lead.title, lead.seniority, lead.phone, lead.city, lead.country, lead.fields) == (
        "Ana Ruiz", "VP Sales", "vp", "+49891234567", "München", "DE", {"plan": "pro", "logins": 5},
    )  # fmt: skip
    company = lead.company
    assert (company.name, company.domain, company.employees, company.industry) == (
        "Northwind GmbH", "northwind.example", 420, "Transport and logistics",
    )  # fmt: skip


def test_the_source_may_map_a_trait_elsewhere(sender):
    sender.source.mapping = {"role": "department", "plan": "title", "city": None}
    sender.source.save()
    sender.send("identify", userId="u1", traits={"plan": "CTO", "city": "Paris"})
    lead = Lead.objects.get()
    assert (lead.title, lead.city) == ("CTO", "")


def test_what_a_colleague_corrected_stays_until_there_is_news(sender):
    said = {"userId": "u1", "traits": {"email": "ana@northwind.example", "title": "Buyer"}}
    sender.send("identify", **said)
    Lead.objects.update(title="Head of Purchasing")
    sender.send("identify", **said)
    assert Lead.objects.get().title == "Head of Purchasing"
    said["traits"]["title"] = "CPO"
    sender.send("identify", **said)
    assert Lead.objects.get().title == "CPO"


def test_what_was_said_earlier_and_comes_later_changes_nothing(sender):
    for hour, title in ((9, "Buyer"), (11, "CPO"), (10, "Clerk")):
        sender.send("identify", userId="u1", timestamp=f"2026-03-02T{hour:02}:00:00Z", traits={"title": title})
    assert Lead.objects.get().title == "CPO"


def test_a_trait_that_cannot_be_read_costs_nothing_else(sender):
    sender.send("identify", userId="u1", traits={"email": "nonsense", "country": "Atlantis", "city": "Paris"})
    lead = Lead.objects.get()
    assert (lead.email, lead.country, lead.city) == ("", "", "Paris")
    assert "country: Not a country." in Call.objects.get().reason


def test_group_is_the_company(sender):
    sender.send("group", groupId="g1", traits={"name": "Initech", "employees": 329, "industry": "Technology"})
    sender.send("identify", userId="u1", traits={"email": "peter@example.com"})
    sender.send("group", userId="u1", groupId="g1", traits={"name": "Initech", "employees": 330})
    company = Lead.objects.select_related("company").get().company
    assert (company.name, company.employees, company.industry) == ("Initech", 330, "Information technology")
    assert Company.objects.count() == 1


def test_a_group_without_a_name_gets_it_later(sender):
    sender.send("group", userId="u1", groupId="acct_7")
    assert Lead.objects.select_related("company").get().company.name == "acct_7"
    sender.send("group", userId="u1", groupId="acct_7", traits={"name": "Initech"})
    assert Company.objects.get().name == "Initech"
