"""What the condition builder is told while somebody edits."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from leads.enums import Stage
from leads.models import Field, Lead, Membership, User
from scoring import conditions
from tests.sales import make_team
from tests.scoring.workshop import field, make_lead, record

pytestmark = pytest.mark.django_db


def check(client: Client, condition: Any) -> Any:
    return client.post(reverse("scoring:condition-check"), {"condition": condition}, content_type="application/json")


def test_the_sentence_and_the_leads_that_match(page: Client) -> None:
    team = make_team()
    make_lead(team, stage=Stage.CUSTOMER)
    make_lead(team, stage=Stage.ACCEPTED)
    make_lead(team)
    make_lead(team, title="Clerk", stage=Stage.CUSTOMER)
    assert check(page, field("title", "contains", "vp")).json() == {
        "sentence": "Job title contains “vp”",
        "matches": {"count": 3, "of": 4, "accepted": 2, "won": 1, "sample": None},
        "errors": [],
    }


def test_only_leads_of_ones_teams_are_counted(page: Client) -> None:
    make_lead(make_team())
    make_lead(make_team("APAC"))
    matches = check(page, field("title", "known")).json()["matches"]
    assert (matches["count"], matches["of"]) == (1, 1)


@pytest.mark.parametrize(
    ("condition", "path", "message"),
    [
        ({}, "", 'expected {"all": […]}, {"any": […]}, {"not": …}, a field test or an event test'),
        ({"all": [field("nope", "is", 1)]}, "all.0.field", "there is no field 'nope'"),
        ({"any": [{"not": field("company.employees", "between", [5, 1])}]}, "any.0.not.value",
         "the lower value comes first"),
        ({"event": "page_viewed", "at_least": None}, "at_least", "give a whole number, 1 or more"),
        ({"event": "page_viewed", "where": [{"property": "url", "op": "is", "value": ""}]}, "where.0.value",
         "give text"),
        (field("label", "is", "hot"), "", "Label follows from scoring or sales and cannot be scored"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(page: Client, condition: Any, path: str, message: str) -> None:
    answer = check(page, condition).json()
    assert answer == {"sentence": "", "matches": None, "errors": [{"path": path, "message": message}]}


@pytest.mark.parametrize("body", ["", "[]", "{}", "nonsense", "[" * 100_000])
def test_what_is_no_question_is_refused(page: Client, body: str) -> None:
    response = page.post(reverse("scoring:condition-check"), body, content_type="application/json")
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("condition", "limit"), [(field("title", "known"), "EXACT"), ({"event": "any", "at_most": 0}, "EXACT_EVENTS")]
)
def test_of_many_leads_a_sample_is_counted_and_it_says_so(
    page: Client, monkeypatch: pytest.MonkeyPatch, condition: Any, limit: str
) -> None:
    for _ in range(4):
        make_lead(make_team())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE leads_lead")
    assert check(page, condition).json()["matches"]["sample"] is None
    monkeypatch.setattr(conditions, limit, 3)
    matches = check(page, condition).json()["matches"]
    assert (matches["count"], matches["of"], matches["sample"]) == (4, 4, 4)  # so few fit into one sample


def test_a_count_that_takes_too_long_is_given_up(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_lead(make_team())
    monkeypatch.setattr(conditions, "PATIENCE", 1)
    where = [[{"property": f"p{n}", "op": "contains", "value": "x"}] for n in range(60)]
    slow = {"any": [{"event": "any", "at_least": n + 2, "where": asked} for n, asked in enumerate(where)]}
    answer = check(page, slow).json()
    assert answer["matches"] is None
    assert answer["sentence"].startswith("Did anything where p0 contains “x” at least 2 times or")
    assert Lead.objects.count() == 1  # the connection goes on


def test_who_has_no_role_sees_nothing(client: Client) -> None:
    client.force_login(User.objects.create_user("nobody@example.com", name="Nobody"))
    assert check(client, field("title", "known")).status_code == 403
    assert client.get(reverse("scoring:vocabulary")).status_code == 403


def test_the_words_there_are(page: Client) -> None:
    lead = make_lead(make_team(), country="ES")
    Field.objects.create(key="plan", label="Plan", type="choice", choices=["Free", "Pro"])
    record(lead, "page_viewed", url="/pricing", seconds=12)
    record(lead, "page_viewed", url="/pricing", nested={"a": 1})
    words = page.get(reverse("scoring:vocabulary")).json()
    fields = {item["key"]: item for item in words["fields"]}
    assert fields["custom.plan"] == {
        "key": "custom.plan", "label": "Plan", "type": "choice", "group": "Custom", "seen": [],
        "choices": [{"value": "Free", "label": "Free"}, {"value": "Pro", "label": "Pro"}],
    }  # fmt: skip
    assert fields["country"]["seen"] == ["ES"]
    assert "label" not in fields  # what scoring wrote cannot be scored
    assert words["kinds"][0] == {"slug": "any", "label": "did anything"}
    assert words["properties"] == {"page_viewed": {"nested": [], "seconds": ["12"], "url": ["/pricing"]}}


def test_the_words_of_another_team_stay_there(page: Client) -> None:
    record(make_lead(make_team("APAC"), country="NZ"), "page_viewed", url="/secret")
    words = page.get(reverse("scoring:vocabulary")).json()
    assert words["properties"] == {}
    assert "NZ" not in json.dumps(words)


def test_a_superuser_counts_every_lead(client: Client) -> None:
    make_lead(make_team("APAC"))
    client.force_login(User.objects.create_superuser("root@example.com", name="Root"))
    assert check(client, field("title", "known")).json()["matches"]["of"] == 1
    assert Membership.objects.count() == 0
