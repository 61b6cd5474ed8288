"""Past leads as they stood, and what came of them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from leads.conditions.vocabulary import Vocabulary
from leads.history import attributed
from leads.identity.merging import merge
from leads.models import Company, Handoff, Lead, Team
from scoring.backtest import backtest
from scoring.engine.definition import Definition, freeze, load
from scoring.leaks import leaks, without
from scoring.sample import LEAST, Question, answerable, sample
from tests.sales import hand_off
from tests.scoring.past_leads import past_lead, win
from tests.scoring.workshop import make_model, record

pytestmark = pytest.mark.django_db
QUESTION = Question(within=90)


def definition() -> Definition:
    return load(freeze(make_model()))


class TestSample:
    def test_a_lead_counts_once_its_time_is_over(self, team: Team) -> None:
        kept = [past_lead(team, 105, 40), past_lead(team, 300), past_lead(team, 300, 200)]
        past_lead(team, 103, 40)  # 14 days to the moment and 90 from there are not over
        found = sample(QUESTION, timezone.now())
        assert [lead for lead, _ in found.moments] == [lead.pk for lead in kept]
        assert found.won.tolist() == [True, False, False]  # the third won too late
        assert found.moments[0][1] == kept[0].created_at + timedelta(days=14)

    def test_what_was_decided_before_the_moment_is_no_question(self, team: Team) -> None:
        past_lead(team, 300, 10)
        assert sample(QUESTION, timezone.now()).moments == []

    def test_a_lead_that_became_part_of_another_is_no_loss(self, team: Team) -> None:
        winner, twin = past_lead(team, 300, 100), past_lead(team, 300)
        merge(winner, twin, by=None)
        found = sample(QUESTION, timezone.now())
        assert ([lead for lead, _ in found.moments], found.losses) == ([winner.pk], 0)

    def test_at_the_first_handoff(self, team: Team) -> None:
        lead = past_lead(team, 300, 100)
        opened = lead.created_at + timedelta(days=50)
        handoff = hand_off(team)
        Handoff.objects.filter(pk=handoff.pk).update(lead=lead, opened_at=opened)
        found = sample(Question(moment="handoff", within=90), timezone.now())
        assert (found.moments, found.wins) == ([(lead.pk, opened)], 1)

    def test_the_newest_are_kept(self, team: Team) -> None:
        old, new = past_lead(team, 400), past_lead(team, 200)
        assert [lead for lead, _ in sample(QUESTION, timezone.now(), most=1).moments] == [new.pk]
        assert old.pk < new.pk


class TestBacktest:
    def test_says_what_is_missing(self, team: Team) -> None:
        for _ in range(3):
            past_lead(team, 300, 60)
        found = backtest([definition()], QUESTION, timezone.now())
        assert found.missing == f"{LEAST - 3} more that did and {LEAST} more that did not"
        assert (found.n, found.won, found.worths) == (3, 3, [])

    def test_facts_from_after_the_moment_are_not_seen(self, team: Team) -> None:
        """Whoever won looked at prices: half of them before the moment, half of them after."""
        for number in range(2 * LEAST):
            lead = past_lead(team, 300, 60 if number % 2 else None, title="Buyer")
            if number % 2:
                record(lead, "page_viewed", days_ago=295 if number % 4 == 1 else 280, url="/pricing")
        model = definition()
        (found,) = backtest([model], QUESTION, timezone.now()).worths
        assert found.auc.value == pytest.approx(0.75)
        late = Question(within=90, after=25)
        (later,) = backtest([model], late, timezone.now()).worths
        assert later.auc.value == pytest.approx(1.0)  # control: five days on, all of it is seen

    def test_live_and_draft_on_the_same_leads(self, team: Team) -> None:
        for number in range(4 * LEAST):
            past_lead(team, 300, 60 if number % 2 else None, title="VP" if number % 2 else "Buyer")
        live = definition()
        worse = replace(live, criteria=tuple(replace(rule, points=0) for rule in live.criteria))
        found = backtest([worse, live], QUESTION, timezone.now())
        assert [worth.auc.value for worth in found.worths] == [0.5, 1.0]
        assert found.gain is not None
        assert found.gain.value == pytest.approx(0.5)
        for one in found.worths:
            assert sum(rate.n for rate in one.labels.values()) == found.n
            assert sum(rate.n for rate in one.grades.values()) == found.n
            assert sum(rate.n for _, _, rate in one.bands) == found.n
            assert sum(part.won for part in one.tenths) == pytest.approx(found.won)


class TestLeaks:
    def test_a_field_that_follows_the_outcome_is_named_and_left_out(self, team: Team) -> None:
        for number in range(2 * LEAST):
            lead = past_lead(team, 300, 60 if number % 2 else None, title="")
            if number % 2:  # sales writes the title down when the deal is won
                with attributed(held_at=lead.created_at + timedelta(days=60)):
                    Lead.objects.filter(pk=lead.pk).update(title="VP Operations")
        model = definition()
        found = sample(QUESTION, timezone.now())
        (leak,) = leaks([model], found, Vocabulary.load())
        assert (leak.key, leak.label, leak.changed, leak.won) == ("title", "Job title", LEAST, LEAST)
        cleaned = without(model, [leak])
        assert [rule.points for rule in cleaned.criteria] == [0, 0, 15, 10, 8, 10]
        assert backtest([model], QUESTION, timezone.now()).leaks == [leak]

    def test_of_companies_too_and_early_changes_are_none(self, team: Team) -> None:
        for number in range(2 * LEAST):
            lead = past_lead(team, 300, 60 if number % 2 else None)
            if number % 2:
                with attributed(held_at=lead.created_at + timedelta(days=70)):
                    Company.objects.filter(pk=lead.company_id).update(employees=900)
                with attributed(held_at=lead.created_at + timedelta(days=20)):
                    Lead.objects.filter(pk=lead.pk).update(title="CTO")
        found = leaks([definition()], sample(QUESTION, timezone.now()), Vocabulary.load())
        assert [leak.key for leak in found] == ["company.employees"]


def test_a_deal_won_twice_is_won_once(team: Team) -> None:
    lead = past_lead(team, 300, 60)
    deal = win(past_lead(team, 300), timezone.now())
    type(deal).objects.filter(pk=deal.pk).update(lead=lead)
    assert sample(QUESTION, timezone.now()).wins == 1


def test_the_earlier_and_the_later_half(team: Team) -> None:
    """Among the earlier leads VPs won, among the later ones buyers: one figure for all would hide it."""
    for number in range(4 * LEAST):
        early, won, vp = number < 2 * LEAST, number % 2 == 0, (number % 2 == 0) == (number < 2 * LEAST)
        title = "VP Sales" if vp else "Buyer"
        past_lead(team, 400 if early else 200, 60 if won else None, title=title)
    found = backtest([definition()], QUESTION, timezone.now())
    assert [(period.n, period.won) for period in found.periods] == [(2 * LEAST, LEAST)] * 2
    assert [round(period.aucs[0].value, 2) for period in found.periods] == [1.0, 0.0]
    assert found.periods[0].last < found.periods[1].first


def test_halves_with_too_few_outcomes_are_not_shown(team: Team) -> None:
    for number in range(2 * LEAST):
        past_lead(team, 300 + number, 60 if number % 2 else None)
    assert backtest([definition()], QUESTION, timezone.now()).periods == []


def test_another_question_that_can_be_answered_is_found(team: Team) -> None:
    assert answerable(timezone.now()) is None
    for number in range(2 * LEAST):
        past_lead(team, 500, 200 if number % 2 else None)
    assert sample(Question(within=90), timezone.now()).missing
    instead = answerable(timezone.now())
    assert instead is not None
    assert (instead[0], instead[1].wins) == (Question(within=365), LEAST)
