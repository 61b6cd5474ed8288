"""Which campaigns of a source bring leads that buy?"""

from dataclasses import dataclass, field
from typing import Annotated

from reports.figures import Figure, Report
from reports.queries import sources
from reports.queries.sources import costs, largest_first, outcomes_by, worth
from reports.scope import NONE, Scope


@dataclass(frozen=True)
class CampaignOutcome:
    source: Annotated[str, Figure("Source", "The channel the leads came from. Empty: it is not known.")]
    campaign: Annotated[
        str,
        Figure(
            "Campaign", "What of the channel brought them first. Empty: no campaign that is known.", empty="No campaign"
        ),
    ]
    leads: sources.Leads
    good: sources.Good
    handed_off: sources.HandedOff
    accepted: sources.Accepted
    customers: sources.Customers
    average_deal: sources.AverageDeal
    priced: sources.Priced
    revenue: sources.Revenue
    cost: sources.Cost
    per_lead: sources.PerLead
    per_customer: sources.PerCustomer
    only: dict[str, str] = field(default_factory=dict)


def campaigns(scope: Scope) -> list[CampaignOutcome]:
    """Sources that have campaigns, by these; most leads first. Two queries."""
    by = ("source", "campaign")
    sums, spent = outcomes_by(scope, *by), costs(scope, *by)
    groups = sums.keys() | spent.keys()
    with_campaigns = {source for source, campaign in groups if campaign}
    found = [
        CampaignOutcome(
            source=source, campaign=campaign, only={"source": source or NONE, "campaign": campaign or NONE},
            **worth(sums.get((source, campaign)), spent.get((source, campaign))),
        )
        for source, campaign in groups if source in with_campaigns
    ]  # fmt: skip
    return largest_first(found)


REPORT = Report(
    name="campaigns",
    title="Campaigns",
    about="Leads created in the period by the campaign that brought them, of the sources that have any.",
    row=CampaignOutcome,
    rows=campaigns,
)
