"""Names that people and files bring: what is markup in them is text on pages, and who may not see them is not told."""

from datetime import timedelta
from html.parser import HTMLParser

import pytest

from leads.enums import Role
from leads.models import Membership, RejectionReason, Team
from leads.selling.handoffs import accept, reject
from reports.days import today
from reports.summaries import count_due
from tests.reports.world import deal
from tests.sales import hand_off, make_lead, make_team, make_user, reason

EVIL = """"><evil onclick='x'>&"""
LINK = "javascript:evil()"
REPORTS = ("", "impact/?by=source", "impact/?by=team", "funnel/", "score/", "sources/", "answers/", "leads/",
           "handoffs/", "digest/")  # fmt: skip
PAGES = [*(f"/reports/{name}" for name in REPORTS), "/scoring/feedback/"]


class Seen(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.links, self.names, self.text = set(), [], set(), []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action", "hx-get")]

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture
def world(team, client):
    """A team, its people, its leads, what they came by and why they were turned down: all with one name."""
    Team.objects.filter(pk=team.pk).update(name=EVIL)
    RejectionReason.objects.filter(slug="no_budget").update(label=EVIL)
    kim = make_user("Kim", team, Role.MANAGER)
    type(kim).objects.filter(pk=kim.pk).update(name=EVIL)
    hand_off(team, source=EVIL, last_name=EVIL)  # waits, so the week is not quiet
    for number, source in enumerate((EVIL, LINK, EVIL, EVIL)):
        handoff = hand_off(team, source=source, campaign=EVIL, last_name=EVIL)
        if number < 2:
            accept(handoff, by=kim)
        else:
            reject(handoff, by=kim, reason=reason(), misled_by="Asked for pricing")
        deal(handoff.lead, "won", closed=handoff.opened_at)
    count_due()
    client.force_login(type(kim).objects.get(pk=kim.pk))
    return kim


@pytest.mark.parametrize("path", PAGES)
def test_markup_in_names_is_text(client, world, path):
    page = client.get(f"{path}{'&' if '?' in path else '?'}from={today() - timedelta(days=364)}")
    seen = Seen(page.text)
    assert page.status_code == 200
    assert ("evil" in seen.tags, "onclick" in seen.names) == (False, False)
    assert [link for link in seen.links if link and link[0] not in "/?#"] == []
    assert EVIL in "".join(seen.text)


def test_a_source_of_that_name_is_asked_for_and_said(client, world):
    for source in (EVIL, LINK):
        page = client.get("/reports/leads/", {"source": source})
        assert (page.context["number"], "evil" in Seen(page.text).tags) == (4 if source == EVIL else 1, False)


def test_sources_of_other_teams_are_not_suggested(client, team):
    make_lead(team, source="Web")
    other = make_team("APAC")
    make_lead(other, source="Only theirs")
    dana = make_user("Dana", team, Role.MANAGER)
    Membership.objects.create(user=dana, team=other, role=Role.REP)  # who may not read its reports
    count_due()
    client.force_login(dana)
    for address in ("", "?team=apac", "?source=Web", "?source=Only+theirs"):
        assert client.get(f"/reports/{address}").context["sources"] == ["Web"]
