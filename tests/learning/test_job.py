"""Learning as a job: a row, a worker, a card in the admin; stopped, begun again, refused."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from leads.enums import Role
from leads.models import Notice, Team
from scoring.learning import job, refresh
from scoring.learning.draft import make_draft
from scoring.models import Learning, LearningState, Refresh, ScoringModel, Version
from scoring.tasks import run_learnings
from tests.leads.api import Caller
from tests.learning.history import QUESTION, history
from tests.sales import make_user
from tests.scoring.workshop import add, field, go_live, make_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def live(team: Team) -> Version:
    """A model that looks at the wrong thing."""
    history(team)
    model = make_model()
    add(model.groups.get(name="Role"), "Web", 20, field("source", "is", "Web"))
    return go_live(model)


def learned(**asked: Any) -> Learning:
    row = job.ask(QUESTION, by=None, **{"budget": 8} | asked)
    run_learnings()
    row.refresh_from_db()
    return row


class TestWhatComesOut:
    def test_a_card_beside_the_live_version(self, live: Version) -> None:
        row = learned()
        assert (row.state, row.stage, row.attempts) == (LearningState.DONE, "", 1)
        names = {one["name"] for one in row.result["criteria"]}
        assert any("Source" in name for name in names)
        one = row.result["criteria"][0]
        assert one["lift_low"] < one["lift"] < one["lift_high"]
        assert 0 < one["won"] < one["n"] < 420
        against = row.result["against"]
        assert (against["number"], against["verdict"]) == (1, "better")
        assert against["card"]["value"] > 0.7 > against["live"]["value"]
        assert ScoringModel.objects.count() == 1

    def test_the_same_seed_gives_the_same_card(self, live: Version) -> None:
        first, second = learned(seed=3), learned(seed=3)
        assert first.result["criteria"] == second.result["criteria"]
        assert first.file["groups"] == second.file["groups"]

    def test_no_signal_no_card(self, team: Team) -> None:
        """Negative control."""
        history(team, signal=False)
        row = learned(budget=None)
        assert (row.state, row.file) == (LearningState.REFUSED, None)
        assert "no signal" in row.result["missing"]
        with pytest.raises(job.ValidationError):
            make_draft(row, by=None)

    def test_only_the_audience_is_learned_from(self, live: Version) -> None:
        row = learned(audience=field("source", "is", "Referral"))
        assert row.result["leads"] == 210

    def test_who_was_never_offered_is_said(self, live: Version) -> None:
        assert learned().result["bias"] == {"offered": 0, "leads": 420, "notable": True}


class TestTheDraft:
    def test_into_the_draft_of_the_model_that_is_live(self, live: Version) -> None:
        before, row = live.model.revisions.count(), learned()
        made = make_draft(row, into=live.model, by=None)
        assert made == live.model
        assert made.handoff_labels == ["hot"]
        assert {group.name for group in made.groups.all()} == {"Who they are", "What they did"}
        assert made.revisions.count() > before
        live.refresh_from_db()
        assert live.state == "live"

    def test_a_model_of_its_own_keeps_who_is_handed_to_sales(self, live: Version) -> None:
        made = make_draft(learned(), by=None)
        assert made.handoff_labels == ["hot"]
        assert not made.versions.exists()


class TestTheWorker:
    def test_stopped_while_it_runs(self, live: Version) -> None:
        row = job.ask(QUESTION, by=None)
        told = job._telling(Learning.objects.get(pk=row.pk), job.READING)
        assert job.stop(row)
        with pytest.raises(job.Unwanted):
            told(1, 2)
        run_learnings()
        row.refresh_from_db()
        assert (row.state, row.result) == (LearningState.STOPPED, {})
        assert not job.stop(row)

    def test_a_worker_that_dies_leaves_it_to_the_next(self, live: Version) -> None:
        row = job.ask(QUESTION, by=None, budget=8)
        Learning.objects.update(attempts=1, leased_until=timezone.now() + timedelta(minutes=1), state="running")
        run_learnings()
        row.refresh_from_db()
        assert row.attempts == 1  # its worker may be alive
        Learning.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
        run_learnings()
        row.refresh_from_db()
        assert (row.state, row.attempts) == (LearningState.DONE, 2)

    def test_the_dead_one_comes_too_late(self, live: Version) -> None:
        """A worker that only slept writes nothing once another one has begun."""
        row = job.ask(QUESTION, by=None)
        slow = Learning.objects.get(pk=row.pk)
        Learning.objects.update(attempts=1)
        with pytest.raises(job.Unwanted):
            job._end(slow, state=LearningState.DONE, result={"proposed": True})

    def test_after_three_deaths_it_says_so(self, live: Version) -> None:
        row = job.ask(QUESTION, by=None)
        Learning.objects.update(attempts=3)
        run_learnings()
        row.refresh_from_db()
        assert (row.state, row.problem) == (LearningState.FAILED, "The worker ended 3 times before it was done.")

    def test_one_at_a_time(self, live: Version) -> None:
        job.ask(QUESTION, by=None)
        with pytest.raises(job.Busy):
            job.ask(QUESTION, by=None)


class TestByItself:
    @pytest.fixture
    def due(self, live: Version) -> None:
        refresh.set_refresh(active=True, question=QUESTION, budget=8, by=None)
        Refresh.objects.update(due_at=timezone.now())

    def test_monthly_it_makes_a_draft_and_tells_marketing(self, due: None, team: Team) -> None:
        dana, rob = make_user("Dana", team, Role.MARKETING), make_user("Rob", team, Role.REP)
        run_learnings()
        row = Learning.objects.get()
        assert (row.origin, row.state) == (Learning.MONTHLY, LearningState.DONE)
        assert row.draft is not None
        assert not row.draft.versions.exists()
        notice = Notice.objects.get(user=dana)
        assert "Better than version 1, on the newest 84 leads" in notice.text
        assert notice.url == f"/scoring/learning/{row.pk}/"
        assert not Notice.objects.filter(user=rob).exists()
        run_learnings()
        assert Learning.objects.count() == 1  # the next one is in a month

    def test_a_draft_nobody_touched_makes_room(self, due: None) -> None:
        run_learnings()
        Refresh.objects.update(due_at=timezone.now())
        run_learnings()
        assert Learning.objects.count() == 2
        assert ScoringModel.objects.filter(name__startswith="Learned").count() == 1

    def test_switched_off_it_does_nothing(self, live: Version) -> None:
        """Negative control."""
        Refresh.objects.create(pk=1, active=False, due_at=timezone.now() - timedelta(days=1))
        run_learnings()
        assert not Learning.objects.exists()


class TestPages:
    @pytest.fixture
    def marketer(self, team: Team, client: Client) -> Client:
        client.force_login(make_user("Dana", team, Role.MARKETING))
        return client

    def test_what_is_missing_is_said(self, marketer: Client) -> None:
        said = marketer.get("/scoring/learning/").content.decode()
        assert "Not enough yet" in said
        assert "40 more" in said

    def test_from_the_question_to_the_draft(self, marketer: Client, live: Version) -> None:
        asked = {"outcome": "won", "within": "90", "moment": "created", "after": "14", "budget": "15", "seed": "1"}
        assert "There is enough to learn from" in marketer.get("/scoring/learning/", asked).content.decode()
        to = marketer.post("/scoring/learning/", asked).headers["Location"]
        row = Learning.objects.get()
        assert (row.question["within"], row.budget, row.seed) == (90, 15, 1)
        waiting = marketer.get(to).content.decode()
        assert "waiting for the worker" in waiting
        run_learnings()
        said = " ".join(marketer.get(to).content.decode().split())
        assert "Better than version 1, on the newest 84 leads" in said
        assert "Put into the draft of Inbound" in said
        response = marketer.post(f"{to}draft", {"into": live.model_id}, follow=True)
        assert "In the draft of Inbound" in response.content.decode()

    def test_a_draft_that_was_worked_on_is_not_replaced_unasked(self, marketer: Client, live: Version) -> None:
        row = learned()
        add(live.model.groups.get(name="Role"), "Fair", 20, field("source", "is", "Fair"))
        page = " ".join(marketer.get(f"/scoring/learning/{row.pk}/").content.decode().split())
        assert "Replace the whole draft of Inbound?" in page
        assert "It holds 1 change since version 1, which would go." in page
        unasked = marketer.post(f"/scoring/learning/{row.pk}/draft", {"into": live.model_id}, follow=True)
        assert "1 change since version 1, which would go. Nothing was replaced" in unasked.content.decode()
        assert live.model.criteria.filter(name="Fair").exists()
        given = {"into": live.model_id, "replace": "1"}
        said = marketer.post(f"/scoring/learning/{row.pk}/draft", given, follow=True).content.decode()
        assert f'<a href="/scoring/models/{live.model_id}/changes/">Changes</a> brings back what it was.' in said

    def test_nor_by_a_program(self, team: Team, live: Version) -> None:
        row, caller = learned(), Caller(make_user("Dana", team, Role.MARKETING))
        add(live.model.groups.get(name="Role"), "Fair", 20, field("source", "is", "Fair"))
        refused = caller.post(f"learnings/{row.pk}/draft", {"model": "inbound"})
        assert refused.status_code == 409 and live.model.criteria.filter(name="Fair").exists()
        assert refused.json() == {
            "error": "The draft of Inbound holds 1 change since version 1, which would go. Send replace: true to "
            f"replace it; POST models/{live.model_id}/restoration brings it back.",
            "since": 1,
            "lost": [{"kind": "new", "name": "Fair", "place": "Role", "before": "", "after": "Source is “Fair”: +20"}],
        }
        made = caller.post(f"learnings/{row.pk}/draft", {"model": "inbound", "replace": True})
        assert made.status_code == 201 and not live.model.criteria.filter(name="Fair").exists()
        again = caller.post(f"learnings/{row.pk}/draft", {"model": "inbound", "replace": True})
        assert again.json()["before"] == made.json()["before"], "the same card once more changes nothing"
        back = caller.post(f"models/{live.model_id}/restoration", {"change": made.json()["before"]})
        assert back.status_code == 200 and live.model.criteria.filter(name="Fair").exists()
        assert caller.post(f"learnings/{row.pk}/draft", {}).json()["before"] is None

    def test_of_two_cards_within_minutes_both_stay_in_the_history(self, team: Team, live: Version) -> None:
        dana, row = make_user("Dana", team, Role.MARKETING), learned()
        make_draft(row, into=live.model, by=dana)
        del row.file["groups"][0]["criteria"][-1]
        row.save()
        make_draft(row, into=live.model, replace=True, by=dana)
        newest, before = live.model.revisions.all()[:2]
        assert newest.snapshot != before.snapshot and {newest.origin, before.origin} == {"learned from past leads"}

    def test_left_in_anyway(self, marketer: Client, live: Version) -> None:
        row = learned()
        marketer.post("/scoring/learning/", {"like": row.pk, "keep": ["Job title"], "budget": "25"})
        again = Learning.objects.first()
        assert again is not None
        assert (again.keep, again.budget, again.question) == (["Job title"], 25, row.question)

    def test_the_same_through_the_api(self, team: Team, live: Version) -> None:
        caller = Caller(make_user("Dana", team, Role.MARKETING))
        assert caller.get("learning-readiness", within=90).json()["ready"]
        made = caller.post("learnings", {"within": 90, "budget": 8})
        assert made.status_code == 202
        assert caller.post("learnings", {}).status_code == 409
        run_learnings()
        read = caller.get(f"learnings/{made.json()['id']}").json()
        assert read["state"] == "done"
        draft = caller.post(f"learnings/{read['id']}/draft", {"model": "inbound"})
        assert draft.json()["slug"] == "inbound"
        assert caller.post(f"learnings/{read['id']}/cancellation", {}).status_code == 409
        assert caller.get("learnings").json()["results"][0]["id"] == read["id"]
        assert caller.put("learning-refresh", {"active": True}).json()["active"]
