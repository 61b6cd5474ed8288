"""Segments: saved conditions over facts and standing, on their page, in the list of leads and in the API."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.enums import Label, Role, Stage
from leads.models import Lead, NurtureList, Rule, Segment, User
from leads.segments import segment_rows
from tests.leads.api import Caller
from tests.sales import make_lead, make_team, make_user, score

pytestmark = pytest.mark.django_db
HOT = {"field": "label", "op": "any_of", "value": ["hot"]}


def test_a_segment_is_made_and_narrows_the_list(page: Client) -> None:
    hot, cold = score(make_lead(make_team())), score(make_lead(make_team()), label=Label.COLD)
    answer = page.post(
        reverse("segment-new"), {"name": "Hot", "condition": '{"field": "label", "op": "any_of", "value": ["hot"]}'}
    )
    assert answer.status_code == 302
    segment = Segment.objects.get()
    assert segment.condition == HOT
    shown = page.get(reverse("leads"), {"segment": segment.pk}).content.decode()
    assert (hot.name in shown, cold.name in shown) == (True, False)
    assert "Hot" in page.get(reverse("segments")).content.decode()


@pytest.mark.parametrize(
    ("condition", "inside"),
    [
        (HOT, True),
        ({"field": "owner", "op": "known"}, True),
        ({"field": "owner", "op": "unknown"}, False),
        ({"field": "tags", "op": "includes", "value": ["vip"]}, True),
        ({"field": "team", "op": "is", "value": "emea"}, True),
        ({"field": "stage", "op": "any_of", "value": ["new"]}, True),
        ({"field": "total", "op": "at_least", "value": 31}, False),
    ],
)  # fmt: skip
def test_facts_and_standing_can_be_asked(mara: User, condition: dict, inside: bool) -> None:
    lead = score(make_lead(make_team(), owner=mara, tags=["vip", "fair"], stage=Stage.NEW))
    segment = Segment.objects.create(name="S", condition=condition)
    rows = Caller(mara).get(f"leads?segment={segment.pk}").json()["results"]
    assert [row["id"] for row in rows] == [lead.pk] * inside


def test_what_follows_from_a_score_is_offered_for_segments_only(page: Client) -> None:
    asked = {
        over: {field["key"] for field in page.get(reverse("scoring:vocabulary"), {"over": over}).json()["fields"]}
        for over in ("standing", "facts")
    }
    assert asked["standing"] - asked["facts"] >= {"label", "grade", "total", "fit", "engagement", "stage", "tags"}
    url = reverse("scoring:condition-check")
    body = {"condition": HOT}
    assert page.post(url, body, content_type="application/json").json()["errors"]
    said = page.post(f"{url}?over=standing", body, content_type="application/json").json()
    assert (said["errors"], said["matches"]["count"]) == ([], 0)


def test_a_segment_in_use_is_not_deleted(page: Client) -> None:
    segment = Segment.objects.create(name="Hot", condition=HOT)
    spring = NurtureList.objects.create(team=make_team(), name="Spring", segment=segment)
    answer = page.post(reverse("segment-deletion", args=[segment.pk]), follow=True).content.decode()
    assert "is used by nurture list “Spring”" in answer
    assert Caller(make_user("Ada", make_team(), Role.ADMIN)).delete(f"segments/{segment.pk}").status_code == 409
    spring.delete()
    page.post(reverse("segment-deletion", args=[segment.pk]))
    assert list(Segment.objects.all()) == []


def test_reps_look_and_marketing_edits(client: Client, mara: User) -> None:
    segment = Segment.objects.create(name="Hot", condition=HOT, team=make_team())
    client.force_login(make_user("Kim", make_team()))
    assert client.get(reverse("segments")).status_code == 200
    assert client.get(reverse("segment", args=[segment.pk])).status_code == 403
    elsewhere = make_team("APAC")
    answer = Caller(mara).post("segments", {"name": "X", "condition": HOT, "team": elsewhere.pk})
    assert answer.status_code == 400


def test_the_api_says_the_sentence(mara: User) -> None:
    answer = Caller(mara).post("segments", {"name": "Hot", "condition": HOT})
    assert (answer.status_code, answer.json()["sentence"], answer.json()["uses"]) == (201, "Label is any of “Hot”", [])
    wrong = Caller(mara).post("segments", {"name": "W", "condition": {"field": "nope", "op": "known"}})
    assert wrong.status_code == 400
    assert "nope" in str(wrong.json()["fields"]["condition"])


def test_tags_by_api_make_a_lead_due(mara: User) -> None:
    lead = make_lead(make_team())
    before = lead.standing.facts_rev
    answer = Caller(mara).patch(f"leads/{lead.pk}", {"tags": ["vip"]})
    assert answer.json()["tags"] == ["vip"]
    assert Lead.objects.get(pk=lead.pk).standing.facts_rev == before + 1


@pytest.mark.parametrize("path", ["/segments/", "/api/v1/segments/"])
def test_the_list_costs_the_same_for_one_and_for_three(page: Client, path: str) -> None:
    lead = score(make_lead(make_team()))

    def use(name: str) -> None:
        segment = Segment.objects.create(name=name, condition=HOT)
        Rule.objects.create(name=f"rule of {name}", segment=segment, stays=segment, actions={"tag": "x"})
        NurtureList.objects.create(name=f"list of {name}", team=lead.team, segment=segment)

    use("Alpha")
    page.get(path)
    with CaptureQueriesContext(connection) as one:
        page.get(path)
    for name in ("Beta", "Gamma"):
        use(name)
    with CaptureQueriesContext(connection) as three:
        said = page.get(path).content.decode()
    assert len(one) == len(three)
    assert ("rule “rule of Gamma”" in said, "nurture list “list of Beta”" in said) == (True, True)


def test_leads_inside_are_counted_for_all_at_once(mara: User) -> None:
    score(make_lead(make_team())), score(make_lead(make_team("APAC")))
    hot, cold = (
        Segment.objects.create(name="H", condition=HOT),
        Segment.objects.create(name="C", condition={"not": HOT}),
    )
    far = Segment.objects.create(name="F", team=make_team("APAC"), condition=HOT)
    broken = Segment.objects.create(name="B", condition={"field": "gone", "op": "known"})
    rows = segment_rows([hot, cold, far, broken], mara)
    assert [row.count for row in rows] == [1, 0, 0, None]
