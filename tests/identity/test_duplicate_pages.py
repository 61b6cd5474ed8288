"""The pages about duplicates, and their twins of the API."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leads.enums import PairState, Role
from leads.identity import current_id, finding
from leads.models import Company, DuplicatePair, Lead, Merge
from tests.leads.api import Caller
from tests.sales import make_lead, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia(team: Any) -> Any:
    return make_user("Mia", team, Role.MARKETING)


NAMES = ("Hartmann", "Oliveira", "Kowalski", "Petersen", "Dubois")


def pairs(team: Any, count: int = 1) -> list[DuplicatePair]:
    """Pairs of people with a short first name, the same phone and company."""
    for n in range(Company.objects.count(), Company.objects.count() + count):
        company = Company.objects.create(team=team, name=f"Northwind {n}")
        number, last = f"+49891234{n}567", NAMES[n]
        make_lead(team, first_name="Robert", last_name=last, phone=number, company=company, title="Buyer", city="")
        make_lead(team, first_name="Bob", last_name=last, phone=number, company=company, title="CEO", city="Bonn")
    while finding.check_due():
        pass
    return list(DuplicatePair.objects.order_by("pk"))


def test_a_person_merges_a_pair_field_by_field_and_takes_it_back(client: Client, team: Any, mia: Any) -> None:
    pair = pairs(team)[0]
    client.force_login(mia)
    page = client.get("/duplicates/").content.decode()
    assert f'id="pair-{pair.pk}"' in page
    survivor = Lead.objects.get(city="Bonn")
    other = pair.high if survivor == pair.low else pair.low
    answer = client.post(f"/duplicates/{pair.pk}/merge/?from=60", {"survivor": survivor.pk, "title": other.pk})
    assert (answer.status_code, answer["Location"]) == (302, "/duplicates/?from=60")
    assert list(Lead.objects.values_list("first_name", "title", "city")) == [("Bob", "Buyer", "Bonn")]
    assert "became part of this lead" in client.get(f"/leads/{other.pk}/", follow=True).content.decode()
    done = Merge.objects.get()
    assert (done.by, done.confidence, done.evidence) == (mia, pair.confidence, pair.evidence)
    client.post(f"/merges/{done.pk}/undoing/")
    assert set(Lead.objects.values_list("first_name", "title")) == {("Bob", "CEO"), ("Robert", "Buyer")}


def test_not_the_same_is_remembered_and_can_be_taken_back(client: Client, team: Any, mia: Any) -> None:
    pair = pairs(team)[0]
    client.force_login(mia)
    states = []
    for said in ({}, {"undo": "1"}):
        client.post(f"/duplicates/{pair.pk}/dismissal/", said)
        pair.refresh_from_db()
        states.append((pair.state, pair.decided_by))
    assert states == [(PairState.DIFFERENT, mia), (PairState.OPEN, mia)]


def test_many_are_merged_at_once(client: Client, team: Any, mia: Any) -> None:
    pairs(team, 3)
    client.force_login(mia)
    client.post("/duplicates/merges/", {"from": "90"})
    assert (Lead.objects.count(), Merge.objects.count()) == (3, 3)


def test_the_lead_page_hints_and_the_empty_page_says_so(client: Client, team: Any, mia: Any) -> None:
    client.force_login(mia)
    assert "No duplicates to decide" in client.get("/duplicates/").content.decode()
    pair = pairs(team)[0]
    assert "Possible duplicate of" in client.get(f"/leads/{pair.low_id}/").content.decode()
    assert client.get("/duplicates/?from=17").status_code == 422


def test_reps_do_not_merge(client: Client, team: Any) -> None:
    pair = pairs(team)[0]
    client.force_login(make_user("Rae", team))
    assert client.get("/duplicates/").status_code == 403
    assert client.post(f"/duplicates/{pair.pk}/merge/").status_code == 403
    assert Lead.objects.count() == 2


def test_the_list_costs_the_same_for_one_pair_and_for_three(client: Client, team: Any, mia: Any) -> None:
    client.force_login(mia)
    counts = []
    for _ in range(2):
        pairs(team, 2 * len(counts) + 1)
        with CaptureQueriesContext(connection) as queries:
            client.get("/duplicates/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_programs_do_the_same(team: Any, mia: Any) -> None:
    first, second, third = pairs(team, 3)
    api = Caller(mia)
    listed = api.get("duplicates/?confidence=80&state=open").json()["results"]
    assert [row["id"] for row in listed] == [third.pk, second.pk, first.pk]
    done = api.post(f"duplicates/{first.pk}/merge/", {"take": ["title"]})
    assert done.status_code == 201
    merged, survivor = done.json()["merged"], done.json()["survivor"]
    assert current_id(merged) == survivor
    answer = api.get(f"leads/{merged}/")
    assert (answer.status_code, answer["Location"]) == (302, f"/api/v1/leads/{survivor}/")
    assert api.post(f"duplicates/{second.pk}/dismissal/", {}).json()["state"] == "different"
    assert api.delete(f"duplicates/{second.pk}/dismissal/").json()["state"] == "open"
    assert api.post("duplicates/merges/", {"confidence": 90}).json() == {"merged": 2, "left": 0}
    assert api.post(f"merges/{done.json()['id']}/undoing/", {}).status_code == 200
    assert api.post(f"merges/{done.json()['id']}/undoing/", {}).status_code == 409
    again = api.post("merges/", {"survivor": merged, "merged": survivor})
    assert (again.status_code, current_id(survivor)) == (201, merged)
    assert api.get(f"merges/?survivor={merged}").json()["results"][0]["merged"] == survivor
