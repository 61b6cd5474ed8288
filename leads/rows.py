"""One line of a list of leads: the standing, what speaks for it, and when the lead was last active."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, OuterRef, QuerySet, Subquery

from leads.models import Event, EventKind, Lead, LedgerLine, Standing, Team, User, top_reasons

# What a list of standings reads along with each row.
JOINED = ("lead__company", "owner")


def standings_of(user: User) -> QuerySet[Standing]:
    """The standings a person may see. Always by team, for the indexes of the list begin with it."""
    standings = Standing.objects.visible_to(user)
    return standings.filter(team__in=list(Team.objects.all())) if user.is_superuser else standings


@dataclass(frozen=True)
class LeadRow:
    """`reasons`: [(criterion, points), …], most points first; empty while the lead is not scored."""

    standing: Standing
    reasons: list[tuple[str, int]]
    last_seen: datetime | None

    @property
    def lead(self) -> Lead:
        return self.standing.lead

    @property
    def top_reason(self) -> str:
        return self.reasons[0][0] if self.reasons else ""


def lead_rows(standings: Sequence[Standing]) -> list[LeadRow]:
    """The lines of these standings, which carry JOINED. Three queries."""
    lines = LedgerLine.objects.of(standing.version for standing in standings)
    seen = last_seen([standing.pk for standing in standings])
    return [
        LeadRow(
            standing,
            top_reasons(standing.points, lines.get(standing.version, [])) if standing.version else [],
            seen.get(standing.pk),
        )
        for standing in standings
    ]


def last_seen(lead_ids: Sequence[int]) -> dict[int, datetime]:
    """When each lead last did something itself. What we sent them does not count.

    The latest event is one step in the index of events by day: nobody's thousand events are read.
    """
    by_lead = list(EventKind.objects.filter(by_lead=True).values_list("pk", flat=True))
    own = Event.objects.filter(lead=OuterRef("pk"), kind__in=by_lead, quarantined=False)
    latest = own.order_by("-day", "-occurred_at").values("occurred_at")[:1]
    seen = Lead.objects.filter(pk__in=lead_ids).values_list("pk", Subquery(latest))
    return {lead: at for lead, at in seen if at}


def best_first(standings: QuerySet[Standing]) -> QuerySet[Standing]:
    """Highest total first; those that are not scored come last."""
    return standings.order_by(F("total").desc(nulls_last=True), F("lead_id").desc())
