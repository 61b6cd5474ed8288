"""Experiments for programs: what a page can do, a program can."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.enums import Role
from leads.models import Lead, Standing
from leads.statistics import Rate
from scoring import publishing
from scoring.api import experiments as views
from scoring.experiments.running import stop
from scoring.models import Experiment, Publication, ScoringModel
from tests.experiments.lab import QUIET, begin, live_model, newcomers
from tests.leads.api import Caller
from tests.sales import make_team, make_user
from tests.scoring.workshop import make_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller() -> Caller:
    return Caller(make_user("Mia", make_team(), Role.MARKETING))


def test_a_plan_is_worked_out_without_starting_anything(caller: Caller) -> None:
    model = live_model()[0]
    told = caller.get("experiments/plan", model=model.pk, base=0.2, effect=0.1).json()
    assert (told["planned"], told["per_side"], told["weeks"]) == (763, [382, 382], None)
    assert [row["weeks"] for row in told["findable"]] == [4, 8, 13, 26, 52]
    refused = caller.get("experiments/plan", model=model.pk)
    assert refused.status_code == 400 and "Too little is known of the last year (0 of 0)" in str(
        refused.json()["fields"]["base"]
    )
    wrong = caller.get("experiments/plan", model=model.pk, base=0.95, effect=0.1)
    assert "make no share" in str(wrong.json()["fields"]["effect"])
    assert not Experiment.objects.exists()


def test_start_read_and_stop(caller: Caller) -> None:
    model = live_model()[0]
    asked: dict[str, Any] = {"model": model.pk, "name": "VPs first", "base": 0.2, "effect": 0.1}
    wrong = caller.post("experiments", asked | {"challengers": [{"version": 77}]})
    assert wrong.status_code == 400 and '{"draft": id of a model}' in wrong.json()["fields"]["challengers"][0]
    made = caller.post("experiments", asked | {"challengers": [{"draft": model.pk}]})
    assert made.status_code == 201
    body = made.json()
    assert [(side["position"], side["share"]) for side in body["sides"]] == [(0, 0.5), (1, 0.5)]
    assert body["verdict"]["headline"] == "Too early to say." and body["looks"][0]["taken_at"] is None
    again = caller.post("experiments", asked | {"challengers": [{"draft": model.pk}]})
    assert again.status_code == 409
    (lead,) = newcomers(make_team(), 1)
    row = caller.get(f"experiments/{body['id']}/leads").json()["results"][0]
    assert row["lead"] == lead.pk and sorted(one["total"] for one in row["scores"]) == [15, 20]
    assert [one["decides"] for one in row["scores"]] == [True, False]
    ended = caller.post(f"experiments/{body['id']}/ending", {"note": "Budget"})
    assert (ended.json()["ending"], ended.json()["note"]) == ("stopped", "Budget")
    assert caller.post(f"experiments/{body['id']}/ending", {}).status_code == 409
    assert [one["name"] for one in caller.get("experiments").json()["results"]] == ["VPs first"]


def test_promotion(caller: Caller) -> None:
    experiment = begin(live_model()[0])
    assert caller.post(f"experiments/{experiment.pk}/promotion", {"position": 3}).status_code == 400
    answer = caller.post(f"experiments/{experiment.pk}/promotion", {"note": "It won"})
    assert answer.status_code == 202
    publication = Publication.objects.latest("pk")
    while publishing.run(publication):
        pass
    assert caller.get(f"experiments/{experiment.pk}").json()["ending"] == "promoted"
    assert caller.post(f"experiments/{experiment.pk}/promotion", {}).status_code == 409


def test_lists_cost_the_same_for_one_and_three(caller: Caller, client: Client) -> None:
    client.force_login(caller.token.user)

    def costs() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as api:
            caller.get("experiments")
        with CaptureQueriesContext(connection) as page:
            client.get("/scoring/experiments/")
        return len(api), len(page)

    experiment = begin(live_model()[0])
    costs()
    one = costs()
    for number in (2, 3):
        begin(live_model(f"M{number}")[0])
    assert costs() == one
    stop(experiment, by=None)


def test_a_page_costs_the_same_with_two_sides_and_with_four(client: Client) -> None:
    client.force_login(make_user("Mia", make_team(), Role.MARKETING))

    def cost(experiment: Experiment) -> int:
        newcomers(make_team(), 8)
        client.get(f"/scoring/experiments/{experiment.pk}/")
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/scoring/experiments/{experiment.pk}/").status_code == 200
        return len(asked)

    model = live_model()[0]
    two = begin(model)
    of_two = cost(two)
    stop(two, by=None)
    others = [make_model(f"M{number}") for number in range(2)]
    for points, other in enumerate(others, 3):
        other.criteria.filter(name="VP").update(points=points)
    assert cost(begin(model, model, *others)) == of_two


def test_the_other_model_and_the_shadow_on_their_pages(caller: Caller, client: Client) -> None:
    client.force_login(caller.token.user)
    model, version = live_model()
    ScoringModel.objects.filter(pk=model.pk).update(description="x")
    experiment = begin(model, shadow=True)
    newcomers(make_team(), 5)
    page = client.get(f"/scoring/experiments/{experiment.pk}/").content.decode()
    assert "The challenger scores in the shadow." in page and "The two agree on 5 of 5 leads." in page
    assert "Looks" not in page and experiment.started_at < timezone.now() and version.number == 1


def test_a_lead_that_moved_to_another_team_is_not_listed(caller: Caller, client: Client) -> None:
    experiment, ours = begin(live_model()[0]), make_team()
    kept, gone = newcomers(ours, 2)
    other = make_team("APAC")
    Lead.objects.filter(pk=gone.pk).update(team=other)
    Standing.objects.filter(pk=gone.pk).update(team=other)
    rows = caller.get(f"experiments/{experiment.pk}/leads").json()["results"]
    assert [row["lead"] for row in rows] == [kept.pk]
    client.force_login(caller.token.user)
    page = client.get(f"/scoring/experiments/{experiment.pk}/leads/").content.decode()
    assert page.count("<tr data-item>") == 1 and f"/leads/{gone.pk}/" not in page


def test_a_rate_of_few_cases_is_no_plan(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    model = live_model()[0]
    for rate, status in ((Rate(2, 29), 400), (Rate(2, 30), 200)):
        known = replace(QUIET, accepted=rate)
        monkeypatch.setattr(views, "volume", lambda model, within, known=known: known)
        assert caller.get("experiments/plan", model=model.pk, effect=0.1).status_code == status
