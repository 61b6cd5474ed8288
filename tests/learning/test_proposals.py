"""What our own past leads teach becomes a draft whose criteria mean the same to the engine as to the learner."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from leads.models import Team
from scoring.engine.definition import freeze, load
from scoring.learning.draft import model_file
from scoring.learning.learn import Learned, learn
from scoring.learning.pastleads import past_leads
from scoring.modelfile.apply import apply
from scoring.models import ScoringModel
from scoring.sample import sample
from tests.learning.history import QUESTION, history
from tests.scoring.past_leads import past_rows


@pytest.fixture
def team(db: None) -> Team:
    return Team.objects.create(name="North", slug="north")


@pytest.fixture
def proposed(team: Team) -> tuple[Learned, dict[str, Any]]:
    history(team)
    past = past_leads(sample(QUESTION, timezone.now()))
    learned = learn(past.table, budget=8, keep=past.dated)
    assert learned.card is not None
    return learned, model_file(learned.card, past)


@pytest.mark.django_db
def test_the_draft_gives_each_lead_the_points_of_the_card(proposed: tuple[Learned, dict[str, Any]]) -> None:
    learned, file = proposed
    definition = replace(load(freeze(apply(file).model)), axis_limit=1_000)  # one lead in 200 lies outside the axes
    found = sample(QUESTION, timezone.now())
    results = past_rows([definition], found.moments)
    assert learned.card is not None
    raw = learned.card.totals(past_leads(found).table) - learned.card.base
    shifts = Counter(one.total - int(points) for one, points in zip(results, raw, strict=True))
    assert len(set(raw.tolist())) > 3
    assert shifts.most_common(1)[0][1] >= 0.98 * len(results)


@pytest.mark.django_db
def test_the_draft_asks_who_they_are_and_what_they_did(proposed: tuple[Learned, dict[str, Any]]) -> None:
    _, file = proposed
    names = {group["name"]: [rule["name"] for rule in group["criteria"]] for group in file["groups"]}
    assert any("Source is any of" in name for name in names["Who they are"])
    assert any("a webinar" in name for name in names["What they did"])
    assert ScoringModel.objects.count() == 0


@pytest.mark.django_db
def test_who_did_nothing_has_the_last_grade(proposed: tuple[Learned, dict[str, Any]]) -> None:
    _, file = proposed
    definition = load(freeze(apply(file).model))
    scores = past_rows([definition], sample(QUESTION, timezone.now()).moments)
    least = min(one.engagement for one in scores)
    assert {one.grade[1] for one in scores if one.engagement == least} == {"4"}
    assert min(definition.engagement_limits) > 0
