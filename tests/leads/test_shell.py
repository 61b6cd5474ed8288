"""The frame around every page: the way around by role, appearance, the answers to what went wrong, the UI kit."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from leads.enums import Role
from leads.models import User
from tests.sales import hand_off, make_team, make_user

TEMPLATES = Path(settings.BASE_DIR) / "templates"


@pytest.fixture
def kim(team, client):
    user = make_user("Kim", team)
    client.force_login(user)
    return user


def places(client):
    return [item.label for section in client.get("/").context["navigation"] for item in section.items]


WORK = ["Today", "Leads", "Companies", "Handoffs", "Nurture", "Segments", "Rules"]
SCORING = ["Scoring models", "Feedback", "Suggestions", "Learning", "Experiments"]
DATA = ["Import", "Sources", "Connections", "Data quality", "Duplicates"]


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (Role.REP, [*WORK, "Scoring models", "Absences"]),
        (Role.MARKETING, [*WORK, "Reports", "Forecast", *SCORING, *DATA, "Webhooks", "Administration"]),
        (
            Role.MANAGER,
            [
                *WORK,
                "Reports",
                "Forecast",
                *SCORING,
                "Connections",
                "Duplicates",
                "People",
                "Absences",
                "Administration",
            ],
        ),
        (
            Role.ADMIN,
            [*WORK, "Reports", "Forecast", *SCORING, *DATA]
            + ["People", "Absences", "Webhooks", "Outbox", "Administration"],
        ),
    ],
)
def test_the_way_around_by_role(client, team, role, expected):
    client.force_login(make_user("Mia", team, role))
    assert places(client) == expected


def test_every_place_can_be_opened_by_whoever_sees_it(client, team):
    for role in Role.values:
        client.force_login(make_user("Mia", team, role))
        for section in client.get("/").context["navigation"]:
            for item in section.items:
                assert client.get(item.url).status_code == 200, (role, item.url)


def test_the_present_place_is_marked(client, kim):
    page = client.get("/leads/").text
    assert re.findall(r'<a href="([^"]+)" aria-current="page">\s*<svg', page) == ["/leads/"]


def test_my_open_handoffs_are_counted(client, team, kim):
    hand_off(team)
    assert 'title="Waiting for your decision">1</span>' in client.get("/leads/").text


def test_somebody_without_a_team_or_a_name_still_gets_a_page(client, db):
    client.force_login(User.objects.create_user("new@example.com"))
    assert client.get("/").status_code == 200


def test_appearance_is_kept(client, kim):
    assert "data-theme" not in client.get("/").text
    answer = client.post("/appearance/", {"theme": "dark", "next": "/leads/"})
    assert answer.headers["Location"] == "/leads/"
    assert '<html lang="en" data-theme="dark">' in client.get("/").text
    client.post("/appearance/", {"theme": ""})
    assert "data-theme" not in client.get("/").text


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_appearance_leads_nowhere_else(client, kim, target):
    assert client.post("/appearance/", {"theme": "dark", "next": target}).headers["Location"] == "/"


def test_appearance_knows_its_words(client, kim):
    client.post("/appearance/", {"theme": 'dark" onload="x'})
    assert "theme" not in client.cookies
    client.cookies["theme"] = "pink"
    assert "data-theme" not in client.get("/").text


def test_a_page_needs_nothing_the_policy_refuses(client, kim):
    for address in ("/", "/leads/", "/handoffs/", "/ui/"):
        page = client.get(address)
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page.text), address


def test_the_ui_kit_shows_what_it_names(client, kim):
    page = client.get("/ui/").text
    assert "{#" not in page
    for name in (
        "dial hot",
        "grade warm",
        "sla late",
        "spark hot",
        "ci hot",
        "badge dot ok",
        "empty",
        "steps",
        "dialog",
    ):
        assert f'class="{name}' in page, name


def test_a_session_that_ended_sends_the_whole_page_to_sign_in(client, team):
    part = {"HX-Request": "true", "HX-Current-URL": "http://testserver/handoffs/?tab=team"}
    answer = client.get("/leads/", headers=part)
    assert answer.headers["HX-Redirect"] == "/login/?next=%2Fhandoffs%2F%3Ftab%3Dteam"
    assert client.get("/leads/").headers["Location"] == "/login/?next=/leads/"
    form = client.post("/reports/summary/", headers={"Referer": "http://testserver/reports/funnel/?team=emea"})
    assert form.headers["Location"] == "/login/?next=%2Freports%2Ffunnel%2F%3Fteam%3Demea"
    assert client.post("/reports/summary/").headers["Location"] == "/login/?next=%2F"


def test_messages_are_toasts(client, team, kim):
    client.post(f"/handoffs/{hand_off(team).pk}/acceptance/")
    toasts = re.findall(r'<div class="toast" data-fades>.*?</div>', client.get("/handoffs/").text, re.S)
    assert len(toasts) == 1
    assert "is yours." in toasts[0]


def test_whatever_is_not_there(client, kim):
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
    assert "Today" in answer.text  # with the way around


def test_a_form_from_an_old_page(kim):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(kim)
    answer = browser.post("/appearance/", {"theme": "dark"})
    assert answer.status_code == 403
    assert "Sent from an old page" in answer.text


def test_components_say_what_they_take():
    """Line 1 of a component names its variables; a comment never runs over the end of its line."""
    for path in sorted((TEMPLATES / "ui").glob("*.html")):
        first = path.read_text().splitlines()[0]
        assert first.startswith("{# "), path.name
        assert first.endswith(" #}"), path.name


@pytest.mark.django_db
def test_the_admin_has_no_sign_in_page_of_its_own(client: Client) -> None:
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/login/?next=")


@pytest.mark.django_db
def test_a_rep_is_told_that_the_admin_is_not_theirs(client: Client) -> None:
    client.force_login(make_user("Kim", make_team(), Role.REP))
    assert client.get("/admin/", follow=True).status_code == 403
