"""Leads over the API: lists in order, filters, and writing."""

from typing import Any

import pytest

from leads.enums import Role
from leads.models import Change, Company, Field, Lead, Standing, Team
from tests.leads.api import Caller
from tests.sales import make_lead, make_team, make_user, score

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller(team: Team) -> Caller:
    return Caller(make_user("Dana", team, Role.MARKETING))


def ids(response: Any) -> list[int]:
    return [row["id"] for row in response.json()["results"]]


def walk(caller: Caller, link: str, direction: str) -> list[list[int]]:
    """The pages from a link on."""
    pages = []
    while link:
        page = caller.client.get(link).json()
        pages.append([row["id"] for row in page["results"]])
        link = page[direction]
    return pages


def test_a_lead_carries_what_is_promised(caller: Caller, team: Team) -> None:
    company = Company.objects.create(team=team, name="Northwind", domain="northwind.example", employees=420)
    lead = score(make_lead(team, email="ana@northwind.example", company=company, fields={"plan": "pro"}))
    body = caller.get(f"leads/{lead.pk}").json()
    assert body["company"] == {
        "id": company.pk, "name": "Northwind", "domain": "northwind.example", "industry": "", "employees": 420,
        "country": "",
    }  # fmt: skip
    assert body["standing"] == {
        "fit": 12, "engagement": 18, "total": 30, "grade": "A2", "label": "hot", "automatic_label": None,
        "version": 9001, "as_of": None,
    }  # fmt: skip
    assert (body["fields"], body["team"], body["owner"], body["stage"]) == ({"plan": "pro"}, team.pk, None, "new")


def test_the_best_come_first_and_the_unscored_last_on_pages_of_every_size(caller: Caller, team: Team) -> None:
    leads = [make_lead(team) for _ in range(9)]
    for lead, points in zip(leads, [5, 9, 9, 9, 0, -4], strict=False):
        score(lead, points=(points, 0, 0))
    expected = [leads[i].pk for i in (3, 2, 1, 0, 4, 5, 8, 7, 6)]
    assert ids(caller.get("leads")) == expected
    assert ids(caller.get("leads", ordering="total")) == [leads[i].pk for i in (5, 4, 0, 1, 2, 3, 6, 7, 8)]
    for size in range(1, 10):
        pages = walk(caller, f"/api/v1/leads?page_size={size}", "next")
        assert [pk for page in pages for pk in page] == expected
        last = caller.client.get(f"/api/v1/leads?page_size={size}")
        while last.json()["next"]:
            last = caller.client.get(last.json()["next"])
        back = walk(caller, last.json()["previous"], "previous")
        assert [pk for page in reversed(back) for pk in page] == expected[: 9 - len(last.json()["results"])]


def test_rows_that_arrive_meanwhile_shift_no_page(caller: Caller, team: Team) -> None:
    first, second = (score(make_lead(team), points=(points, 0, 0)) for points in (9, 5))
    page = caller.get("leads", page_size=1).json()
    score(make_lead(team), points=(20, 0, 0))
    assert ids(caller.client.get(page["next"])) == [second.pk]
    assert [row["id"] for row in page["results"]] == [first.pk]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"email": "ANA@northwind.example"}, [0]),
        ({"q": "rui north"}, [0]),
        ({"q": "ana"}, [0]),
        ({"q": "northwind"}, [0]),
        ({"label": "hot"}, [0]),
        ({"label": ["hot", "cold"]}, [0, 1]),
        ({"grade": "D4"}, [1]),
        ({"stage": "nurture"}, [2]),
        ({"source": "Webinar"}, [1]),
        ({"campaign": "Spring"}, [1]),
        ({"country": "es"}, [2]),
        ({"team": "emea"}, [0, 1, 2]),
    ],
)
def test_filters(caller: Caller, team: Team, query: dict[str, Any], found: list[int]) -> None:
    leads = [
        score(make_lead(team, email="ana@northwind.example"), points=(9, 0, 0)),
        score(
            make_lead(team, first_name="Ben", source="Webinar", campaign="Spring"),
            label="cold",
            grade="D4",
            points=(5, 0, 0),
        ),
        make_lead(team, first_name="Eva", stage="nurture", country="ES"),
    ]
    assert ids(caller.get("leads", **query)) == [leads[i].pk for i in found]


