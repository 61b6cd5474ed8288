"""A version that was learned is judged on leads it was not learned from; one that people wrote on all."""

from collections import Counter
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from leads.enums import Role
from leads.models import Change, Lead, Standing
from scoring.learning import job
from scoring.learning.draft import make_draft
from scoring.learning.refresh import in_words
from scoring.learning.taught import leads_behind
from scoring.likelihood import calibrate_due, calibration_of, likelihood
from scoring.models import Calibration, Learning, Version
from scoring.preview.job import start
from scoring.replay import replay
from scoring.sample import sample
from scoring.tasks import run_learnings, run_previews
from tests.experiments.lab import begin, live_model
from tests.learning.history import QUESTION, history
from tests.sales import make_team, make_user
from tests.scoring.workshop import add, field, go_live, make_model, rescore

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(days=60)


def learn(*, ago: timedelta = timedelta(0)) -> Learning:
    """From the leads whose time was over then."""
    row = job.ask(QUESTION, by=None, budget=8)
    Learning.objects.filter(pk=row.pk).update(asked_at=timezone.now() - ago)
    run_learnings()
    row.refresh_from_db()
    return row


@pytest.fixture
def learned() -> Version:
    """A live version that was learned two months ago."""
    history(make_team(), leads=600)
    return go_live(make_draft(learn(ago=LONG_AGO), by=None))


class TestAgainstTheLiveVersion:
    def test_only_leads_decided_after_it_learned_speak(self, learned: Version) -> None:
        now = timezone.now()
        taught = {lead for lead, _ in sample(QUESTION, now - LONG_AGO).moments}
        assert leads_behind(learned) == taught
        against = learn().result["against"]
        newest = round(0.2 * len(sample(QUESTION, now).moments))
        assert against["leads"] + against["seen"] == newest
        assert 0 < against["leads"] == newest - len(taught & set(_newest(newest)))
        assert f"on the newest {against['leads']:,} leads, without {against['seen']:,} it was learned from" in in_words(
            against
        )

    def test_learned_from_nearly_all_it_cannot_be_told(self) -> None:
        history(make_team())
        go_live(make_draft(learn(), by=None))
        against = learn().result["against"]
        assert (against["verdict"], against["leads"], against["seen"]) == ("unknown", 0, 84)
        assert in_words(against).startswith("Whether it is as good as version 1 cannot be told yet, from 0 of 0 leads")

    def test_a_version_people_wrote_is_judged_on_all(self) -> None:
        """Negative control."""
        history(make_team())
        model = make_model()
        add(model.groups.get(name="Role"), "Referral", 20, field("source", "is", "Referral"))
        version = go_live(model)
        assert leads_behind(version) == frozenset()
        against = learn().result["against"]
        assert (against["leads"], against["seen"]) == (84, 0)

    def test_written_anew_it_is_no_longer_a_learned_one(self, learned: Version) -> None:
        learned.model.criteria.all().delete()
        add(learned.model.groups.earliest("pk"), "Referral", 3, field("source", "is", "Referral"))
        assert leads_behind(go_live(learned.model)) == frozenset()

    def test_taken_over_by_an_experiment_it_stays_a_learned_one(self) -> None:
        """A challenger is frozen as a version of the champion's model, wherever its draft was."""
        history(make_team())
        model, champion = live_model()
        row = learn(ago=LONG_AGO)
        challenger = begin(model, make_draft(row, by=None)).arms.get(position=1).version
        assert (challenger.model, leads_behind(champion)) == (model, frozenset())
        assert leads_behind(challenger) == {lead for lead, _ in sample(QUESTION, row.asked_at).moments}

    def test_one_criterion_alike_makes_no_learned_one(self) -> None:
        """Negative control."""
        history(make_team())
        model = make_model()
        one, *others = learn().result["criteria"]
        assert others
        add(model.groups.get(name="Role"), one["name"], one["points"], field("source", "is", "Referral"))
        assert leads_behind(go_live(model)) == frozenset()


def _newest(number: int) -> list[int]:
    moments = sorted(sample(QUESTION, timezone.now()).moments, key=lambda one: one[1])
    return [lead for lead, _ in moments[-number:]]


class TestLikelihood:
    def test_leads_that_taught_the_version_are_left_out_where_others_are_enough(self, learned: Version) -> None:
        Learning.objects.update(asked_at=timezone.now() - timedelta(days=250))
        question, figures, _ = calibration_of(learned, timezone.now())
        over = {lead for lead, _ in sample(question, timezone.now()).moments}
        assert figures["n"] == len(over - leads_behind(learned)) < len(over)
        assert figures["seen"] == 0

    def test_where_they_are_not_it_says_so(self) -> None:
        history(make_team())
        go_live(make_draft(learn(), by=None))
        rescore()
        calibrate_due()
        figures = Calibration.objects.get().figures
        assert figures["seen"] == figures["n"]
        assert likelihood(Standing.objects.earliest("pk")).seen == figures["n"]  # type: ignore[union-attr]

    def test_a_past_lead_has_the_label_it_would_be_given_at_that_moment(self) -> None:
        """Also by a criterion whose field follows the outcome, which a lead of today is scored by too."""
        leads = history(make_team(), leads=240)
        model = make_model()
        add(model.groups.get(name="Role"), "VP", 60, field("title", "contains", "VP"))
        version = go_live(model)
        _changed_when_they_bought(leads)
        question, figures, _ = calibration_of(version, timezone.now())
        assert figures["leaks"] == ["Job title"]
        found = sample(question, timezone.now()).moments
        labels = Counter(str(replay(version, [lead], moment)[0].label) for lead, moment in found)
        assert len(labels) > 1
        assert labels == {label: n for label, (_, n) in figures["labels"].items()}


def _changed_when_they_bought(leads: list[Lead]) -> None:
    won = Lead.objects.filter(deals__state="won")
    Change.objects.bulk_create(
        Change(lead=lead, field="title", old=lead.title, new=lead.title, held_at=lead.created_at + timedelta(days=40),
               learned_at=lead.created_at + timedelta(days=40), origin="crm") for lead in won
    )  # fmt: skip


def test_a_preview_says_that_the_draft_was_learned_from_these_leads(client: Client) -> None:
    team = make_team()
    history(team)
    row = learn()
    made = make_draft(row, by=None)
    client.force_login(make_user("Dana", team, Role.MARKETING))
    start(made, by=None, question=QUESTION)
    run_previews()
    page = " ".join(client.get(f"/scoring/models/{made.pk}/preview/").content.decode().split())
    assert f"Draft 1 was learned from {row.result['leads']} past leads, most of these among them" in page
