"""Looks are due rows, each taken once; guards alarm once; the verdict says what the stop rule said."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from leads.enums import DealState, Role
from leads.models import Deal, Membership, Notice, Source, User
from scoring.experiments import guards, looks
from scoring.experiments.counts import Counts, counts, times
from scoring.experiments.looks import seen, take_due
from scoring.experiments.running import stop
from scoring.experiments.verdict import verdict
from scoring.models import Alarm, Entry, Experiment, Look, Participant, ScoringModel
from scoring.tasks import watch_experiments
from tests.experiments.lab import answered, began, begin, came, holds, live_model, newcomers, side_of
from tests.sales import make_team, make_user
from tests.threads import at_once

pytestmark = pytest.mark.django_db
concurrent = pytest.mark.django_db(transaction=True)


@pytest.fixture
def marketer() -> User:
    return make_user("Mia", make_team(), Role.MARKETING)


@pytest.fixture
def experiment(marketer: User) -> Experiment:
    return begin(live_model()[0], by=marketer)


def populate(experiment: Experiment, count: int, accepted: tuple[float, float], days_ago: float = 40) -> None:
    """Newcomers that came so long ago; of each side this share was accepted a week later, and as many rejected."""
    leads = newcomers(make_team(), count)
    came(experiment, days_ago)
    sides: list[list[Any]] = [[], []]
    for lead in leads:
        sides[side_of(lead).position].append(lead)
    for side, share in zip(sides, accepted, strict=True):
        yes = round(len(side) * share)
        answered(side[:yes], accepted=True, days_ago=days_ago - 7)
        answered(side[yes : 2 * yes], accepted=False, days_ago=days_ago - 7)


def told(experiment: Experiment) -> Any:
    experiment.refresh_from_db()
    arms = list(experiment.arms.order_by("position"))
    return verdict(experiment, list(experiment.looks.order_by("number")), arms, counts(experiment))


def test_a_clear_difference_is_decided_at_a_look(experiment: Experiment, marketer: User) -> None:
    assert told(experiment).headline == "Too early to say."
    populate(experiment, 500, (0.1, 0.4))
    began(experiment, 50)
    assert take_due() == 1 and take_due() == 0
    look = Look.objects.get()
    saw = seen(look)
    assert look.decided and saw.cases == 500 and saw.best is not None and saw.best.says == "better"
    assert saw.limit is not None and saw.best.z > saw.limit and saw.best.low > 0
    said = told(experiment)
    assert (said.state, said.headline) == ("ready", "The challenger is better at what we set out to test.")
    assert said.best == experiment.arms.get(position=1) and "beyond chance" in said.text
    notice = Notice.objects.get(user=marketer)
    assert "is ready to decide" in notice.text and notice.url == f"/scoring/experiments/{experiment.pk}/"


def test_a_look_that_is_not_decisive_is_followed_by_the_next(experiment: Experiment) -> None:
    populate(experiment, 200, (0.2, 0.22))
    began(experiment, 50)
    take_due()
    first, second = Look.objects.order_by("number")
    assert not first.decided and seen(first).limit is not None
    assert second.taken_at is None and second.due_at > timezone.now()
    said = told(experiment)
    assert (said.state, said.headline) == ("running", "Nothing is decided yet.") and "could be chance" in said.text


def test_too_few_cases_cost_nothing(experiment: Experiment) -> None:
    populate(experiment, 40, (0.2, 0.2))
    began(experiment, 50)
    take_due()
    saw = seen(Look.objects.get(number=1))
    assert (saw.skipped, saw.limit) == ("Too few cases so far to say anything.", None)
    populate(experiment, 300, (0.2, 0.2))
    began(experiment, 60)
    take_due()
    assert seen(Look.objects.get(number=2)).limit is not None and not Notice.objects.exists()


def test_all_cases_in_and_no_difference(experiment: Experiment) -> None:
    populate(experiment, experiment.planned + 1, (0.2, 0.2))
    began(experiment, 60)
    take_due()
    look = Look.objects.get()
    assert look.decided and seen(look).fraction == 1.0
    said = told(experiment)
    assert (said.headline, said.best) == ("No difference was found.", None)


def test_the_last_few_cases_are_looked_at_too(experiment: Experiment) -> None:
    """With all but one case in at a look, what is left is less than a hundredth, and the next look still decides."""
    arms = list(experiment.arms.order_by("position"))

    def cases(n: int) -> Counts:
        row = {"accepted": n // 10, "ripe": n // 2}
        return Counts({arm.pk: {1: row} for arm in arms})

    before = looks.judge(cases(998), arms, "accepted", 1000, [0.5])
    assert before.limit is not None and not looks.is_decided(before)
    assert looks.judge(cases(998), arms, "accepted", 1000, [0.5, 0.998]).skipped
    last = looks.judge(cases(1000), arms, "accepted", 1000, [0.5, 0.998])
    assert last.limit is not None and looks.is_decided(last)


def test_a_difference_in_customers_is_not_told_to_be_open(marketer: User) -> None:
    """Where customers decide they are not called open; where they are only watched they are not called proved."""
    for outcome in ("won", "accepted"):
        experiment = begin(live_model(outcome)[0], by=marketer, outcome=outcome)
        arms = list(experiment.arms.order_by("position"))
        rows = [{"ripe": 500, "leads": 500, "won": k, "accepted": k, "won_so_far": k} for k in (50, 125)]
        found = Counts({arm.pk: {1: row} for arm, row in zip(arms, rows, strict=True)})
        saw = looks.judge(found, arms, outcome, 1000, [])
        Look.objects.filter(experiment=experiment).update(
            taken_at=timezone.now(), result=asdict(saw), decided=looks.is_decided(saw)
        )
        said = verdict(experiment, list(experiment.looks.all()), arms, found)
        assert said.best == arms[1] and "still open" not in said.text
        assert (said.text.count("customers"), "not tested" in said.text) == (1, outcome == "accepted")


def test_what_came_after_the_end_is_not_counted(experiment: Experiment) -> None:
    leads = newcomers(make_team(), 4)
    arms = list(experiment.arms.order_by("position"))
    end = timezone.now()
    for lead in leads:
        Entry.objects.create(
            lead=lead, seq=99, cause="rules", as_of=end, recorded_at=end + timedelta(days=3), label="hot"
        )
    assert sum(counts(experiment, end).rate(arm.pk, "hot").k for arm in arms) == 0
    assert sum(counts(experiment, end + timedelta(days=4)).rate(arm.pk, "hot").k for arm in arms) == 4


def test_the_champion_may_win(experiment: Experiment) -> None:
    populate(experiment, 500, (0.4, 0.1))
    began(experiment, 60)
    take_due()
    assert told(experiment).headline == "The champion is better: keep it." and told(experiment).best is None


def test_what_came_lately_does_not_count_yet(experiment: Experiment) -> None:
    """A lead counts 30 days after it came, and an answer after that is too late."""
    leads = newcomers(make_team(), 60)
    came(experiment, 29)
    arms = list(experiment.arms.order_by("position"))
    assert [counts(experiment).rate(arm.pk, "accepted").n for arm in arms] == [0, 0]
    came(experiment, 40)
    answered(leads[:10], accepted=True, days_ago=20)  # within 30 days
    answered(leads[10:15], accepted=True, days_ago=5)  # later
    found = counts(experiment)
    assert sum(found.rate(arm.pk, "accepted").k for arm in arms) == 10
    assert sum(found.rate(arm.pk, "decided").k for arm in arms) == 15
    assert sum(found.rate(arm.pk, "handed").k for arm in arms) == 15
    took = [one.accepted for one in times(experiment).values() if one.accepted]
    assert all(20 < days < 40 for days in took)


def test_customers_are_counted_for_the_side_they_were_drawn_for(experiment: Experiment) -> None:
    lead, *_ = newcomers(make_team(), 4)
    came(experiment, 40)
    source = Source.objects.named(lead.team, "CRM", "crm")
    closed = timezone.now() - timedelta(days=20)
    for number, state in enumerate([DealState.WON, DealState.LOST]):
        Deal.objects.create(team=lead.team, lead=lead, source=source, external_id=str(number), name="x", state=state,
                            closed_at=closed)  # fmt: skip
    arm = side_of(lead)
    stop(experiment, by=None)
    found = counts(experiment)
    assert (found.rate(arm.pk, "won").k, found.rate(arm.pk, "won_so_far").k) == (1, 1)


@concurrent
def test_two_workers_take_a_look_once(experiment: Experiment) -> None:
    populate(experiment, 100, (0.2, 0.2))
    began(experiment, 50)
    assert sorted(at_once(lambda _: take_due(), range(3))) == [0, 0, 1]
    assert Look.objects.count() == 2


@concurrent
def test_without_the_lock_a_look_would_be_taken_twice(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: who does not hold the row takes it again, and the constraint breaks it off."""
    from django.db.models import QuerySet

    populate(experiment, 100, (0.2, 0.2))
    began(experiment, 50)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_: rows)
    honest, look = looks.look_at, Look.objects.get()

    def interrupted(found: Experiment, now: Any) -> Any:
        monkeypatch.setattr(looks, "look_at", honest)
        take_due()
        return honest(found, now)

    monkeypatch.setattr(looks, "look_at", interrupted)
    with pytest.raises(Exception, match="frozen"):
        take_due()
    assert Look.objects.filter(pk=look.pk).exists()


