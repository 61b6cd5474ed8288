"""Leads of last year, some of whom became customers."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from leads.enums import DealState
from leads.models import Deal, Lead, Source, Team
from tests.scoring.workshop import make_lead


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
