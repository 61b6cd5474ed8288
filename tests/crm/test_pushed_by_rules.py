"""Rules and nurture lists bring leads into the CRM, through to the record there, in every CRM there is."""

import pytest
from django.test import Client
from django.urls import reverse

from leads.enums import Role
from leads.models import Lead, NurtureList, PushAsk, Rule
from leads.rules import acting
from leads.selling.nurture import leave, nurture
from tests.crm.steps import CONTACTS, still, sync
from tests.crm.worlds import World
from tests.leads.api import Caller
from tests.rules.watching import make_segment, run_passes
from tests.sales import make_lead, make_team, make_user
from tests.scoring.workshop import field, go_live, make_model, rescore


def lists_there(world: World) -> list[bool]:
    """Of each person there, whether it stands on the record that they are on the list."""
    return ["Later" in record.values.values() for record in world.crm.living(CONTACTS)]


def test_a_rule_pushes_who_enters_once(world: World, client: Client) -> None:
    go_live(make_model())
    client.force_login(make_user("Mara", world.connection.team, Role.MARKETING))
    segment = make_segment("VPs", field("title", "contains", "VP"))
    shown = client.get(reverse("rule-new")).content.decode()
    assert "Push to the CRM" in shown
    said = {"name": "VPs", "direction": "entering", "quiet_days": 0, "active": "on", "crm_push": "on"}
    assert client.post(reverse("rule-new"), said | {"segment": segment.pk}).status_code == 302
    assert Rule.objects.get().actions == {"crm_push": True}
    run_passes()
    lead = make_lead(world.connection.team, email="vp@example.com", title="VP")
    make_lead(world.connection.team, email="clerk@example.com", title="Clerk")
    make_lead(make_team("APAC"), email="far@example.com", title="VP")
    rescore()
    assert list(PushAsk.objects.values_list("lead", "because")) == [(lead.pk, "rule “VPs”")]
    sync(world)
    [record] = world.crm.living(CONTACTS)
    assert world.crm.get(CONTACTS, record.id)["email"] == "vp@example.com"
    acting.act()
    Lead.objects.filter(pk=lead.pk).update(phone="+4930123")
    rescore()
    sync(world)
    assert len(world.crm.living(CONTACTS)) == 1
    still(world)


def test_who_is_nurtured_is_there_with_the_name_of_the_list(world: World) -> None:
    of = NurtureList.objects.create(team=world.connection.team, name="Later", to_crm=True)
    lead = make_lead(world.connection.team, email="ana@example.com")
    nurture(of, [lead.pk], reason="Budget next year")
    sync(world)
    assert lists_there(world) == [True]
    still(world)
    leave(of.members, "taken off by Mia")
    sync(world)
    assert lists_there(world) == [False]
    still(world)


def test_a_list_that_stays_here_pushes_nobody(world: World) -> None:
    of = NurtureList.objects.create(team=world.connection.team, name="Later")
    nurture(of, [make_lead(world.connection.team, email="ana@example.com").pk], reason="Budget next year")
    sync(world)
    assert not PushAsk.objects.exists()
    assert lists_there(world) == []


@pytest.mark.django_db
def test_the_api_sets_it() -> None:
    team = make_team()
    made = Caller(make_user("Mia", team, Role.MARKETING)).post(
        "nurture-lists", {"team": team.pk, "name": "Later", "to_crm": True}
    )
    assert (made.status_code, made.json()["to_crm"]) == (201, True)