def test_after_a_standstill_only_the_next_look_follows(experiment: Experiment) -> None:
    populate(experiment, 100, (0.2, 0.2))
    began(experiment, 300)
    experiment.looks.update(due_at=timezone.now() - timedelta(days=200))
    assert take_due() == 1 and take_due() == 0
    assert Look.objects.filter(taken_at=None).get().due_at > timezone.now()


def test_a_stopped_experiment_is_not_looked_at(experiment: Experiment) -> None:
    began(experiment, 50)
    stop(experiment, by=None)
    assert take_due() == 0
    assert told(experiment).headline == "Ended before anything was decided."


# --- Guards -----------------------------------------------------------------------------------------------------------


def hours_ago(experiment: Experiment) -> None:
    Experiment.objects.filter(pk=experiment.pk).update(watched_at=timezone.now() - timedelta(hours=2))


def test_hot_leads_beyond_the_limit_alarm_once(experiment: Experiment, marketer: User) -> None:
    leads = newcomers(make_team(), 200)
    hot = [lead for n, lead in enumerate(leads) if side_of(lead).position == 1 or n % 5 == 0]
    Entry.objects.filter(lead__in=hot).delete()
    Entry.objects.bulk_create(
        Entry(lead=lead, seq=1, cause="activity", as_of=timezone.now(), recorded_at=timezone.now(), label="hot")
        for lead in hot
    )
    hours_ago(experiment)
    watch_experiments()
    alarm = Alarm.objects.get()
    assert alarm.guard == "hot" and "of its leads became Hot" in alarm.text
    hours_ago(experiment)
    watch_experiments()
    assert Alarm.objects.count() == 1 and Notice.objects.filter(user=marketer).count() == 1


