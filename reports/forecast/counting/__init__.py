"""What was seen: the evidence from the database, as it was known at a moment.

evidence   what a forecast rests on: counts, nothing else
deals      deals, and what became of them in each week of their age
leads      leads as they stood on days of the past, and when a deal came of them

Results and labels are as they were then; a deal closed later was open. Two things have no history and are left out of
past moments instead of guessed: amounts of deals that were open then, and teams a lead has left since.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from leads.models import Team
from reports.forecast.counting.deals import counted_deals, deals_known
from reports.forecast.counting.evidence import LABELS, Evidence, Floats
from reports.forecast.counting.leads import counted_leads

__all__ = ["LABELS", "Evidence", "Floats", "count"]

YEAR = timedelta(days=365)
FRESH = timedelta(days=1)  # amounts of open deals are those of now: older moments do without
STEPS = ("Deals and what became of them", "Leads as they stood on days of the past")

Say = Callable[[str], None]


def count(as_of: datetime | None = None, say: Say = lambda step: None) -> Evidence:
    """What was known at the moment (default: now), of all teams. Two passes over the tables; writes nothing."""
    now = timezone.now()
    as_of = as_of or now
    teams = list(Team.objects.order_by("pk").values_list("pk", flat=True))
    say(STEPS[0])
    deals = deals_known(as_of, teams, amounts=now - as_of < FRESH)
    say(STEPS[1])
    start = max(as_of - YEAR, as_of - timedelta(days=deals.record_days))
    return Evidence(as_of=as_of, teams=teams, **counted_deals(deals, as_of), **counted_leads(as_of, start, teams))
