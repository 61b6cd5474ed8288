"""What sales says, as data: counted by hand, shown with its n, open only to those of the team."""

from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape

from leads.enums import Role
from leads.models import Handoff
from leads.selling.handoffs import accept, open_handoffs, reject
from leads.statistics import Rate, discoveries, p_value
from reports.behind import address
from reports.days import today
from reports.feedback import TABLES
from reports.feedback.acceptance import acceptance
from reports.feedback.criteria import criteria_behind
from reports.feedback.reasons import Reason, reasons_given
from reports.scope import Scope
from reports.summaries import count_due
from scoring.models import Criterion, Entry, Group, ScoringModel, Version
from tests.sales import VERSION, hand_off, make_lead, make_team, make_user, reason, score

PROJECT = Path(__file__).parents[2]
DOCS = (PROJECT / "docs" / "feedback.md").read_text()
PRICING, VP, TRANSPORT = "Asked for pricing", "VP or C-level", "Transport and logistics"


@pytest.fixture
def kim(team, client):
    user = make_user("Kim", team, Role.ADMIN)
    client.force_login(user)
    return user


@pytest.fixture
def scope(kim):
    return Scope(kim, today() - timedelta(days=89), today())


@pytest.fixture
def criteria(db):
    """A published version whose criteria are the three lines of tests.sales."""
    model = ScoringModel.objects.create(name="Inbound", slug="inbound")
    group = Group.objects.create(model=model, name="All", axis="fit")
    given = {"model": model, "group": group, "points": 5, "condition": {"field": "title", "op": "known"}}
    rows = [Criterion.objects.create(name=name, **given) for name in (PRICING, VP, TRANSPORT)]
    definition = {"criteria": [{"id": row.pk, "name": row.name} for row in rows]}
    Version.objects.create(pk=VERSION, model=model, number=1, definition=definition, published_at=timezone.now())
    return [row.pk for row in rows]


def offered(team, points=(18, 15, -3), days_ago=0, **extra):
    """A handoff of a lead that had these points then, and has others now."""
    handoff = open_handoffs([score(make_lead(team, **extra), points=points).pk])[0]
    opened = timezone.now() - timedelta(days=days_ago)
    Handoff.objects.filter(pk=handoff.pk).update(opened_at=opened)
    score(handoff.lead, points=(0, 0, 99))
    return handoff


def test_each_criterion_on_rejected_against_accepted_leads(team, kim, scope, criteria):
    for points in ((18, 15, -3), (18, 0, -3)):
        reject(offered(team, points), by=kim, reason=reason(), misled_by=PRICING)
    accept(offered(team, (0, 15, 0)), by=kim)
    offered(team)  # still open: not counted
    count_due()
    found = {row.criterion: (row.rejected, row.accepted, row.misled) for row in criteria_behind(scope)}
    assert found == {
        PRICING: (Rate(2, 2), Rate(0, 1), 2), VP: (Rate(1, 2), Rate(1, 1), 0), TRANSPORT: (Rate(2, 2), Rate(0, 1), 0),
    }  # fmt: skip


def test_with_enough_cases_a_difference_its_interval_and_whether_to_believe_it(team, kim, scope, criteria):
    for number in range(60):
        handoff = offered(team, (18 if number < 30 else 0, 15, 0), days_ago=100 if number % 10 == 9 else 0)
        accept(handoff, by=kim) if number >= 30 else reject(handoff, by=kim, reason=reason())
    for number in range(6):
        handoff = offered(team, (18 if number < 3 else 0, 15, 0))
        accept(handoff, by=kim) if number >= 3 else reject(handoff, by=kim, reason=reason())
    count_due()
    first, *others = criteria_behind(scope)
    assert (first.criterion, first.gap, first.beyond_chance, first.before) == (PRICING, 1.0, True, None)
    assert first.low is not None and first.high is not None and 0.8 < first.low < first.high <= 1.0
    assert [(row.gap, row.beyond_chance) for row in others] == [(0.0, False), (0.0, False)]


