"""A criterion is talked about by everybody who sees models, whatever their team."""

import pytest
from django.test import Client

from leads.enums import Role
from leads.models import Notice, User
from scoring.models import Criterion, Group, ScoringModel
from tests.leads.api import Caller
from tests.sales import make_team, make_user

pytestmark = pytest.mark.django_db
COUNTRY = {"field": "country", "op": "any_of", "value": ["DE"]}


@pytest.fixture
def criterion():
    model = ScoringModel.objects.create(name="Buyers", slug="buyers")
    group = Group.objects.create(model=model, name="Who", axis="fit")
    return Criterion.objects.create(model=model, group=group, name="Germany", condition=COUNTRY, points=5)


def test_across_teams(criterion):
    kim, ben = make_user("Kim", make_team()), make_user("Ben", make_team("APAC"), Role.MARKETING)
    for user, text in ((kim, "Too many points?"), (ben, "No.")):
        client = Client()
        client.force_login(user)
        page = client.post(f"/scoring/criteria/{criterion.pk}/comments/", {"text": text}, follow=True)
        assert "Talk about “Germany” of Buyers" in page.content.decode()
    assert list(Notice.objects.values_list("user", "text")) == [(kim.pk, "Ben on “Germany” of Buyers: No.")]
    rows = Caller(kim).get("comments", topic=f"criterion:{criterion.pk}").json()["results"]
    assert [row["text"] for row in rows] == ["No.", "Too many points?"]


def test_programs(criterion):
    caller = Caller(make_user("Kim", make_team()))
    made = caller.post("comments", {"topic": f"criterion:{criterion.pk}", "text": "Hm"})
    assert (made.status_code, made.json()["topic"]) == (201, f"criterion:{criterion.pk}")
    for topic in ("criterion:999", "criterion:x", "lead:1", "criterion:"):
        assert caller.post("comments", {"topic": topic, "text": "Hm"}).status_code == 400


def test_who_has_no_role_sees_nothing(criterion):
    caller = Caller(User.objects.create_user("new@example.com", name="New"))
    assert caller.get("comments").status_code == 403
