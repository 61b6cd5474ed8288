"""Whichever way somebody publishes while an experiment runs, it is refused and says why; a shadow ends, and says so."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from leads.models import Notice, User
from scoring import publishing
from scoring.models import Experiment, Publication, ScheduledPublication, ScoringModel, Version
from scoring.scheduling import publish_scheduled, schedule
from tests.experiments.lab import begin, live_model
from tests.leads.api import Caller
from tests.scoring.workshop import go_live

pytestmark = pytest.mark.django_db
REFUSED = "The experiment “Five more for a VP” runs on Inbound. Publishing now would spoil it"


@pytest.fixture
def model() -> ScoringModel:
    """With a version to go back to, and a draft that says something new."""
    model = live_model()[0]
    go_live(model)
    model.criteria.filter(name="VP").update(points=9)
    return model


@pytest.fixture
def running(model: ScoringModel) -> Experiment:
    return begin(model)


def test_by_page(client: Client, mara: User, model: ScoringModel, running: Experiment) -> None:
    client.force_login(mara)
    published = client.post(f"/scoring/models/{model.pk}/publications", {"note": "x"})
    assert published.status_code == 422 and REFUSED in published.content.decode()
    back = client.post(f"/scoring/models/{model.pk}/versions/1/publications", follow=True)
    assert REFUSED in back.content.decode()
    assert Version.objects.live().get().number == 2 and Experiment.objects.running().get() == running


def test_by_program(mara: User, model: ScoringModel, running: Experiment) -> None:
    caller = Caller(mara)
    published = caller.post(f"models/{model.pk}/publication", {"note": "x"})
    back = caller.post(f"models/{model.pk}/rollback", {"version": 1})
    assert published.status_code == back.status_code == 409
    assert REFUSED in str(published.json()) and REFUSED in str(back.json())


def test_by_command(model: ScoringModel, running: Experiment) -> None:
    with pytest.raises(CommandError, match="runs on Inbound"):
        call_command("model", "publish", model.slug, "--note", "x")


def test_on_the_day_it_was_scheduled_for(mara: User, model: ScoringModel) -> None:
    row = schedule(model, at=timezone.now() + timedelta(hours=1), by=mara)
    begin(model)
    ScheduledPublication.objects.filter(pk=row.pk).update(at=timezone.now())
    assert publish_scheduled() == []
    row.refresh_from_db()
    assert row.problem.startswith(REFUSED) and row.ended_at is not None
    assert REFUSED in Notice.objects.get(user=mara, kind="publication").text


def test_a_shadow_gives_way_and_says_so(client: Client, mara: User, model: ScoringModel) -> None:
    shadow = begin(model, shadow=True)
    client.force_login(mara)
    page = client.get(f"/scoring/models/{model.pk}/").content.decode()
    assert "It is a shadow, and ends when another version is published." in page
    client.post(f"/scoring/models/{model.pk}/publications", {"note": "x"})
    publication = Publication.objects.latest("pk")
    while publishing.run(publication):
        pass
    page = client.get(f"/scoring/experiments/{shadow.pk}/").content.decode()
    assert f"Version {publication.version.number} was published." in page
