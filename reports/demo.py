"""What the sources and campaigns of the demo cost, month by month (docs/demo.md)."""

from datetime import date, timedelta
from decimal import Decimal

from leads.models import Team
from reports.days import next_month
from reports.models import SourceCost
from scoring.demo.campaigns import FAIR, FAIR_OF
from scoring.demo.people import marketer

# A month, in euro, of all teams together.
MONTHLY = {
    ("Website", "Brand search"): 3_000, ("Website", "Product launch"): 6_500,
    ("Content download", "Maintenance guide"): 4_000, ("Content download", "Cost calculator"): 1_500,
    ("Webinar", "Line tour"): 900, ("Webinar", "Industry trends"): 1_600, ("Bought list", ""): 2_800,
}  # fmt: skip
FAIRS = {"Spring fair": 38_000, "Autumn fair": 44_000}
SHARES = {"emea": Decimal("0.5"), "americas": Decimal("0.3"), "apac": Decimal("0.2")}
YEAR = timedelta(days=365)


def enter_costs(today: date) -> None:
    """The costs of the months of the year that ends before `today`."""
    by, month, rows = marketer(), (today - YEAR).replace(day=1), []
    teams = {team: SHARES[team.slug] for team in Team.objects.filter(slug__in=SHARES)}
    while month < today:
        spent = MONTHLY | {(FAIR, name): FAIRS[name] for at, name in FAIR_OF.items() if at == month.month}
        rows += [
            SourceCost(team=team, source=source, campaign=campaign, month=month, amount=share * amount, entered_by=by)
            for (source, campaign), amount in spent.items()
            for team, share in teams.items()
        ]
        month = next_month(month)
    SourceCost.objects.bulk_create(rows)
