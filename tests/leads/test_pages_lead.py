"""The page of a lead, and changing it by hand."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from leads.customfields import checked
from leads.enums import Role
from leads.models import Change, Company, Event, EventKind, Field, Lead, Source, Standing, Team
from tests.leads.test_pages_leads import browser
from tests.sales import make_lead, make_team, make_user, score

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketing(team: Team) -> Client:
    return browser(make_user("Dana", team, Role.MARKETING))


def filled(client: Client, lead: Lead, **changes: str) -> dict[str, Any]:
    """The edit form as it is shown, with changes."""
    form = client.get(f"/leads/{lead.pk}/edit/").context["form"]
    shown = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in (shown | changes).items()}


def test_the_page_shows_who_and_what_is_unknown(marketing: Client, team: Team) -> None:
    company = Company.objects.create(team=team, name="Northwind", domain="northwind.example", employees=420)
    lead = score(make_lead(team, title="COO", company=company, email="ana@northwind.example"))
    colleague = score(make_lead(team, company=company), points=(1, 0, 0))
    Field.objects.create(key="seats", label="Seats", type="number")
    page = marketing.get(f"/leads/{lead.pk}/")
    details = {detail.name: detail.value for detail in page.context["details"]}
    assert (details["employees"], details["phone"], details["Seats"]) == (420, None, None)
    completeness = page.context["completeness"]
    assert (completeness.known, completeness.total) == (4, 11)
    assert [person.lead for person in page.context["people"]] == [lead, colleague]
    assert f'hx-get="/scoring/leads/{lead.pk}/standing/"' in page.content.decode()


def test_many_unknown_custom_fields_are_one_line(marketing: Client, team: Team) -> None:
    """A wide file brings its columns to every lead; those of other leads bury what is known of this one."""
    lead = make_lead(team, fields={"wide_3": "known"})
    Field.objects.bulk_create(Field(key=f"wide_{n}", label=f"Wide {n}", type="text") for n in range(30))
    details = {detail.name: detail.value for detail in marketing.get(f"/leads/{lead.pk}/").context["details"]}
    assert [name for name in details if "ide " in name] == ["Wide 3"]
    others = Field.objects.count() - 1
    assert (details["Wide 3"], details[f"{others} other fields"]) == ("known", None)


def test_not_scored_is_not_zero(marketing: Client, team: Team) -> None:
    lead = make_lead(team)
    assert b"which is not the same as 0" in marketing.get(f"/leads/{lead.pk}/").content
    score(lead, points=(0, 0, 0), label="cold", grade="D4")
    assert b"Score 0 of 100" in marketing.get(f"/leads/{lead.pk}/").content


def test_a_lead_of_another_team_is_missing_like_one_that_is_not_there(marketing: Client) -> None:
    foreign = make_lead(make_team("APAC"))
    for path in ("/leads/{}/", "/leads/{}/edit/", "/leads/{}/events/"):
        theirs, missing = marketing.get(path.format(foreign.pk)), marketing.get(path.format(987654321))
        assert (theirs.status_code, missing.status_code) == (404, 404)
        assert all("There is nothing here" in page.content.decode() for page in (theirs, missing))


def test_the_timeline_goes_back_page_by_page(marketing: Client, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leads.timeline.SIZE", 2)
    lead, source = make_lead(team), Source.objects.named(team, "Web", "website")
    kind = EventKind.objects.get(slug="page_viewed")
    for hour in range(3):
        Event.objects.create(
            lead=lead, kind=kind, source=source, message_id=str(hour),
            occurred_at=datetime(2026, 1, 5, hour, tzinfo=UTC), properties={"url": f"/page-{hour}"},
        )  # fmt: skip
    line = marketing.get(f"/leads/{lead.pk}/").context["timeline"]
    assert [moment.detail for moment in line.moments] == ["/page-2, from Web", "/page-1, from Web"]
    older = marketing.get(f"/leads/{lead.pk}/events/?cursor={line.older}", headers={"hx-request": "true"})
    assert b"/page-0" in older.content
    assert b"<html" not in older.content
    assert b"<html" in marketing.get(f"/leads/{lead.pk}/events/?cursor={line.older}").content
    assert "This is its beginning." in marketing.get(f"/leads/{lead.pk}/events/?cursor=x").content.decode()


def test_an_edit_sets_what_was_changed_and_says_by_whom(marketing: Client, team: Team) -> None:
    Field.objects.create(key="seats", label="Seats", type="number")
    Field.objects.create(key="plan", label="Plan", type="choice", choices=["free", "pro"])
    lead = make_lead(team, title="COO", fields={"plan": "pro"})
    data = filled(marketing, lead, **{"title": "VP Sales", "custom-seats": "40", "company_name": "Northwind"})
    assert marketing.post(f"/leads/{lead.pk}/edit/", data).status_code == 302
    lead.refresh_from_db()
    assert (lead.title, lead.seniority, lead.fields) == ("VP Sales", "vp", {"plan": "pro", "seats": 40})
    assert str(lead.company) == "Northwind"
    changes = Change.objects.filter(lead=lead)
    assert {change.field for change in changes} >= {"title", "fields.seats"}
    assert {change.by.name for change in changes if change.by} == {"Dana"}
    assert Standing.objects.get(lead=lead).facts_rev == 2


def test_saving_the_form_as_it_is_changes_nothing(marketing: Client, team: Team) -> None:
    for number, (kind, value) in enumerate(
        [("text", "a"), ("number", 4.5), ("date", "2026-01-05"), ("boolean", False), ("list", ["a", "b"])]
    ):
        Field.objects.create(key=f"f{number}", label=f"F{number}", type=kind)
        assert checked(Field.LEAD, {f"f{number}": value}) == {f"f{number}": value}
    lead = make_lead(team, fields={"f0": "a", "f1": 4.5, "f2": "2026-01-05", "f3": False, "f4": ["a", "b"]})
    assert marketing.post(f"/leads/{lead.pk}/edit/", filled(marketing, lead)).status_code == 302
    assert not Change.objects.exists()


def test_two_people_who_change_the_same_field_are_told(marketing: Client, team: Team) -> None:
    lead = make_lead(team, title="COO", phone="+49 89 1234567")
    mine = filled(marketing, lead, title="CEO")
    other = browser(make_user("Kim", team))
    other.post(f"/leads/{lead.pk}/edit/", filled(other, lead, title="CFO", city="Bilbao"))
    answer = marketing.post(f"/leads/{lead.pk}/edit/", mine)
    assert answer.status_code == 422
    assert "Kim changed this meanwhile: COO → CFO" in answer.content.decode()
    again = mine | {"seen": answer.context["form"]["seen"].value()}
    assert marketing.post(f"/leads/{lead.pk}/edit/", again).status_code == 302
    lead.refresh_from_db()
    assert lead.title == "CEO"


def test_what_somebody_else_changed_elsewhere_is_kept(marketing: Client, team: Team) -> None:
    lead = make_lead(team, title="COO")
    mine = filled(marketing, lead, title="CEO")
    other = browser(make_user("Kim", team))
    other.post(f"/leads/{lead.pk}/edit/", filled(other, lead, city="Bilbao"))
    assert marketing.post(f"/leads/{lead.pk}/edit/", mine).status_code == 302
    lead.refresh_from_db()
    assert (lead.title, lead.city) == ("CEO", "Bilbao")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "nonsense"}, "email"),
        ({"email": "taken@northwind.example"}, "email"),
        ({"country": "Atlantis"}, "country"),
        ({"custom-seats": "many"}, "custom-seats"),
        ({"owner": "987654321"}, "owner"),
        ({"title": "x\0y"}, "title"),
    ],
)
def test_what_cannot_be_saved_says_why(marketing: Client, team: Team, changes: dict[str, str], field: str) -> None:
    make_lead(team, email="taken@northwind.example")
    Field.objects.create(key="seats", label="Seats", type="number")
    lead = make_lead(team)
    answer = marketing.post(f"/leads/{lead.pk}/edit/", filled(marketing, lead, **changes))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]


def test_a_new_lead_by_hand(marketing: Client, team: Team) -> None:
    answer = marketing.post("/leads/new/", {"first_name": "Ana", "email": "Ana@Northwind.example", "title": "COO"})
    lead = Lead.objects.select_related("company", "standing").get()
    assert answer["Location"] == f"/leads/{lead.pk}/"
    assert (lead.email, lead.seniority, lead.source) == ("ana@northwind.example", "c_level", "By hand")
    assert lead.company.domain == "northwind.example"
    assert marketing.post("/leads/new/", {}).status_code == 422
    assert marketing.post("/leads/new/", {"email": "ana@northwind.example"}).context["form"].errors["email"]


def test_a_person_of_several_teams_chooses_one(team: Team) -> None:
    dana = make_user("Dana", team, Role.MARKETING)
    other = make_team("APAC")
    dana.memberships.create(team=other, role=Role.MARKETING)
    client = browser(dana)
    assert list(client.post("/leads/new/", {"first_name": "Ana"}).context["form"].errors) == ["team"]
    foreign = make_team("Elsewhere")
    assert client.post("/leads/new/", {"first_name": "Ana", "team": foreign.pk}).status_code == 422
    client.post("/leads/new/", {"first_name": "Ana", "team": other.pk})
    assert Lead.objects.get().team == other


def test_reps_edit_but_do_not_make_leads(team: Team) -> None:
    rep = browser(make_user("Rita", team))
    assert rep.get(f"/leads/{make_lead(team).pk}/edit/").status_code == 200
    assert rep.get("/leads/new/").status_code == 403
