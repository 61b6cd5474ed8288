"""Never two experiments on one audience, and what may be published meanwhile."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from leads.enums import Role
from leads.models import Standing
from scoring import publishing
from scoring.experiments import running
from scoring.experiments.running import stop
from scoring.freezing import ExperimentRunning
from scoring.models import (
    Experiment,
    Participant,
    PublishingPolicy,
    ScoringModel,
    TrialScore,
    Version,
    VersionState,
)
from tests.experiments.lab import begin, holds, live_model, newcomers
from tests.sales import make_team, make_user
from tests.scoring.workshop import field, go_live, make_model, rescore
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_at_a_time(model: ScoringModel) -> None:
    begin(model)
    with pytest.raises(ValidationError, match="runs on Inbound already"):
        begin(model)
    another = live_model("Another")[0]
    begin(another)


def test_two_who_start_at_once(model: ScoringModel) -> None:
    results = at_once(lambda _: begin(model), range(4))
    assert sorted(isinstance(one, Experiment) for one in results) == [False, False, False, True]
    assert all("already" in str(one) for one in results if not isinstance(one, Experiment))
    assert Experiment.objects.count() == 1 and Version.objects.filter(state=VersionState.TRIAL).count() == 1


def test_without_the_constraint_and_the_lock_two_would_start(
    model: ScoringModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above: with both guards off there are several, so the test can fail."""
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_experiment_of_a_model")
    try:
        monkeypatch.setattr(running, "held_draft", lambda model: model)
        monkeypatch.setattr(running, "hold_standings", lambda: None)
        monkeypatch.setattr(running, "_champion", lambda model: Version.objects.live().get())
        monkeypatch.setattr(running, "freeze_version", _numbered_apart)
        at_once(lambda _: begin(model), range(4))
        assert Experiment.objects.count() > 1
    finally:
        Experiment.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE UNIQUE INDEX one_experiment_of_a_model ON scoring_experiment (model_id) WHERE ended_at IS NULL"
            )


def _numbered_apart(model: ScoringModel, definition: Any, **extra: Any) -> Version:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('scoring_version', 'id')) + 1000")
        number = cursor.fetchone()[0]
    return Version.objects.create(model=model, number=number, definition=definition, **extra)


def test_publishing_and_going_back_are_refused(model: ScoringModel) -> None:
    first = Version.objects.get()
    model.criteria.filter(name="Student").update(points=-11)
    go_live(model)
    model.criteria.filter(name="Student").update(points=-12)
    experiment = begin(model)
    for act in (lambda: publishing.publish(model, by=None), lambda: publishing.rollback(first, by=None)):
        with pytest.raises(ExperimentRunning, match="“Five more for a VP” runs on Inbound"):
            act()
    stop(experiment, by=None)
    model.criteria.filter(name="Student").update(points=-13)
    go_live(model)


def test_it_does_not_start_while_a_version_is_scored_or_without_a_champion() -> None:
    model = make_model()
    with pytest.raises(ValidationError, match="Nothing of this model is live"):
        begin(model)
    publishing.publish(model, by=None)
    with pytest.raises(ValidationError, match="is being scored"):
        begin(model)


def test_the_same_twice_is_no_comparison(model: ScoringModel) -> None:
    with pytest.raises(ValidationError, match="nothing to compare"):
        begin(model, Version.objects.get())
    with pytest.raises(ValidationError, match="one to 4 challengers"):
        begin(model, *[make_model(f"M{n}") for n in range(5)])
    assert not Version.objects.filter(state=VersionState.TRIAL).exists()


def test_a_draft_that_decides_leads_needs_the_second_pair_of_eyes(model: ScoringModel) -> None:
    PublishingPolicy.objects.create(pk=1, four_eyes=True)
    by = make_user("Mia", make_team(), Role.MARKETING)
    with pytest.raises(ValidationError, match="approval of another person"):
        begin(model, by=by)
    assert begin(model, by=by, shadow=True).shadow


def test_another_model_is_published_meanwhile(model: ScoringModel) -> None:
    """It comes first and takes leads over: they took part, and all scores still add up."""
    ScoringModel.objects.filter(pk=model.pk).update(position=1)
    model.refresh_from_db()
    go_live(model)
    model.criteria.filter(name="VP").update(points=25)
    begin(model)
    leads = newcomers(make_team(), 20)
    first = make_model("Enterprise")
    ScoringModel.objects.filter(pk=first.pk).update(audience=field("email", "contains", "emea3x"))
    first.refresh_from_db()
    go_live(first)
    rescore()
    assert holds() and Participant.objects.count() == 20
    taken = Standing.objects.filter(version=Version.objects.live().get(model=first).pk)
    assert list(taken.values_list("pk", flat=True)) == [leads[3].pk]
    assert set(TrialScore.objects.values_list("lead", flat=True)) == {lead.pk for lead in leads} - {leads[3].pk}