def test_acceptance_by_everything(team, kim, scope):
    accept(hand_off(team, source="Web"), by=kim)
    reject(hand_off(team, source="Web"), by=kim, reason=reason(), misled_by=PRICING)
    hand_off(team, source="Fair")
    count_due()
    found = {name: [(row.name, row.handed_off, row.accepted, row.misled) for row in rows]
             for name, rows in acceptance(scope).items()}  # fmt: skip
    everything = (3, Rate(1, 2), 1)
    assert found == {
        "source": [("Web", 2, Rate(1, 2), 1), ("Fair", 1, Rate(0, 0), 0)],
        "label": [("Hot", *everything)], "band": [("20 to 39", *everything)], "team": [("EMEA", *everything)],
            "version": [("Not scored", *everything)],
        "rep": [("Kim", 2, Rate(1, 2), 1), ("", 1, Rate(0, 0), 0)],
    }  # fmt: skip


def test_reasons_and_what_misled(team, kim, scope):
    for slug, misled in (("no_budget", PRICING), ("no_budget", ""), ("wrong_fit", VP)):
        reject(hand_off(team), by=kim, reason=reason(slug), misled_by=misled)
    count_due()
    assert [(row.reason, row.given, row.before, row.misled_by) for row in reasons_given(scope)] == [
        ("No budget", Rate(2, 3), Rate(0, 0), "Asked for pricing (1)"),
        ("Wrong fit", Rate(1, 3), Rate(0, 0), "VP or C-level (1)"),
    ]


def test_the_period_before_is_beside(team, kim, scope):
    accept(offered(team, days_ago=100), by=kim)
    reject(hand_off(team), by=kim, reason=reason())
    count_due()
    row = acceptance(scope)["team"][0]
    assert (row.handed_off, row.accepted, row.before) == (1, Rate(0, 1), Rate(1, 1))


@pytest.mark.parametrize("name", TABLES)
def test_other_teams_other_sources_and_other_models_do_not_count(team, kim, scope, criteria, name, client):
    far = make_team("APAC")
    reject(offered(far, source="Web"), by=make_user("Lee", far), reason=reason())
    count_due()
    assert TABLES[name].rows(scope) == []
    reject(offered(team, source="Web"), by=kim, reason=reason())
    assert client.get(f"/api/v1/feedback/summary/{name}?model=inbound&source=Web").json()["rows"] != []
    assert client.get(f"/api/v1/feedback/summary/{name}?source=Fair").json()["rows"] == []
    assert client.get(f"/api/v1/feedback/summary/{name}?model=outbound").status_code == 400


def test_behind_a_criterion_are_the_handoffs_it_counts(team, kim, client, criteria):
    far = make_team("APAC")
    reject(offered(far), by=make_user("Lee", far), reason=reason())
    mine = reject(offered(team), by=kim, reason=reason(), misled_by=PRICING).handoff
    other = accept(offered(team, (0, 15, 0)), by=kim).handoff
    behind = "/scoring/feedback/handoffs/?criterion={}&{}"
    shown = lambda *query: [row.pk for row in client.get(behind.format(*query)).context["page"].rows]  # noqa: E731
    assert shown(criteria[0], "state=rejected") == [mine.pk]
    assert shown(criteria[1], "") == [other.pk, mine.pk]
    assert shown(criteria[0], "misled=1") == [mine.pk]
    forgotten = reject(offered(team), by=kim, reason=reason(), misled_by=PRICING).handoff
    Handoff.objects.filter(pk=forgotten.pk).update(points=None)
    assert sorted(shown(criteria[0], "misled=1")) == [mine.pk, forgotten.pk]
    count_due()
    row = next(row for row in criteria_behind(Scope(kim, today(), today())) if row.criterion_id == criteria[0])
    assert (row.misled, row.rejected.n) == (2, 1)
    assert client.get("/scoring/feedback/handoffs/?criterion=x").status_code == 404
    page = client.get("/scoring/feedback/handoffs/?criterion=1&state=open&team=mars")
    assert page.context["problems"] == ["State: there is no “open”.", "Team: “mars”: No such team among yours."]
    assert client.get("/scoring/feedback/handoffs/?criterion=987654321").context["page"].rows == []


