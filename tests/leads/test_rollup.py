"""A company's standing from its people, on its page, in the API and in conditions."""

from typing import Any

import pytest
from django.test import Client

from leads.conditions import ConditionError, parse
from leads.conditions.compile import leads_matching
from leads.conditions.vocabulary import Vocabulary
from leads.models import Company, Lead
from tests.leads.api import Caller
from tests.sales import make_lead, make_team, make_user, score

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    """Scores 60, 40, 30 and 20, a disqualified 90, and one who is not scored. 60 and 40 are engaged."""
    found = Company.objects.create(team=make_team(), name="Northwind")
    people = [(60, "A1", "hot"), (40, "C2", "cool"), (30, "B3", "warm"), (20, "D4", "cold"), (90, "A1", "disqualified")]
    for total, grade, label in people:
        score(make_lead(found.team, company=found), label=label, grade=grade, points=(total, 0, 0))
    make_lead(found.team, company=found)
    return found


def matching(name: str, op: str, value: Any = None) -> int:
    test = {"field": f"company.{name}", "op": op} | ({} if value is None else {"value": value})
    return Lead.objects.filter(leads_matching(test)).count()


def test_best_top_three_and_engaged(company: Company) -> None:
    found = Company.objects.with_rollup().get()
    assert (found.best_score, found.top3_score, found.engaged_people) == (60, 130, 2)


def test_all_its_people_are_found_by_it(company: Company) -> None:
    alone, nobody_scored = make_lead(company.team), Company.objects.create(team=company.team, name="Tarn")
    make_lead(company.team, company=nobody_scored)
    score(alone)
    assert matching("best_score", "is", 60) == matching("top3_score", "at_least", 130) == 6
    assert matching("engaged_people", "is", 2) == 6
    assert matching("engaged_people", "is", 0) == 1
    assert matching("best_score", "unknown") == 2
    assert matching("engaged_people", "unknown") == 1, "only who has no company"


def test_it_follows_from_scores_and_is_not_scored() -> None:
    for name in ("best_score", "top3_score", "engaged_people"):
        with pytest.raises(ConditionError, match="cannot be scored"):
            Vocabulary.load().check(parse({"field": f"company.{name}", "op": "at_least", "value": 1}))


def test_page_and_api(company: Company, client: Client) -> None:
    user = make_user("Rob", company.team)
    client.force_login(user)
    page = " ".join(client.get(f"/companies/{company.pk}/").content.decode().split())
    assert "<dt>Best score</dt><dd>60</dd>" in page and "<dt>Three best together</dt><dd>130</dd>" in page
    (row,) = Caller(user).get("companies").json()["results"]
    assert (row["best_score"], row["top3_score"], row["engaged_people"]) == (60, 130, 2)
    empty = Company.objects.create(team=company.team, name="Tarn")
    assert "Nobody is scored" in client.get(f"/companies/{empty.pk}/").content.decode()
    assert Caller(user).get(f"companies/{empty.pk}").json()["best_score"] is None
