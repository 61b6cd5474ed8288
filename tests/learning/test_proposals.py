"""What our own past leads teach becomes a draft whose criteria mean the same to the engine as to the learner."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from leads.models import Event, EventKind, Lead, Source, Team
from scoring.engine.definition import freeze, load
from scoring.learning.learn import Learned
from scoring.learning.pastleads import past_leads
from scoring.learning.proposals import propose
from scoring.modelfile.apply import apply
from scoring.models import ScoringModel
from scoring.sample import Question, sample
from tests.scoring.past_leads import past_lead, past_rows

QUESTION = Question(within=90, after=14)
N = 260


@pytest.fixture
def team(db: None) -> Team:
    return Team.objects.create(name="North", slug="north")


@pytest.fixture
def history(team: Team) -> None:
    """Referrals with a webinar in the first days buy; what happened after the decision moment says nothing."""
    chance = np.random.default_rng(7)
    kind, _ = EventKind.objects.get_or_create(slug="webinar_attended", defaults={"label": "attended a webinar"})
    source = Source.objects.named(team, "Site", "site")
    events = []
    for row in range(N):
        referral, times = row % 2 == 0, int(chance.integers(0, 3))
        won = chance.random() < (0.1 + 0.4 * referral + 0.2 * times)
        lead = past_lead(team, 400 - row, 40 if won else None, source="Referral" if referral else "Web")
        events += [
            Event(lead=lead, kind=kind, source=source, message_id=f"m{row}-{time}",
                  occurred_at=lead.created_at + timedelta(days=2 + time), received_at=lead.created_at)
            for time in [*range(times), 60]
        ]  # fmt: skip
    Event.objects.bulk_create(events)


@pytest.fixture
def proposed(history: None) -> tuple[Learned, dict[str, Any]]:
    learned, file = propose(QUESTION, timezone.now(), budget=8)
    assert file is not None
    return learned, file


@pytest.mark.django_db
def test_the_draft_gives_each_lead_the_points_of_the_card(proposed: tuple[Learned, dict[str, Any]]) -> None:
    learned, file = proposed
    model = apply(file).model
    found = sample(QUESTION, timezone.now())
    results = past_rows([load(freeze(model))], found.moments)
    assert learned.card is not None
    raw = learned.card.totals(past_leads(found).table) - learned.card.base
    limit = model.axis_limit
    inside = [i for i, one in enumerate(results) if 0 < one.fit < limit and 0 < one.engagement < limit]
    shifts = {results[i].total - int(raw[i]) for i in inside}
    assert len(inside) > 30
    assert len(shifts) == 1


@pytest.mark.django_db
def test_the_draft_asks_who_they_are_and_what_they_did(proposed: tuple[Learned, dict[str, Any]]) -> None:
    _, file = proposed
    names = {group["name"]: [rule["name"] for rule in group["criteria"]] for group in file["groups"]}
    assert any("Source is any of" in name for name in names["Who they are"])
    assert any("a webinar" in name for name in names["What they did"])
    assert ScoringModel.objects.count() == 0


@pytest.mark.django_db
def test_too_few_leads_give_no_draft(team: Team) -> None:
    past_lead(team, 300, 40)
    learned, file = propose(QUESTION, timezone.now())
    assert (learned.refused, file) == ("too_few", None)
    assert Lead.objects.count() == 1