@pytest.mark.parametrize(
    ("path", "query", "says"),
    [
        ("leads", {"lable": "hot"}, "This list has no such filter. It has: q, email, label,"),
        ("leads", {"label": "icy"}, "Select a valid choice. icy is not one of the available choices."),
        ("leads", {"owner": 987654321}, "Select a valid choice."),
        ("leads", {"country": "Narnia"}, "Not a country."),
        ("companies", {"country": "XX"}, "Not a country."),
        ("handoffs", {"overdue": "maybe"}, "Write true or false."),
        ("teams", {"slug": "emea"}, "This list has no such filter. It has: cursor, page_size."),
        ("suggestions", {"state": "opne"}, "Select a valid choice."),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(caller: Caller, path: str, query: dict[str, Any], says: str) -> None:
    answer = caller.get(path, **query)
    [[name, words]] = answer.json()["fields"].items()
    assert (answer.status_code, [name], words[0][: len(says)]) == (400, list(query), says)


def test_leads_of_an_owner(caller: Caller, team: Team) -> None:
    rita = make_user("Rita", team)
    lead = make_lead(team, owner=rita)
    make_lead(team)
    assert ids(caller.get("leads", owner=rita.pk)) == [lead.pk]
    assert caller.get("leads", owner=make_user("Sam", make_team("APAC")).pk).status_code == 400


def test_a_new_lead_is_normalised_finds_its_company_and_is_due(caller: Caller, team: Team) -> None:
    Field.objects.create(key="seats", label="Seats", type="number")
    body = {
        "email": "Ana.Ruiz@Northwind.example", "title": "VP Operations", "country": "es", "fields": {"seats": "40"},
        "company": {"name": "Northwind Robotics", "employees": 420},
    }  # fmt: skip
    response = caller.post("leads", body)
    assert response.status_code == 201
    lead = Lead.objects.select_related("company", "standing").get(pk=response.json()["id"])
    assert (lead.email, lead.seniority, lead.country) == ("ana.ruiz@northwind.example", "vp", "ES")
    assert (lead.fields, lead.company.name, lead.company.employees) == ({"seats": 40}, "Northwind Robotics", 420)
    assert lead.standing.scored_rev < lead.standing.facts_rev
    assert caller.post("leads", {**body, "title": "COO"}).status_code == 200
    assert Lead.objects.get().title == "COO"


def test_an_own_id_finds_the_lead_again(caller: Caller) -> None:
    made = caller.post("leads", {"external_id": "crm-7", "first_name": "Ana"})
    again = caller.post("leads", {"external_id": "crm-7", "email": "ana@northwind.example"})
    assert (made.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == made.json()["id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "nonsense"}, "email"),
        ({"email": "a@b.example", "country": "Atlantis"}, "country"),
        ({"email": "a@b.example", "fields": {"seats": 1}}, "fields"),
        ({"email": "a@b.example", "stage": "customer"}, "stage"),
        ({"email": "a@b.example", "owner": 987654321}, "owner"),
        ({"email": "a@b.example", "team": "nowhere"}, "team"),
        ({"email": "a@b.example", "company": {"employees": -1}}, "company"),
        ({"email": "a@b.example", "company": "Northwind"}, "company"),
        ({"email": "a@b.example", "title": "x\0y"}, "title"),
        ({"email": "a@b.example", "title": "x\ud800y"}, "title"),
        ({"email": "a@b.example", "title": "x" * 201}, "title"),
    ],
)
def test_what_cannot_be_taken_is_named(caller: Caller, body: dict[str, Any], field: str) -> None:
    response = caller.post("leads", body)
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]
    assert not Lead.objects.exists()


def test_a_caller_of_several_teams_says_which(team: Team) -> None:
    dana = make_user("Dana", team, Role.MARKETING)
    dana.memberships.create(team=make_team("APAC"), role=Role.MARKETING)
    caller = Caller(dana)
    assert caller.post("leads", {"email": "a@b.example"}).json()["fields"]["team"]
    assert caller.post("leads", {"email": "a@b.example", "team": "apac"}).json()["team"] == make_team("APAC").pk


def test_a_change_sets_only_what_is_given_and_is_put_down_to_the_caller(caller: Caller, team: Team) -> None:
    lead = make_lead(team, title="COO", phone="+34 1", fields={"plan": "pro"})
    Field.objects.create(key="plan", label="Plan")
    response = caller.patch(f"leads/{lead.pk}", {"phone": "", "fields": {"plan": None}, "title": "VP Sales"})
    assert response.status_code == 200
    lead.refresh_from_db()
    assert (lead.title, lead.seniority, lead.phone, lead.fields) == ("VP Sales", "vp", "", {})
    changes = Change.objects.filter(lead=lead)
    assert {change.field for change in changes} >= {"title", "phone", "fields.plan"}
    assert {(change.by, change.origin) for change in changes} == {(caller.token.user, "API")}
    standing = Standing.objects.get(lead=lead)
    assert standing.facts_rev == 2


def test_a_change_of_company_and_owner(caller: Caller, team: Team) -> None:
    lead, rita = make_lead(team), make_user("Rita", team)
    body = caller.patch(f"leads/{lead.pk}", {"company": {"name": "Northwind"}, "owner": rita.pk}).json()
    assert (body["company"]["name"], body["owner"]) == ("Northwind", rita.pk)
    assert Standing.objects.get(lead=lead).owner == rita
    assert caller.patch(f"leads/{lead.pk}", {"company": None}).json()["company"] is None


def test_an_address_that_another_lead_has_is_a_conflict(caller: Caller, team: Team) -> None:
    make_lead(team, email="ana@northwind.example")
    response = caller.patch(f"leads/{make_lead(team).pk}", {"email": "ana@northwind.example"})
    assert response.status_code == 409
    assert "ana@northwind.example" in response.json()["error"]


def test_companies(caller: Caller, team: Team) -> None:
    company = Company.objects.create(team=team, name="Northwind", domain="northwind.example")
    lead = make_lead(team, company=company)
    assert ids(caller.get("companies", q="north")) == [company.pk]
    assert caller.patch(f"companies/{company.pk}", {"employees": 420}).json()["employees"] == 420
    assert Standing.objects.get(lead=lead).facts_rev == 2
    assert caller.patch(f"companies/{company.pk}", {"domain": "no domain"}).json()["fields"]["domain"]
