"""Before the start: which model is taken, by what and until when; what decides; how large a part a challenger gets."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from leads.enums import Role
from leads.models import User
from scoring.experiments.running import stop
from scoring.experiments.taken import until
from scoring.models import Experiment, Look, ScoringModel
from tests.experiments.lab import begin, live_model, newcomers, side_of
from tests.leads.api import Caller
from tests.sales import make_team, make_user

pytestmark = pytest.mark.django_db
NEW = "/scoring/experiments/new/"


@pytest.fixture
def marketer(client: Client) -> User:
    user = make_user("Mia", make_team(), Role.MARKETING)
    client.force_login(user)
    return user


def asked(model: ScoringModel, **extra: object) -> dict[str, object]:
    return {"name": "VPs first", "model": model.pk, "challengers": [f"draft-{model.pk}"], "outcome": "accepted",
            "within": 30, "base": 20, "effect": 10} | extra  # fmt: skip


def test_the_page_says_who_has_the_model_before_anything_is_filled_in(
    client: Client, marketer: User, model: ScoringModel
) -> None:
    page = client.get(NEW).content.decode()
    assert 'id="taken"' not in page and "Start experiment" in page
    shadow, other = begin(model, shadow=True, by=marketer), live_model("Partners")[0]
    page = client.get(NEW, {"model": model.pk}).content.decode()
    assert f'<b>Inbound is taken by <a href="/scoring/experiments/{shadow.pk}/">Five more for a VP</a></b>' in page
    assert until(shadow) in page and "Start experiment" not in page and "End the shadow…" in page
    assert "Inbound (taken by “Five more for a VP”)" in page and f'<a href="?model={other.pk}">Partners</a>' in page
    assert client.post(NEW, asked(model)).status_code == 422 and Experiment.objects.count() == 1


def test_a_shadow_is_ended_from_there_and_the_way_is_free(client: Client, marketer: User, model: ScoringModel) -> None:
    shadow = begin(model, shadow=True)
    back = client.post(f"/scoring/experiments/{shadow.pk}/ending", {"then": "new"})
    assert back.headers["Location"] == f"{NEW}?model={model.pk}"
    page = client.get(back.headers["Location"]).content.decode()
    assert 'id="taken"' not in page and "Start experiment" in page


def test_until_when(model: ScoringModel) -> None:
    experiment = begin(model)
    look = experiment.looks.get()
    assert until(experiment).startswith("First look on ") and "The last planned look is about" in until(experiment)
    Look.objects.filter(pk=look.pk).update(taken_at=timezone.now(), decided=True)
    assert until(experiment).startswith("It has been ready to decide since")
    stop(experiment, by=None)
    again = begin(model)
    Look.objects.filter(experiment=again).update(number=5)
    assert "That is the last one planned" in until(again)


def test_programs_are_told_too(model: ScoringModel) -> None:
    caller = Caller(make_user("Mia", make_team(), Role.MARKETING))
    plan = {"model": model.pk, "base": 0.2, "effect": 0.1}
    assert caller.get("experiments/plan", **plan).json()["taken"] is None
    shadow = begin(model, shadow=True)
    taken = caller.get("experiments/plan", **plan).json()["taken"]
    assert taken == {"experiment": shadow.pk, "name": "Five more for a VP", "until": until(shadow)}
    again = caller.post("experiments", plan | {"name": "x", "challengers": [{"draft": model.pk}]})
    assert again.status_code == 409 and "A shadow has no end of its own" in str(again.json())


def test_a_careful_start(client: Client, marketer: User, model: ScoringModel) -> None:
    """A fifth for the challenger: more leads in all, drawn so, and shown so."""
    page = client.get(NEW, asked(model, share=20)).content.decode()
    assert "1,148 leads" in page and "Champion, 80%" in page and "Challenger, 20%" in page
    client.post(NEW, asked(model, share=20))
    experiment = Experiment.objects.get()
    assert [(arm.low, arm.high) for arm in experiment.arms.order_by("position")] == [(0, 8000), (8000, 10_000)]
    leads = newcomers(make_team(), 150)
    challengers = sum(side_of(lead).position for lead in leads)
    assert 15 <= challengers <= 47
    page = client.get(f"/scoring/experiments/{experiment.pk}/").content.decode()
    assert "needed: 100%" in page and "of 919" in page and "of 230" in page


def test_a_share_larger_than_the_champions_is_refused(client: Client, marketer: User, model: ScoringModel) -> None:
    others = [live_model(f"M{number}")[0] for number in range(3)]
    sides = [f"draft-{one.pk}" for one in (model, *others)]
    page = client.post(NEW, asked(model, challengers=sides, share=30))
    assert page.status_code == 422 and "Give each challenger 5% to 20% of new leads" in page.content.decode()
    caller = Caller(marketer)
    refused = caller.get("experiments/plan", model=model.pk, base=0.2, effect=0.1, challengers=4, share=0.3)
    assert refused.status_code == 400 and "5% to 20%" in str(refused.json()["fields"]["share"])
    planned = caller.get("experiments/plan", model=model.pk, base=0.2, effect=0.1, share=0.2).json()
    assert (planned["planned"], planned["shares"], planned["per_side"]) == (1148, [0.8, 0.2], [919, 230])


def test_it_is_said_that_handoffs_of_two_sides_are_not_the_same_leads(
    client: Client, marketer: User, model: ScoringModel
) -> None:
    said = "Each side chooses which leads it hands off"
    assert said in client.get(NEW, asked(model, outcome="decided")).content.decode()
    assert said not in client.get(NEW, asked(model)).content.decode()


def test_what_has_been_stopped_is_free_after_a_while(model: ScoringModel) -> None:
    experiment = begin(model)
    Experiment.objects.filter(pk=experiment.pk).update(started_at=timezone.now() - timedelta(days=9))
    stop(experiment, by=None)
    assert begin(model).running
