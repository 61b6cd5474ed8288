"""What sources cost: entered by a person, a month at a time."""

from datetime import date
from decimal import Decimal

from leads.models import Team, User
from reports.models import SourceCost


def enter(team: Team, source: str, month: date, amount: Decimal, *, by: User, campaign: str = "") -> SourceCost:
    """What the team spent on the source in the month, on this campaign of it or on none, in the place of what was
    entered before.
    """
    cost, _ = SourceCost.objects.update_or_create(
        team=team, source=source.strip(), campaign=campaign.strip(), month=month.replace(day=1),
        defaults={"amount": amount, "entered_by": by},
    )  # fmt: skip
    return cost
