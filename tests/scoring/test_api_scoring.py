"""Standing, history and models for programs."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.enums import Role
from leads.models import ApiToken, Lead, Standing
from scoring import publishing
from scoring.models import Publication, Version
from tests.leads.api import Caller
from tests.sales import make_team, make_user
from tests.scoring.workshop import add, field, go_live, make_lead, make_model, record, rescore, reworded

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer() -> Caller:
    return Caller(make_user("Mara", make_team(), Role.MARKETING))


@pytest.fixture
def rep() -> Caller:
    return Caller(make_user("Rob", make_team()))


def test_the_lines_of_a_standing_add_up_to_its_total(rep: Caller) -> None:
    lead = make_lead(make_team())
    viewed = record(lead, "page_viewed", 1, url="/pricing")
    version = go_live(make_model())
    body = rep.get(f"leads/{lead.pk}/standing").json()
    assert {name: value for name, value in body.items() if name not in ("as_of", "lines")} == {
        "lead": lead.pk, "fit": 35, "engagement": 8, "total": 43, "grade": "B4", "label": "cool",
        "automatic_label": None, "version": version.pk, "model": "Inbound", "number": 1, "others": [],
        "experiment": None,
    }  # fmt: skip
    assert sum(line["points"] for line in body["lines"]) == 43
    lines = {line["criterion"]: line for line in body["lines"]}
    assert lines["VP"] == {
        "criterion": "VP", "kind": "criterion", "group": "Role", "axis": "fit", "points": 15,
        "evidence": [{"text": "VP Operations", "at": None}],
    }  # fmt: skip
    assert lines["Pricing page"]["evidence"] == [
        {"text": "/pricing", "at": viewed.occurred_at.isoformat().replace("+00:00", "Z")}
    ]
    assert (lines["Cap: Company gives at most 20"]["points"], lines["Webinar"]["points"]) == (-5, 0)


def test_a_lead_that_is_not_scored_has_nulls_and_no_lines(rep: Caller) -> None:
    body = rep.get(f"leads/{make_lead(make_team()).pk}/standing").json()
    assert (body["total"], body["label"], body["version"], body["model"], body["lines"]) == (None, "", None, None, [])


@pytest.mark.parametrize("what", ["standing", "history"])
def test_leads_of_other_teams_are_not_there(rep: Caller, what: str) -> None:
    lead = make_lead(make_team("APAC"))
    assert rep.get(f"leads/{lead.pk}/{what}").status_code == 404
    assert rep.get(f"leads/{lead.pk}/{what}/").status_code == 404


def test_the_history_is_paged_and_every_change_is_said(rep: Caller) -> None:
    lead = make_lead(make_team())
    go_live(make_model())
    for title in ("Clerk", "VP"):
        Lead.objects.filter(pk=lead.pk).update(title=title)
        rescore()
    rows: list[Any] = []
    body = rep.get(f"leads/{lead.pk}/history", page_size=1).json()
    while True:
        rows += body["results"]
        if not body["next"]:
            break
        body = rep.client.get(body["next"]).json()
    assert [(row["seq"], row["cause"], row["what"], row["change"], row["total"]) for row in rows] == [
        (3, "correction", "VP +15", 15, 35),
        (2, "correction", "VP −15", -15, 20),
        (1, "rules", "First score, by version 1", None, 35),
    ]


def test_a_history_costs_the_same_for_one_change_and_for_many(rep: Caller) -> None:
    lead = make_lead(make_team())
    go_live(make_model())

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert rep.get(f"leads/{lead.pk}/history").status_code == 200
        return len(queries)

    cost()  # notes the use of the token
    first = cost()
    for title in ("Clerk", "VP", "Clerk"):
        Lead.objects.filter(pk=lead.pk).update(title=title)
        rescore()
    assert cost() == first


def test_a_model_with_its_draft_in_sentences(rep: Caller) -> None:
    model = make_model()
    go_live(model, note="The first")
    (row,) = rep.get("models").json()["results"]
    assert (row["name"], row["versions"][0]["state"], row["versions"][0]["note"]) == ("Inbound", "live", "The first")
    rules = rep.get(f"models/{model.pk}").json()["rules"]
    assert [(group["name"], group["axis"], group["cap"]) for group in rules] == [
        ("Role", "fit", 20), ("Company", "fit", 20), ("Buying", "engagement", 30),
    ]  # fmt: skip
    webinar = rules[2]["criteria"][1]
    assert (webinar["name"], webinar["sentence"], webinar["worth"], webinar["condition"]) == (
        "Webinar", "Attended a webinar", "+10 for each event, fading over 60 days, at most 25",
        {"event": "webinar_attended"},
    )  # fmt: skip


def test_publishing_and_going_back(marketer: Caller) -> None:
    make_lead(make_team())
    model = make_model()
    answer = marketer.post(f"models/{model.pk}/publication", {"note": "By program"})
    assert (answer.status_code, answer.json()["number"], answer.json()["finished_at"]) == (202, 1, None)
    assert marketer.post(f"models/{model.pk}/publication", {"note": "By program"}).status_code == 409
    _finish()
    body = marketer.get(f"models/{model.pk}/publication").json()
    assert (body["leads"], body["changed"], body["pages"], body["pages_done"]) == (1, 1, 1, 1)
    assert Standing.objects.get().version == Version.objects.get().pk
    unchanged = marketer.post(f"models/{model.pk}/publication", {"note": "By program"})
    assert (unchanged.status_code, "there is nothing to publish" in unchanged.json()["error"]) == (409, True)
    reworded(model)
    nothing_said = marketer.post(f"models/{model.pk}/publication", {"note": " "})
    assert (nothing_said.status_code, list(nothing_said.json()["fields"])) == (400, ["note"])
    marketer.post(f"models/{model.pk}/publication", {"note": "By program"})
    _finish()
    assert marketer.post(f"models/{model.pk}/rollback", {"version": 1}).status_code == 202
    _finish()
    assert Version.objects.live().get().number == 1


def _finish() -> None:
    publication = Publication.objects.get(finished_at=None)
    while publishing.run(publication):
        pass


def test_what_cannot_be_published_is_named(marketer: Caller) -> None:
    model = make_model()
    add(model.groups.all()[0], "Broken", 1, field("custom.gone", "is", "x"))
    answer = marketer.post(f"models/{model.pk}/publication", {"note": "By program"})
    assert (answer.status_code, answer.json()) == (400, {"error": "Broken: field: there is no field 'custom.gone'"})
    answer = marketer.post(f"models/{model.pk}/rollback", {"version": 1})
    assert answer.json()["fields"] == {"version": ["There is no published version of that number."]}


def test_who_may_not_publish(rep: Caller) -> None:
    model = make_model()
    assert rep.post(f"models/{model.pk}/publication", {"note": "By program"}).status_code == 403
    assert rep.get(f"models/{model.pk}/publication").status_code == 404
    reader = Caller(make_user("Mara", make_team(), Role.MARKETING), scope=ApiToken.READ)
    assert reader.post(f"models/{model.pk}/publication", {"note": "By program"}).status_code == 403
    assert Publication.objects.count() == 0
