"""Leads of last year, some of whom became customers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from leads.enums import DealState
from leads.models import Deal, Lead, Source, Team
from scoring.engine.definition import Definition
from scoring.engine.past import evaluate_past
from tests.scoring.workshop import make_lead


@dataclass(frozen=True)
class PastRow:
    """A lead by the definition of that place."""

    definition: int
    lead_id: int
    fit: int
    engagement: int
    grade: str
    label: str
    points: list[int]

    @property
    def total(self) -> int:
        return self.fit + self.engagement


def past_rows(
    definitions: Sequence[Definition], moments: Sequence[tuple[int, datetime]], *, as_known: bool = False
) -> list[PastRow]:
    """Lead by lead what evaluate_past() says in columns."""
    return [
        PastRow(place, *row)
        for page in evaluate_past(definitions, moments, as_known=as_known)
        for place, one in enumerate(page)
        for row in zip(*(getattr(one, name).tolist() for name in one.__dataclass_fields__), strict=True)
    ]


def past_lead(team: Team, days_ago: int, won_after: int | None = None, **extra: Any) -> Lead:
    """A lead created so long ago; won_after: days from creation to its won deal."""
    created = timezone.now() - timedelta(days=days_ago)
    lead = make_lead(team, created_at=created, **extra)
    if won_after is not None:
        win(lead, created + timedelta(days=won_after))
    return lead


def win(lead: Lead, at: datetime) -> Deal:
    source = Source.objects.named(lead.team, "CRM", "crm")
    return Deal.objects.create(
        team=lead.team, lead=lead, source=source, external_id=f"d{lead.pk}", name="Deal", state=DealState.WON,
        opened_at=lead.created_at, closed_at=at, amount=1000,
    )  # fmt: skip
