"""One side decides a lead, both scores are kept, and every number still adds up."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.enums import Cause, Label
from leads.models import Handoff, Lead, Standing
from scoring import publishing
from scoring.engine.sides import number_of, number_sql
from scoring.experiments.running import promote, stop
from scoring.models import (
    Entry,
    Experiment,
    Look,
    Participant,
    ScoringModel,
    TrialScore,
    Version,
    VersionState,
)
from scoring.pipeline import recount_all
from scoring.verify import verify_scores
from tests.experiments.lab import a_plan, begin, holds, newcomers, side_of, total
from tests.sales import make_team, make_user
from tests.scoring.workshop import add, field, go_live, make_lead, make_model, record, rescore

pytestmark = pytest.mark.django_db(transaction=True)


def finish(publication: Any) -> None:
    while publishing.run(publication):
        pass


def test_python_and_the_database_draw_alike() -> None:
    leads = [1, 2, 77, 123_456_789_012]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {number_sql('a1b2', 'id')} FROM unnest(%s::bigint[]) AS id", [leads])
        assert [row[0] for row in cursor.fetchall()] == [number_of("a1b2", lead) for lead in leads]
    drawn = [number_of("a1b2", lead) for lead in range(20_000)]
    assert min(drawn) >= 0 and max(drawn) < 10_000
    assert abs(sum(number < 5_000 for number in drawn) - 10_000) < 300
    with pytest.raises(ValueError, match="letters and digits"):
        number_sql("a'b", "id")


def test_each_newcomer_is_on_one_side_and_has_both_scores(model: ScoringModel) -> None:
    old = make_lead(make_team())
    rescore()
    experiment = begin(model)
    leads = newcomers(make_team(), 60)
    challenger = experiment.arms.get(position=1)
    assert Participant.objects.count() == 60 and not Participant.objects.filter(lead=old).exists()
    for lead in leads:
        mine = number_of(experiment.salt, lead.pk) >= 5_000
        assert side_of(lead).position == int(mine)
        assert total(lead) == (20 if mine else 15)
        beside = TrialScore.objects.get(lead=lead)
        assert (beside.total, beside.version_id == challenger.version_id) == ((15, False) if mine else (20, True))
        assert sum(beside.points) == beside.total
    assert {side_of(lead).position for lead in leads} == {0, 1}
    assert holds()


def test_facts_move_both_scores_and_time_is_kept(model: ScoringModel) -> None:
    begin(model)
    (lead,) = newcomers(make_team(), 1)
    record(lead, "page_viewed", url="/pricing")
    rescore()
    both = {total(lead), TrialScore.objects.get().total}
    assert both == {23, 28} and holds()
    TrialScore.objects.update(total=1)
    assert verify_scores().different == [lead.pk]
    recount_all(0)
    assert holds()


def test_verify_sees_a_side_that_is_missing(model: ScoringModel) -> None:
    begin(model)
    (lead,) = newcomers(make_team(), 1)
    TrialScore.objects.all().delete()
    assert verify_scores().different == [lead.pk]


def test_what_fades_on_the_other_side_is_due_in_time(model: ScoringModel) -> None:
    model.criteria.filter(name="Webinar").update(counting="once", days=None, at_most=None)
    go_live(model)
    model.criteria.filter(name="Webinar").update(counting="linear", days=60, at_most=25)
    begin(model)
    leads = newcomers(make_team(), 12)
    for lead in leads:
        record(lead, "webinar_attended")
    rescore()
    assert Standing.objects.filter(pk__in=[lead.pk for lead in leads], due_at=None).count() == 0
    assert holds()


def test_the_assigned_side_hands_off(model: ScoringModel) -> None:
    """Hot takes 25 on both axes; only the challenger gives that much for a title."""
    make_user("Rob", make_team())
    model.groups.filter(name="Role").update(cap=50)
    model.criteria.filter(name="VP").update(points=50)
    begin(model)
    leads = newcomers(make_team(), 20)
    for lead in leads:
        for _ in range(3):
            record(lead, "webinar_attended")
    rescore()
    challengers = {lead.pk for lead in leads if side_of(lead).position == 1}
    assert set(Handoff.objects.values_list("lead", flat=True)) == challengers
    assert set(Standing.objects.filter(label=Label.HOT).values_list("pk", flat=True)) == challengers
    assert holds()


def test_the_champion_is_as_it_was_without_an_experiment(model: ScoringModel) -> None:
    (before,) = newcomers(make_team(), 1)
    with CaptureQueriesContext(connection) as queries:
        record(before, "page_viewed", url="/pricing")
        rescore()
    asked = [q["sql"] for q in queries if "scoring_trialscore" in q["sql"] or "scoring_participant" in q["sql"]]
    assert asked == []


def test_shadow_mode_scores_without_showing(model: ScoringModel) -> None:
    experiment = begin(model, shadow=True)
    leads = newcomers(make_team(), 20)
    assert {total(lead) for lead in leads} == {15}
    assert set(TrialScore.objects.values_list("total", flat=True)) == {20} and TrialScore.objects.count() == 20
    assert {side_of(lead).position for lead in leads} == {0}
    assert not Look.objects.exists() and holds()
    assert stop(experiment, by=None) and not TrialScore.objects.exists() and holds()


def test_three_challengers(model: ScoringModel) -> None:
    other = make_model("Other")
    other.criteria.filter(name="VP").update(points=3)
    third = make_model("Third")
    third.criteria.filter(name="VP").update(points=9)
    experiment = begin(model, model, other, third)
    leads = newcomers(make_team(), 60)
    says = {0: 15, 1: 20, 2: 3, 3: 9}
    assert {side_of(lead).position for lead in leads} == {0, 1, 2, 3}
    for lead in leads:
        mine = side_of(lead).position
        assert total(lead) == says[mine]
        beside = set(TrialScore.objects.filter(lead=lead).values_list("total", flat=True))
        assert beside == set(says.values()) - {says[mine]}
    assert [arm.high - arm.low for arm in experiment.arms.all()] == [2500] * 4 and holds()


def test_a_challenger_is_for_the_champions_audience() -> None:
    vps = field("title", "contains", "VP")
    model = make_model()
    ScoringModel.objects.filter(pk=model.pk).update(audience=vps)
    model.refresh_from_db()
    go_live(model)
    other = make_model("Learned")
    other.criteria.filter(name="VP").update(points=7)
    everybody = make_model("Everybody")
    ScoringModel.objects.filter(pk=everybody.pk).update(position=5)
    everybody.refresh_from_db()
    go_live(everybody)
    experiment = begin(model, other)
    version = experiment.arms.get(position=1).version
    assert (version.model, version.definition["audience"]) == (model, vps)
    own = set(other.criteria.values_list("pk", flat=True))
    assert own.isdisjoint(rule["id"] for rule in version.definition["criteria"])
    clerk, *leads = newcomers(make_team(), 1, title="Clerk") + newcomers(make_team(), 20)
    assert not Participant.objects.filter(lead=clerk).exists() and Participant.objects.count() == 20
    assert holds()
    Lead.objects.filter(pk=leads[0].pk).update(title="Clerk")  # leaves the audience; it took part all the same
    rescore()
    assert not TrialScore.objects.filter(lead=leads[0]).exists() and Participant.objects.count() == 20 and holds()


def test_scores_of_a_model_are_asked_on_both_sides(model: ScoringModel) -> None:
    from leads.conditions.compile import leads_matching

    begin(model)
    leads = newcomers(make_team(), 20)
    asked = {"field": "score.inbound.total", "op": "at_least", "value": 1}
    assert set(Lead.objects.filter(leads_matching(asked))) == set(leads)


def test_deleting_a_lead_takes_its_part_along(model: ScoringModel) -> None:
    begin(model)
    (lead,) = newcomers(make_team(), 1)
    Lead.objects.filter(pk=lead.pk).delete()
    assert (TrialScore.objects.count(), Participant.objects.count()) == (0, 0)


# --- The end ----------------------------------------------------------------------------------------------------------


def test_stopping_gives_every_lead_back_to_the_champion(model: ScoringModel) -> None:
    experiment = begin(model)
    leads = newcomers(make_team(), 20)
    assert stop(experiment, by=None, note="Budget") is True and stop(experiment, by=None) is False
    rescore()
    assert {total(lead) for lead in leads} == {15} and holds()
    assert not TrialScore.objects.exists() and not Look.objects.exists() and Participant.objects.count() == 20
    causes = Entry.objects.filter(total=15, total_before=20).values_list("cause", flat=True)
    assert set(causes) == {Cause.RULES}
    experiment.refresh_from_db()
    assert (experiment.ending, experiment.note, experiment.running) == ("stopped", "Budget", False)
    assert Version.objects.get(number=2).state == VersionState.ABANDONED  # it never was live


def test_promoting_publishes_what_was_frozen(model: ScoringModel) -> None:
    experiment = begin(model)
    leads = newcomers(make_team(), 20)
    model.criteria.filter(name="VP").update(points=1)  # the draft goes on
    challenger = experiment.arms.get(position=1)
    publication = promote(experiment, challenger, by=None)
    with pytest.raises(ValidationError, match="is being promoted"):
        stop(experiment, by=None)
    finish(publication)
    rescore()
    assert {total(lead) for lead in leads} == {20} and holds()
    experiment.refresh_from_db()
    live = Version.objects.live().get()
    assert (experiment.ending, experiment.promoted, live) == ("promoted", challenger.version, challenger.version)
    assert live.note == "Promoted from the experiment “Five more for a VP”" and not TrialScore.objects.exists()
    assert Version.objects.filter(state=VersionState.RETIRED).count() == 1
    with pytest.raises(ValidationError, match="not on trial"):
        promote(experiment, challenger, by=None)
    go_live(model)
    begin(make_and_change(model))


def make_and_change(model: ScoringModel) -> ScoringModel:
    add(model.groups.first(), "Director", 3, field("title", "contains", "Director"))
    return model


def test_a_promotion_that_is_given_up_leaves_the_experiment_running(model: ScoringModel) -> None:
    experiment = begin(model)
    leads = newcomers(make_team(), 20)
    publication = promote(experiment, experiment.arms.get(position=1), by=None)
    publishing.abandon(publication)
    assert Experiment.objects.running().get() == experiment
    assert {total(lead) for lead in leads} == {15, 20} and holds()
    with pytest.raises(ValidationError, match="Choose a challenger"):
        promote(experiment, experiment.arms.get(position=0), by=None)


def test_facts_arrive_while_it_ends(model: ScoringModel) -> None:
    experiment = begin(model)
    leads = newcomers(make_team(), 10)
    for lead in leads:
        record(lead, "page_viewed", url="/pricing")
    stop(experiment, by=None)
    rescore()
    assert {total(lead) for lead in leads} == {23} and holds()
    causes = Entry.objects.filter(total=23).values_list("cause", flat=True)
    assert set(causes) == {Cause.ACTIVITY}, "what was due by activity is not called rules"


def test_what_was_set_before_the_start_stays(model: ScoringModel) -> None:
    experiment = begin(model)
    for change in ({"salt": "other"}, {"planned": 1}, {"effect": 0.5}, {"after": 99}):
        with pytest.raises(Exception, match="is frozen"), transaction.atomic():
            Experiment.objects.filter(pk=experiment.pk).update(**change)
    with pytest.raises(Exception, match="is frozen"), transaction.atomic():
        experiment.arms.filter(position=1).update(low=0)
    Experiment.objects.filter(pk=experiment.pk).update(watched_at=timezone.now() + timedelta(hours=1))


def test_a_plan_says_how_many_and_how_long() -> None:
    plan = a_plan()
    assert 600 < plan.planned < 800 and plan.weeks == pytest.approx(plan.planned / 140 + 30 / 7)
    assert plan.per_side == [(plan.planned + 1) // 2] * 2


def test_a_shadow_ends_when_another_version_is_published(model: ScoringModel) -> None:
    experiment = begin(model, shadow=True)
    leads = newcomers(make_team(), 5)
    model.criteria.filter(name="VP").update(points=7)
    go_live(model)
    rescore()
    experiment.refresh_from_db()
    assert (experiment.ending, experiment.note) == ("stopped", "Version 3 was published.")
    assert {total(lead) for lead in leads} == {7} and not TrialScore.objects.exists() and holds()
    assert set(Version.objects.values_list("number", "state")) == {(1, "retired"), (2, "abandoned"), (3, "live")}
