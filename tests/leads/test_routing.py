"""To which team a lead goes: rules in order, by name in its history."""

import pytest

from leads.enums import Role, Stage
from leads.models import Change, Company, RoutingRule, Standing
from leads.selling.handoffs import open_handoffs
from tests.sales import make_lead, make_team, make_user

GERMAN = {"field": "country", "op": "is", "value": "DE"}


@pytest.fixture
def dach(team):
    return make_team("DACH")


def rule(team, to, name="DACH", **extra):
    return RoutingRule.objects.create(**{"name": name, "of": team, "team": to, "condition": GERMAN} | extra)


def test_a_lead_goes_to_the_team_of_its_territory(team, dach):
    make_user("Ann", team)
    bea, boss = make_user("Bea", dach), make_user("Max", team, Role.MANAGER)
    rule(team, dach)
    company = Company.objects.create(team=team, name="Northwind", domain="northwind.example", employees=420)
    lead, other = make_lead(team, country="DE", company=company), make_lead(team, country="ES")
    handoffs = {handoff.lead_id: handoff for handoff in open_handoffs([lead.pk, other.pk], by=boss)}
    assert (handoffs[lead.pk].team, handoffs[lead.pk].assignee) == (dach, bea)
    assert handoffs[lead.pk].assigned_because == "routed by “DACH”: round robin, 1st of 1"
    assert handoffs[other.pk].team == team
    lead.refresh_from_db()
    assert (lead.team, lead.company.team, lead.company.employees) == (dach, dach, 420)
    assert Standing.objects.get(lead=lead).team == dach
    change = Change.objects.get(lead=lead, field="team_id")
    assert (change.old, change.new, change.by, change.origin) == (team.pk, dach.pk, boss, "Routing rule “DACH”")
    assert set(Change.objects.filter(lead=lead, field="stage").values_list("origin", flat=True)) == {"handoff"}


def test_the_first_rule_decides_and_one_switched_off_does_not(team, dach):
    apac = make_team("APAC")
    rule(team, make_team("Off"), position=0, active=False)
    rule(team, apac, "First", position=1)
    rule(team, dach, "Second", position=2)
    assert open_handoffs([make_lead(team, country="DE").pk])[0].team == apac


@pytest.mark.parametrize("kept", ["owner", "stage", "twin"])
def test_what_somebody_works_on_stays(team, dach, kept):
    ann = make_user("Ann", team)
    rule(team, dach)
    make_lead(dach, email="ana@example.com")
    extra = {"owner": {"owner": ann}, "stage": {"stage": Stage.RESTING}, "twin": {"email": "ana@example.com"}}[kept]
    assert open_handoffs([make_lead(team, country="DE", **extra).pk])[0].team == team
