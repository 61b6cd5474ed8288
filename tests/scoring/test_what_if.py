"""What would make this lead Hot?"""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.enums import Role
from leads.models import Company, Lead, Standing, Team
from scoring.models import Criterion
from scoring.whatif import WhatIf, what_if
from tests.leads.api import Caller
from tests.sales import make_team, make_user
from tests.scoring.workshop import add, field, go_live, make_lead, make_model, record, rescore

pytestmark = pytest.mark.django_db


def asked(lead: Lead, target: str = "hot") -> WhatIf:
    rescore()
    found = what_if(Standing.objects.get(pk=lead.pk), target)
    assert found is not None
    return found


def ways(found: WhatIf) -> list[Any]:
    return [([(step.name, step.kind, step.times, step.unknown) for step in way.steps], way.total, way.label)
            for way in found.ways]  # fmt: skip


def test_it_says_the_smallest_sets_and_who_could_do_them(team: Team) -> None:
    """A VP whose company is known but for its size: fit 25 (B). Hot is A1, A2 or B1."""
    model = make_model()
    model.engagement_limits = [24, 18, 8]
    model.save()
    go_live(model)
    lead = make_lead(team, company=Company.objects.create(team=team, name="Ho", industry="Manufacturing"))
    found = asked(lead)
    assert (found.label, found.reached, found.otherwise) == ("cool", False, [])
    # B1 takes 24 of engagement; a third webinar is cut at 25, what the criterion gives at most
    assert ways(found) == [([("Webinar", "act", 3, ())], 50, "hot")]
    assert [(step.name, step.points, step.gain, step.unknown) for step in found.nearest] == [
        ("200 or more employees", 15, 10, ("Employees",)), ("Webinar", 10, 10, ()), ("Pricing page", 8, 8, ()),
    ]  # fmt: skip


def test_what_the_search_promises_the_engine_keeps(team: Team) -> None:
    """Do what it says, score again, and the lead stands where it said."""
    model = make_model()
    model.fit_limits, model.engagement_limits = [30, 20, 10], [24, 18, 8]
    model.save()
    go_live(model)
    company = Company.objects.create(team=team, name="Ho", industry="Manufacturing")
    lead = make_lead(team, company=company)
    way = next(way for way in asked(lead).ways if any(step.kind == "learn" for step in way.steps))
    for step in way.steps:
        if step.kind == "learn":
            Company.objects.filter(pk=company.pk).update(employees=500)
        for _ in range(step.times):
            kind = "page_viewed" if step.name == "Pricing page" else "webinar_attended"
            record(lead, kind, url="https://x.example/pricing")
    rescore()
    standing = Standing.objects.get(pk=lead.pk)
    assert (standing.fit, standing.engagement, standing.label) == (way.fit, way.engagement, way.label)
    assert asked(lead).reached


def test_known_to_be_otherwise_is_no_step_and_one_fact_is_learnt_once(team: Team) -> None:
    model = make_model()
    role = model.groups.get(name="Role")
    add(role, "Director", 12, field("title", "contains", "Director"))
    go_live(model)
    known = asked(make_lead(team, title="Manager"))
    assert {"VP", "Director"} <= set(known.otherwise)
    unknown = asked(make_lead(team, title=""))
    assert {step.name for step in unknown.nearest if step.kind == "learn"} >= {"VP", "Director"}
    learnt = [[step.unknown for step in way.steps if step.unknown] for way in unknown.ways]
    assert all(len(set(names)) == len(names) for names in learnt)


def test_a_full_group_brings_nothing(team: Team) -> None:
    model = make_model()
    company = model.groups.get(name="Company")
    add(company, "Big", 9, field("company.revenue", "at_least", 1))
    go_live(model)
    lead = make_lead(team)  # 25 by its company already, of at most 20
    (big,) = [step for step in asked(lead).nearest if step.name == "Big"]
    assert (big.points, big.gain, big.kind) == (9, 0, "learn")
    assert not [way for way in asked(lead).ways if "Big" in {step.name for step in way.steps}]


def test_disqualified_unscored_and_reached(team: Team) -> None:
    lead = make_lead(team, title="VP and student")
    assert what_if(Standing.objects.get(pk=lead.pk)) is None
    model = make_model()
    go_live(model)
    assert (asked(lead).barred, asked(lead).ways) == (["Student"], [])
    Criterion.objects.filter(name="VP").update(points=20)
    model.fit_limits, model.engagement_limits = [3, 2, 1], [0, -1, -2]
    model.save()
    go_live(model)
    assert asked(make_lead(team)).reached


def test_on_the_page_and_in_the_api(client: Client, team: Team) -> None:
    go_live(make_model())
    lead = make_lead(team)
    rescore()
    rob = make_user("Rob", team, Role.REP)
    client.force_login(rob)
    address = reverse("scoring:what-if", args=[lead.pk])
    assert address in client.get(reverse("lead", args=[lead.pk])).content.decode()
    page = client.get(address, {"label": "warm"}).content.decode()
    assert "What would make this lead Warm?" in page
    told = Caller(rob).get(f"leads/{lead.pk}/what-if/", label="warm").json()
    assert (told["target"], told["label"]) == ("warm", "cool")
    assert json.dumps(told["ways"]) != "[]"
    assert Caller(rob).get(f"leads/{lead.pk}/what-if/", label="lukewarm").status_code == 400
    assert Caller(make_user("Eve", make_team("APAC"))).get(f"leads/{lead.pk}/what-if/").status_code == 404