def test_more_than_sales_can_work(experiment: Experiment) -> None:
    rep = make_user("Rob", make_team())
    arms = list(experiment.arms.order_by("position"))
    found = Counts(
        {arm.pk: {1: {"leads": 200, "hot": hot, "due": 0, "late": 0}} for arm, hot in zip(arms, (10, 60), strict=True)}
    )
    began(experiment, 14)
    assert "room" not in {guard.slug for guard in guards.guards(experiment, found)}, "nobody set a limit"
    Membership.objects.filter(user=rep).update(weekly_capacity=15)
    room = {guard.slug: guard for guard in guards.guards(experiment, found)}["room"]
    assert room.alarm and room.text == "For all leads it would make about 60 Hot a week. Sales can work 15."
    Experiment.objects.filter(pk=experiment.pk).update(ended_at=timezone.now() - timedelta(days=7), ending="stopped")
    experiment.refresh_from_db()
    assert "about 120 Hot a week" in next(one.text for one in guards.guards(experiment, found) if one.slug == "room")


def test_late_answers(experiment: Experiment) -> None:
    leads = newcomers(make_team(), 200)
    came(experiment, 40)
    sides: list[list[Any]] = [[], []]
    for lead in leads:
        sides[side_of(lead).position].append(lead)
    answered(sides[0], accepted=True)
    answered(sides[1], accepted=True, late=True)
    found = {guard.slug: guard for guard in guards.guards(experiment, counts(experiment))}
    assert found["answers"].alarm and not found["split"].alarm
    assert (found["answers"].champion.k, found["answers"].challenger.k) == (0, len(sides[1]))


def test_an_uneven_draw(experiment: Experiment) -> None:
    newcomers(make_team(), 300)
    champion, challenger = experiment.arms.order_by("position")
    moved = Participant.objects.filter(arm=champion).values("pk")[:60]
    Participant.objects.filter(pk__in=list(moved.values_list("pk", flat=True))).update(arm=challenger)
    found = {guard.slug: guard for guard in guards.guards(experiment, counts(experiment))}
    assert found["split"].alarm and "do not trust the comparison" in found["split"].text


# --- From start to promotion, through the pages -----------------------------------------------------------------------


@concurrent
def test_a_whole_experiment_through_the_pages(marketer: User, client: Client) -> None:
    model: ScoringModel = live_model()[0]
    client.force_login(marketer)
    assert "No experiment yet" in client.get("/scoring/experiments/").content.decode()
    asked = {"name": "VPs first", "model": model.pk, "challengers": [f"draft-{model.pk}"], "outcome": "accepted",
             "within": 30, "base": 20, "effect": 10}  # fmt: skip
    page = client.get("/scoring/experiments/new/", asked).content.decode()
    assert "763 leads" in page and "a change from 20.0% to 30.0%" in page
    started = client.post("/scoring/experiments/new/", asked)
    experiment = Experiment.objects.get()
    assert started.headers["Location"] == f"/scoring/experiments/{experiment.pk}/"
    assert (experiment.planned, experiment.base, experiment.effect) == (763, 0.2, 0.1)
    populate(experiment, 500, (0.1, 0.4))
    began(experiment, 50)
    watch_experiments()
    page = client.get(started.headers["Location"]).content.decode()
    assert "The challenger is better at what we set out to test." in page and "Promote challenger…" in page
    both = client.get(f"/scoring/experiments/{experiment.pk}/leads/").content.decode()
    assert both.count("<tr data-item>") == 20
    challenger = experiment.arms.get(position=1)
    answer = client.post(f"/scoring/experiments/{experiment.pk}/promotion", {"side": 1, "note": "It won"})
    from scoring import publishing
    from scoring.models import Publication, Version

    publication = Publication.objects.latest("pk")
    assert answer.headers["Location"] == f"/scoring/publications/{publication.pk}/"
    while publishing.run(publication):
        pass
    live = Version.objects.live().get()
    assert (live, live.note) == (challenger.version, "It won") and holds()
    page = client.get(f"/scoring/experiments/{experiment.pk}/").content.decode()
    assert "Promoted" in page and "Stop without promoting" not in page
    assert "Promoted" in client.get("/scoring/experiments/").content.decode()
