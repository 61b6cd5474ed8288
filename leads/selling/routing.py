"""Which team gets a lead: rules in order, asked when it is handed off. Who changes team, does so by a named rule."""

from collections.abc import Collection, Iterable

from leads.conditions.compile import leads_matching
from leads.enums import Stage
from leads.history import attributed
from leads.ingest.companies import employers
from leads.ingest.sql import lock_making
from leads.models import Company, Lead, RoutingRule, User
from leads.selling.assignment import Choice

# What sales has or had in hand stays with its team; so does what somebody owns.
MOVABLE = (Stage.NEW, Stage.NURTURE)

Routes = dict[int, RoutingRule]


def routes(lead_ids: Collection[int]) -> Routes:
    """The rule that sends each of these leads to another team, for those there is one. A query for each rule."""
    found: Routes = {}
    left = Lead.objects.filter(pk__in=lead_ids, owner=None, stage__in=MOVABLE)
    for rule in RoutingRule.objects.filter(active=True):
        mine = left.filter(team=rule.of_id).exclude(pk__in=found).filter(leads_matching(rule.condition))
        found |= dict.fromkeys(mine.values_list("pk", flat=True), rule)
    return {lead: rule for lead, rule in found.items() if rule.team_id != rule.of_id}


def hold(found: Routes) -> None:
    """Before the leads are locked: nobody else makes companies of the teams they go to."""
    for team in sorted({rule.team_id for rule in found.values()}):
        lock_making(team)


def move(leads: Iterable[Lead], found: Routes, *, by: User | None) -> None:
    """Give these locked leads their team. One whose address the other team has already stays where it is."""
    for lead in leads:
        rule = found.get(lead.pk)
        if rule is None or lead.team_id != rule.of_id or _known_there(lead, rule):
            continue
        with attributed(by=by, origin=f"Routing rule “{rule}”"[:100]):
            lead.company = _employer(lead, rule)
            lead.team_id = rule.team_id
            Lead.objects.filter(pk=lead.pk).update(team=lead.team_id, company=lead.company)


def said(lead: Lead, found: Routes, choice: Choice) -> Choice:
    """The choice, with the rule that brought the lead to its team."""
    rule = found.get(lead.pk)
    if rule is None or rule.team_id != lead.team_id:
        return choice
    return Choice(choice.user_id, f"routed by “{rule}”: {choice.because}"[:150])


def _known_there(lead: Lead, rule: RoutingRule) -> bool:
    return bool(lead.email) and Lead.objects.filter(team=rule.team_id, email=lead.email).exists()


def _employer(lead: Lead, rule: RoutingRule) -> Company | None:
    """A company belongs to its team, so the same one is found or made in the other."""
    if lead.company is None:
        return None
    names = ("name", "domain", "website", "phone", "industry", "employees", "revenue", "country", "city")
    said = {name: getattr(lead.company, name) for name in names}
    return employers(rule.team_id, [({key: value for key, value in said.items() if value not in ("", None)}, "")])[0]