def test_each_figure_leads_to_as_many_handoffs(team, kim, client, criteria):
    accept(offered(team, source="Web"), by=kim)
    for slug in ("no_budget", "wrong_fit"):
        reject(offered(team, (60, 15, -3)), by=kim, reason=reason(slug))
    offered(team, days_ago=100)
    unscored = offered(team)
    Handoff.objects.filter(pk=unscored.pk).update(label="", version=None)
    offered(make_team("APAC"))
    count_due()
    scope = Scope(kim, today() - timedelta(days=120), today())
    rows = [*reasons_given(scope), *(row for rows in acceptance(scope).values() for row in rows)]
    figures = [
        (address(scope, name, row.only), number)
        for row in rows
        for name, number in (
            [("rejected", row.given.k)]
            if isinstance(row, Reason)
            else [("handoffs", row.handed_off), ("accepted", row.accepted.k)]
        )
    ]
    assert len(figures) == 2 + 2 * (2 + 2 + 2 + 2 + 2 + 1), "two reasons; two groups of each kind, one team"
    assert [(url, client.get(url).context["number"]) for url, _ in figures] == figures
    page = client.get(f"/scoring/feedback/?{scope.query}").text
    shown = [url for url, number in figures if number]
    assert [url for url in shown if f'href="{escape(url)}"' not in page] == []


def test_the_page_its_files_and_its_words(team, kim, client, criteria):
    assert "No leads yet" in client.get("/scoring/feedback/").text
    make_lead(team)
    assert "Nothing to compare yet" in client.get("/scoring/feedback/").text
    reject(offered(team, source="Web"), by=kim, reason=reason(), misled_by=PRICING)
    page = client.get("/scoring/feedback/?model=inbound&source=Web")
    assert "too few to say" in page.text
    for name, table in TABLES.items():
        assert f"/scoring/feedback/{name}.csv?from=" in page.text
        assert (
            client.get(f"/scoring/feedback/{name}.csv")
            .text.splitlines()[0]
            .startswith("\ufeff" + next(iter(table.figures.values())).heading)
        )
    assert client.get("/scoring/feedback/other.csv").status_code == 404
    assert client.get("/scoring/feedback/criteria.csv?from=x").status_code == 400
    assert '<a href="/scoring/feedback/' in client.get("/scoring/").text.replace('class="btn" ', "")


@pytest.mark.parametrize(("role", "status"), [(Role.MARKETING, 200), (Role.MANAGER, 200), (Role.REP, 403)])
def test_who_reads_it(client, team, role, status):
    client.force_login(make_user("Mia", team, role))
    assert client.get("/scoring/feedback/").status_code == status
    assert client.get("/api/v1/feedback/summary").status_code == status


def test_it_costs_the_same_for_three_as_for_one(client, team, kim, criteria):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            client.get("/scoring/feedback/")
            client.get(f"/scoring/feedback/handoffs/?criterion={criteria[0]}")
        return len(seen)

    reject(offered(team), by=kim, reason=reason())
    one = queries()
    for _ in range(2):
        reject(offered(team), by=kim, reason=reason("wrong_fit"), misled_by=VP)
    assert queries() == one


def test_many_comparisons_at_once():
    assert discoveries([0.001, None, 0.04, 0.5, 0.06], 0.10) == [True, False, True, False, True]
    assert discoveries([0.09, 0.5], 0.10) == [False, False]
    assert p_value(Rate(1, 29), Rate(5, 100)) is None
    # 15 of 40 against 5 of 40: chi² = 6.667, one degree of freedom
    assert p_value(Rate(15, 40), Rate(5, 40)) == pytest.approx(0.00982, abs=1e-5)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_definition_is_documented_as_it_is_shown(table):
    title = "Acceptance" if table.name.startswith("by-") else table.title
    section = DOCS.split(f"\n## {title}\n")[1].split("\n## ")[0]
    rows = [tuple(line.strip("| ").split(" | ")) for line in section.splitlines() if line.startswith("| ")]
    assert rows[1:] == [(figure.heading, figure.means) for figure in table.figures.values()]
    assert f"`{table.name}`: {table.about}" in section


def test_handoffs_of_an_earlier_release_get_the_entry_that_they_show(team, kim, criteria):
    handoff = hand_off(team)
    Handoff.objects.update(points=None)
    at = handoff.opened_at
    for seq, (total, values) in enumerate([(30, [18, 15, -3]), (99, [0, 0, 99])], start=1):
        Entry.objects.create(
            lead_id=handoff.lead_id, seq=seq, cause="activity", version_id=VERSION, as_of=at, recorded_at=at,
            fit=12, engagement=18, total=total, points=values,
        )  # fmt: skip
    with connection.cursor() as cursor:
        migration = next((PROJECT / "scoring" / "migrations").glob("*_promises_of_before.py")).stem
        cursor.execute(import_module(f"scoring.migrations.{migration}").FILL)
    assert Handoff.objects.get().points == [18, 15, -3]
