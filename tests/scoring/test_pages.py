"""The pages of scoring: who may see what, and what it says."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from leads.enums import Role
from leads.models import Lead
from scoring import publishing
from scoring.models import Publication, ScoringModel, Version
from tests.sales import make_team, make_user
from tests.scoring.workshop import add, field, go_live, make_lead, make_model, record, rescore, reworded

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer(client: Client) -> Client:
    client.force_login(make_user("Mara", make_team(), Role.MARKETING))
    return client


@pytest.fixture
def rep(client: Client) -> Client:
    client.force_login(make_user("Rob", make_team(), Role.REP))
    return client


def text(response: Any) -> str:
    """What a page says, with single spaces."""
    assert response.status_code == 200, response.status_code
    return " ".join(response.content.decode().split())


def cost(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


# --- Why this score, what changed ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["scoring:standing", "scoring:history"])
class TestCards:
    def test_is_a_page_and_a_fragment_with_one_root(self, rep: Client, name: str) -> None:
        lead = make_lead(make_team())
        go_live(make_model())
        url = reverse(name, args=[lead.pk])
        assert "<html" in text(rep.get(url))
        response = rep.get(url, headers={"hx-request": "true"})
        fragment = text(response)
        assert fragment.startswith('<section class="card" id=')
        assert fragment.endswith("</section>")
        assert "HX-Request" in response["Vary"]

    def test_a_lead_of_another_team_is_not_there(self, rep: Client, name: str) -> None:
        lead = make_lead(make_team("APAC"))
        go_live(make_model())
        assert rep.get(reverse(name, args=[lead.pk])).status_code == 404
        assert rep.get(reverse(name, args=[lead.pk + 1])).status_code == 404

    def test_costs_the_same_for_more_criteria_and_changes(self, rep: Client, name: str) -> None:
        model, lead = make_model(), make_lead(make_team())
        go_live(model)
        url = reverse(name, args=[lead.pk])
        before = cost(rep, url)
        for number in range(5):
            add(model.groups.all()[0], f"More {number}", 1, field("title", "contains", "VP"))
        go_live(model)
        record(lead, "page_viewed", url="/pricing")
        rescore()
        assert cost(rep, url) <= before + 2  # names of a second version; the last events

    def test_a_lead_without_a_score_says_why(self, rep: Client, name: str) -> None:
        page = text(rep.get(reverse(name, args=[make_lead(make_team()).pk])))
        assert "Not scored yet" in page or "Nothing has changed yet" in page


def test_the_ledger_shows_lines_evidence_caps_and_the_sum(rep: Client) -> None:
    lead = make_lead(make_team())
    record(lead, "page_viewed", 0, url="/pricing")
    go_live(make_model())
    page = text(rep.get(reverse("scoring:standing", args=[lead.pk])))
    assert "Inbound, version 1. Counted just now." in page
    assert re.search("<td>VP</td><td> ?VP Operations ?</td><td>\\+15</td>", page)
    assert '<td colspan="2">Cap: Company gives at most 20</td><td>−5</td>' in page
    assert "= 35 fit + 8 engagement</span></th><td>43</td>" in page
    assert "Not met (2)" in page


def test_outside_every_audience_is_not_zero(rep: Client) -> None:
    model, lead = make_model(), make_lead(make_team(), country="DE")
    model.audience = field("country", "is", "ES")
    model.save()
    go_live(model)
    assert "Outside every audience" in text(rep.get(reverse("scoring:standing", args=[lead.pk])))


def test_disqualified_says_by_what(rep: Client) -> None:
    lead = make_lead(make_team(), title="Student")
    go_live(make_model())
    assert "Disqualified by “Student”." in text(rep.get(reverse("scoring:standing", args=[lead.pk])))


def test_names_from_outside_are_escaped(rep: Client) -> None:
    lead = make_lead(make_team(), title="VP <script>alert(1)</script>")
    record(lead, "page_viewed", url="/pricing<img src=x>")
    go_live(make_model())
    page = text(rep.get(reverse("scoring:standing", args=[lead.pk])))
    assert "VP &lt;script&gt;" in page
    assert "/pricing&lt;img" in page


def test_the_history_adds_up_and_goes_on_to_older_pages(rep: Client) -> None:
    lead = make_lead(make_team())
    go_live(make_model())
    for title in ["Clerk", "VP"] * 6:
        Lead.objects.filter(pk=lead.pk).update(title=title)
        rescore()
    url = reverse("scoring:history", args=[lead.pk])
    page = text(rep.get(url))
    assert "no score → 35" in page
    assert '<dd class="text-ok">+35</dd><dt>rules</dt>' in page
    assert "VP −15" in page
    assert f'href="{url}?days=7&amp;before=4"' in page
    older = text(rep.get(url, {"days": 7, "before": 4}))
    assert "First score, by version 1" in older
    assert "That was the first." in older
    for nonsense in ({"before": "x"}, {"before": "9" * 30}, {"days": "-1"}):
        assert "VP −15" in text(rep.get(url, nonsense))


# --- Models --------------------------------------------------------------------------------------------


def test_without_a_model_the_next_step_is_shown(marketer: Client) -> None:
    assert reverse("scoring:new") in text(marketer.get(reverse("scoring:index")))


def test_a_rep_reads_models_and_publishes_none(rep: Client) -> None:
    model = make_model()
    page = text(rep.get(reverse("scoring:model", args=[model.pk])))
    assert "Job title contains “VP”" in page
    assert "Publish version" not in page
    assert rep.post(reverse("scoring:publications", args=[model.pk])).status_code == 403
    assert rep.post(reverse("scoring:rollback", args=[model.pk, 1])).status_code == 403
    assert Publication.objects.count() == 0


def test_the_list_tells_what_is_live(marketer: Client) -> None:
    make_lead(make_team())
    make_lead(make_team("APAC"))
    go_live(make_model())
    page = text(marketer.get(reverse("scoring:index")))
    assert "Version 1" in page
    assert '<td class="n" data-label="Leads scored">1</td>' in page  # of the person's own teams


def test_the_list_costs_the_same_for_one_model_and_three(marketer: Client) -> None:
    go_live(make_model())
    before = cost(marketer, reverse("scoring:index"))
    for name in ("Services", "Schools"):
        go_live(make_model(name))
    assert cost(marketer, reverse("scoring:index")) == before


def test_the_draft_is_compared_with_what_is_live(marketer: Client) -> None:
    model = make_model()
    go_live(model)
    url = reverse("scoring:model", args=[model.pk])
    assert "Nothing: the draft is what is live." in text(marketer.get(url))
    model.criteria.filter(name="VP").update(points=18, condition=field("title", "starts_with", "VP"))
    model.criteria.filter(name="Manufacturing").update(active=False)
    add(model.groups.get(name="Buying"), "Demo", 12, {"event": "demo_requested"})
    model.groups.filter(name="Company").update(cap=25)
    ScoringModel.objects.update(handoff_labels=["hot", "warm"])
    page = text(marketer.get(url))
    assert "<del>+15</del> <ins>+18</ins>" in page
    assert "<del>Job title contains “VP”</del> <ins>Job title starts with “VP”</ins>" in page
    assert "<ins>Requested a demo: +12</ins>" in page
    assert "<del>Industry is “Manufacturing”: +10</del>" in page
    assert "<del>at most 20</del> <ins>at most 25</ins>" in page
    assert "<del>Hot</del> <ins>Hot, Warm</ins>" in page


# --- Publishing ----------------------------------------------------------------------------------------


def test_publishing_shows_progress_until_it_is_live(marketer: Client) -> None:
    make_lead(make_team())
    model = make_model()
    response = marketer.post(reverse("scoring:publications", args=[model.pk]), {"note": "The first"})
    publication = Publication.objects.get()
    assert response["Location"] == reverse("scoring:publication", args=[publication.pk])
    assert (publication.version.note, str(publication.by)) == ("The first", "Mara")
    page = text(marketer.get(response["Location"]))
    assert "<b>0 of 1</b>" in page
    assert 'hx-trigger="every 1s"' in page
    assert "is being scored" in text(marketer.get(reverse("scoring:index")))
    while publishing.run(publication):
        pass
    fragment = text(marketer.get(response["Location"], headers={"hx-request": "true"}))
    assert "Version 1 is live: of 1 lead <b>1 got another score</b> and 1 another label." in fragment
    assert "hx-trigger" not in fragment


def test_a_publication_nobody_works_on_says_so(marketer: Client) -> None:
    make_lead(make_team())
    publication = publishing.publish(make_model(), by=None)
    Publication.objects.update(started_at=timezone.now() - timedelta(minutes=2))
    assert "Nothing was scored for a minute." in text(
        marketer.get(reverse("scoring:publication", args=[publication.pk]))
    )


def test_what_cannot_be_published_is_named(marketer: Client) -> None:
    model = make_model()
    add(model.groups.all()[0], "Broken", 1, field("custom.gone", "is", "x"))
    response = marketer.post(reverse("scoring:publications", args=[model.pk]), {"note": "x"})
    assert response.status_code == 422
    assert "Broken: field: there is no field &#x27;custom.gone&#x27;" in response.content.decode()
    assert Version.objects.count() == 0


def test_publishing_asks_what_is_new_and_why(marketer: Client) -> None:
    response = marketer.post(reverse("scoring:publications", args=[make_model().pk]), {"note": " "})
    assert response.status_code == 422
    assert "Say in a sentence what is new and why" in response.content.decode()
    assert Version.objects.count() == 0


def test_only_one_version_is_scored_at_a_time(marketer: Client) -> None:
    model = make_model()
    marketer.post(reverse("scoring:publications", args=[model.pk]), {"note": "The first"})
    response = marketer.post(reverse("scoring:publications", args=[model.pk]), {"note": "The second"})
    assert "Wait until it is live, then publish again." in response.content.decode()
    assert Version.objects.count() == 1


def test_rolling_back(marketer: Client) -> None:
    model = make_model()
    first, second = go_live(model), go_live(reworded(model))
    response = marketer.post(reverse("scoring:rollback", args=[model.pk, 1]))
    publication = Publication.objects.get(finished_at=None)
    assert response["Location"] == reverse("scoring:publication", args=[publication.pk])
    while publishing.run(publication):
        pass
    assert list(Version.objects.live()) == [first]
    assert marketer.post(reverse("scoring:rollback", args=[model.pk, 7])).status_code == 404
    page = text(marketer.post(reverse("scoring:rollback", args=[model.pk, 1]), follow=True))
    assert "Version 1 is not retired, so there is nothing to go back to." in page
    assert second.number == 2
