"""The list of leads, its filters and its export."""

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from leads.enums import Role
from leads.models import Company, Event, EventKind, Handoff, Source, Team
from tests.sales import make_lead, make_team, make_user, score

pytestmark = pytest.mark.django_db


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def marketing(team: Team) -> Client:
    return browser(make_user("Dana", team, Role.MARKETING))


def names(response: Any) -> list[str]:
    return [str(row.lead) for row in response.context["rows"]]


def test_the_best_come_first_with_their_top_reason(marketing: Client, team: Team) -> None:
    low = score(make_lead(team), points=(3, 0, 0), label="cold", grade="D4")
    high, unscored = score(make_lead(team)), make_lead(team)
    page = marketing.get("/leads/")
    assert names(page) == [str(high), str(low), str(unscored)]
    assert [row.top_reason for row in page.context["rows"]] == ["Asked for pricing", "Asked for pricing", ""]
    assert b"Not scored" in page.content


def test_only_leads_of_the_own_teams_are_listed(marketing: Client, team: Team) -> None:
    mine = make_lead(team)
    make_lead(make_team("APAC"))
    page = marketing.get("/leads/")
    assert names(page) == [str(mine)]
    assert page.context["listing"].count == 1


def test_it_costs_the_same_for_one_row_and_for_three(marketing: Client, team: Team) -> None:
    counts = []
    source = Source.objects.named(team, "Web", "website")
    for _ in range(3):
        lead = score(make_lead(team, company=Company.objects.create(team=team, name="Northwind")))
        Event.objects.create(
            lead=lead,
            kind=EventKind.objects.first(),
            source=source,
            message_id=str(lead.pk),
            occurred_at=timezone.now(),
        )
        with CaptureQueriesContext(connection) as queries:
            assert marketing.get("/leads/").status_code == 200
        counts.append(len(queries))
    assert len(set(counts)) == 1


def test_tabs_chips_and_search(marketing: Client, team: Team) -> None:
    hot = score(make_lead(team, first_name="Eva", source="Webinar"))
    score(make_lead(team), label="cold", grade="D4")
    page = marketing.get("/leads/", {"label": "hot"})
    assert names(page) == [str(hot)]
    listing = page.context["listing"]
    assert [(tab.name, tab.count, tab.current) for tab in listing.tabs] == [
        ("All", 2, False), ("Hot", 1, True), ("Warm", 0, False), ("Nurture", 0, False), ("Mine", 0, False),
    ]  # fmt: skip
    assert [(chip.name, chip.value, chip.query) for chip in listing.chips] == [("Label", "Hot", "")]
    assert names(marketing.get("/leads/", {"q": "eva"})) == [str(hot)]


def test_a_filter_that_makes_no_sense_is_left_out_and_told(marketing: Client, team: Team) -> None:
    make_lead(team)
    page = marketing.get("/leads/", {"label": ["hot", "icy"], "owner": "x", "country": "Narnia", "stage": "new"})
    assert (len(names(page)), page.context["listing"].problems, page.context["listing"].without_problems) == (1, [
        "Label: there is no “icy”.", "Owner: there is no “x”.",
        "Country: “Narnia”: Not a country. Write its name in English or its two letters, such as DE.",
    ], "stage=new")  # fmt: skip
    assert "Owner: there is no “x”." in page.text
    file = marketing.get("/leads.csv", {"label": "icy"})
    assert (file.status_code, file.text) == (400, "Label: there is no “icy”.")


def test_a_country_is_asked_for_by_name_or_code(marketing: Client, team: Team) -> None:
    lead = make_lead(team, country="DE")
    make_lead(team, country="ES")
    assert [names(marketing.get("/leads/", {"country": said})) for said in ("de", "Germany")] == [[str(lead)]] * 2


def test_a_tab_of_another_page_that_is_not_there_is_told(marketing: Client) -> None:
    page = marketing.get("/data-quality/problems/", {"kind": "sloppy"})
    assert (page.context["kind"], "Kind: there is no “sloppy”. This is the page without it." in page.text) == ("", True)


def test_nothing_at_all_no_match_and_nothing_to_do_are_told_apart(marketing: Client, team: Team) -> None:
    assert b"No leads yet" in marketing.get("/leads/").content
    score(make_lead(team))
    page = marketing.get("/leads/", {"label": "hot", "country": "ES"})
    assert "Without “Country ES” it would be 1." in page.content.decode()
    rep = browser(make_user("Rita", make_team("APAC")))
    assert b"Marketing brings them in" in rep.get("/leads/").content


def test_pages(marketing: Client, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    leads = [score(make_lead(team), points=(points, 0, 0)) for points in (9, 9, 5)]
    monkeypatch.setattr("leads.listing.SIZE", 2)
    first = marketing.get("/leads/")
    second = marketing.get("/leads/", {"cursor": first.context["page"].next})
    assert names(first) + names(second) == [str(leads[i]) for i in (1, 0, 2)]
    anew = marketing.get("/leads/", {"cursor": "nonsense"})
    assert names(anew) == names(first)
    assert "This is its beginning." in anew.content.decode()


def test_selected_leads_are_handed_off(marketing: Client, team: Team) -> None:
    lead = score(make_lead(team))
    page = marketing.get("/leads/")
    assert f'action="{reverse("handoffs")}"' in page.content.decode()
    marketing.post(reverse("handoffs"), {"lead": [lead.pk], "next": "/leads/"})
    assert Handoff.objects.get().lead == lead


def test_the_export_has_every_page_of_the_list_and_no_formulas(
    marketing: Client, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leads.views.leads.AT_ONCE", 2)
    for points in (9, 7, 5):
        score(make_lead(team, title='=HYPERLINK("http://x")'), points=(points, 0, 0))
    score(make_lead(team), label="cold")
    answer = marketing.get("/leads.csv", {"label": "hot"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [row["total"] for row in rows] == ["9", "7", "5"]
    assert {row["title"] for row in rows} == {'\'=HYPERLINK("http://x")'}
    assert {row["top_reason"] for row in rows} == {"Asked for pricing"}


def test_companies(marketing: Client, team: Team) -> None:
    northwind = Company.objects.create(team=team, name="Northwind", domain="northwind.example", employees=420)
    foreign = Company.objects.create(team=make_team("APAC"), name="Northgate")
    score(make_lead(team, company=northwind))
    assert [row.name for row, _ in marketing.get("/companies/", {"q": "north"}).context["rows"]] == ["Northwind"]
    page = marketing.get(f"/companies/{northwind.pk}/")
    assert len(page.context["rows"]) == 1
    assert marketing.get(f"/companies/{foreign.pk}/").status_code == 404
