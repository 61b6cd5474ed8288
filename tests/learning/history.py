"""Past leads in the database whose truth is known, so that what is learned can be held against it."""

from datetime import timedelta

import numpy as np
from django.utils import timezone

from leads.enums import DealState
from leads.models import Deal, Event, EventKind, Lead, Source, Team
from scoring.sample import Question

QUESTION = Question(within=90, after=14)
N = 420


def history(team: Team, *, leads: int = N, signal: bool = True, seed: int = 7) -> list[Lead]:
    """Referrals with a webinar in the first days buy; what happened after the decision moment says nothing. Without a
    signal whoever buys is chance.
    """
    chance, today = np.random.default_rng(seed), timezone.now()
    referral, times = np.arange(leads) % 2 == 0, chance.integers(0, 3, leads)
    won = chance.random(leads) < (0.08 + 0.4 * referral + 0.2 * times if signal else 0.4)
    made = Lead.objects.bulk_create(
        Lead(team=team, email=f"p{row}@n.example", first_name="Ana", last_name=f"Ruiz {row}",
             title="VP Operations" if chance.random() < 0.5 else "Buyer", source="Referral" if referral[row] else "Web",
             created_at=today - timedelta(days=400 - 280 * row / leads))
        for row in range(leads)
    )  # fmt: skip
    _win(team, [lead for lead, bought in zip(made, won, strict=True) if bought])
    _attend(team, made, times)
    return made


def _win(team: Team, leads: list[Lead]) -> None:
    source = Source.objects.named(team, "CRM", "crm")
    Deal.objects.bulk_create(
        Deal(team=team, lead=lead, source=source, external_id=f"d{lead.pk}", name="Deal", state=DealState.WON,
             opened_at=lead.created_at, closed_at=lead.created_at + timedelta(days=40), amount=1000)
        for lead in leads
    )  # fmt: skip


def _attend(team: Team, leads: list[Lead], times: np.ndarray) -> None:
    kind, _ = EventKind.objects.get_or_create(slug="webinar_attended", defaults={"label": "attended a webinar"})
    source = Source.objects.named(team, "Site", "site")
    Event.objects.bulk_create(
        Event(lead=lead, kind=kind, source=source, message_id=f"m{lead.pk}-{time}",
              occurred_at=lead.created_at + timedelta(days=2 + time), received_at=lead.created_at)
        for lead, often in zip(leads, times, strict=True) for time in [*range(often), 60]
    )  # fmt: skip
