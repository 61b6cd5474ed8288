"""The home of each role: its title is the news."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from leads.enums import Role
from leads.models import Handoff
from leads.selling.handoffs import accept, open_handoffs
from tests.leads.test_pages_leads import browser
from tests.sales import make_lead, make_team, make_user, score

pytestmark = pytest.mark.django_db


def heading(client: Client) -> str:
    page = client.get("/").content.decode()
    return page.split("<h1>")[1].split("</h1>")[0]


def test_the_first_day_names_the_next_steps() -> None:
    team = make_team()
    admin = browser(make_user("Ada", team, Role.ADMIN))
    page = admin.get("/").content.decode()
    assert heading(admin) == "No leads yet"
    assert all(step in page for step in ("Bring in leads", "Say what a good lead is", "Invite people"))
    assert "Nothing to do yet" in browser(make_user("Rita", team)).get("/").content.decode()


def test_a_rep_sees_what_waits_and_what_they_decided() -> None:
    team = make_team()
    rita = make_user("Rita", team)
    client = browser(rita)
    first, second = (open_handoffs([score(make_lead(team)).pk])[0] for _ in range(2))
    assert heading(client) == "2 leads wait for your decision"
    accept(first, by=rita)
    Handoff.objects.filter(pk=second.pk).update(due_at=timezone.now() - timedelta(hours=1))
    page = client.get("/")
    assert heading(client) == "1 lead waits for your decision"
    assert (page.context["waiting"].late, page.context["week"].accepted) == (1, 1)
    assert [row.lead for row in page.context["mine"]] == [first.lead]


def test_marketing_sees_what_needs_attention() -> None:
    team = make_team()
    client = browser(make_user("Dana", team, Role.MARKETING))
    hot = score(make_lead(team))
    make_lead(team)
    page = client.get("/")
    assert heading(client) == "1 Hot lead is not with sales"
    assert [row.lead for row in page.context["best"]] == [hot]
    assert [matter.count for matter in page.context["matters"]] == [1, 1]


def test_nothing_to_do_says_so() -> None:
    team = make_team()
    score(make_lead(team), label="cold", grade="D4")
    assert heading(browser(make_user("Dana", team, Role.MARKETING))) == "Nothing needs your attention"
    assert heading(browser(make_user("Rita", team))) == "Nothing waits for your decision"
