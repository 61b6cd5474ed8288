"""A draft before it goes live: what is counted, what the page says of it, and what can be put into the draft."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.enums import Role
from leads.models import Lead, Membership, Team
from scoring.complexity import COMPLEX, SIMPLE, complexity
from scoring.engine.definition import freeze, load
from scoring.models import DraftStep, Preview, PreviewStage, ScoringModel
from scoring.preview import job, scores
from scoring.preview.charts import twins
from scoring.preview.consequences import consequences
from scoring.preview.thresholds import threshold_of
from scoring.preview.weekly import hot_per_week
from scoring.tasks import run_previews
from tests.leads.api import Caller
from tests.sales import make_team, make_user
from tests.scoring.past_leads import past_lead
from tests.scoring.workshop import add, field, go_live, make_lead, make_model, record, rescore

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(team: Team) -> ScoringModel:
    """Live: VPs have fit A, buyers C. In the draft a VP is worth less, and buyers something."""
    model = make_model()
    leads = [make_lead(team, title=title) for title in ("VP Sales", "VP Sales", "Buyer", "student")]
    record(leads[0], "webinar_attended")
    go_live(model)
    rescore()
    model.criteria.filter(name="VP").update(points=2)
    add(model.groups.get(name="Role"), "Buyer", 9, field("title", "contains", "Buyer"))
    return model


@pytest.fixture
def marketer(client: Client, team: Team) -> Client:
    client.force_login(make_user("Mara", team, Role.MARKETING))
    return client


def counted(model: ScoringModel) -> Preview:
    job.start(model, by=None)
    run_previews()
    return model.previews.get()


def page(client: Client, url: str, **given: Any) -> str:
    response = client.get(url, given)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


class TestConsequences:
    """What the page says right before somebody publishes."""

    def test_as_the_preview_has_counted_them(self, model: ScoringModel, marketer: Client) -> None:
        counted(model)
        found = consequences(model)
        assert found is not None
        assert (found.leads, found.labels, found.up, found.down, found.grades) == (4, 3, 1, 2, 3)
        shown = page(marketer, f"/scoring/models/{model.pk}/")
        assert "<b>3 of 4 leads get another label</b>: 1 a better one, 2 a worse one. 3 get another grade." in shown

    def test_unknown_for_another_draft(self, model: ScoringModel, marketer: Client) -> None:
        assert "Not previewed yet as it is now." in page(marketer, f"/scoring/models/{model.pk}/")
        counted(model)
        model.criteria.filter(name="VP").update(points=3)
        assert consequences(model) is None
        shown = page(marketer, f"/scoring/models/{model.pk}/")
        assert "Not previewed yet as it is now." in shown
        job.start(model, by=None)
        assert "The preview is being counted." in page(marketer, f"/scoring/models/{model.pk}/")


def test_a_draft_that_decides_for_nobody_says_why(model: ScoringModel, marketer: Client) -> None:
    second = make_model("Second")
    counted(second)
    shown = page(marketer, f"/scoring/models/{second.pk}/preview/")
    assert "This draft would decide for no lead: Inbound comes before it and is for every lead it is for." in shown
    assert "It scores no lead, so nothing can be said of its rules." in shown


class TestCounting:
    def test_every_lead_beside_its_standing(self, model: ScoringModel) -> None:
        result = counted(model).result
        assert result["moves"]["leads"] == 4
        assert result["touched"]["Role/VP"] == 2
        assert result["touched"]["Role/Buyer"] == 1
        assert result["touched"]["Company/Manufacturing"] == 0
        assert sum(result["distribution"]["live"]) == sum(result["distribution"]["draft"]) == 4
        assert {tuple(move) for move in result["moves"]["grades"]} == {
            ("B4", "C4", 2), ("C4", "B4", 1), ("D4", "D4", 1),
        }  # fmt: skip

    def test_it_is_what_publishing_brings(self, model: ScoringModel) -> None:
        """The numbers are those of the engine, once the draft is live."""
        promised = dict(counted(model).scores.values_list("lead", "total"))
        go_live(model)
        assert promised == dict(Lead.objects.values_list("pk", "standing__total"))

    def test_another_model_that_decides_first_keeps_its_leads(self, model: ScoringModel) -> None:
        first = make_model("First")
        first.audience, first.position = field("title", "contains", "VP"), 0
        first.save()
        ScoringModel.objects.filter(pk=model.pk).update(position=5)
        model.refresh_from_db()
        go_live(model)
        go_live(first)
        assert counted(model).result["moves"]["leads"] == 2

    def test_killed_it_goes_on_where_it_was(self, model: ScoringModel, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(scores, "PAGE", 1)
        preview = job.start(model, by=None)
        assert job.run(preview, enough=lambda: True)
        preview.refresh_from_db()
        assert (preview.done, preview.scores.count(), preview.leased_until) == (1, 1, None)
        run_previews()
        preview.refresh_from_db()
        assert (preview.stage, preview.scores.count()) == (PreviewStage.DONE, 4)

    def test_one_worker_counts_at_a_time(self, model: ScoringModel) -> None:
        preview = job.start(model, by=None)
        Preview.objects.update(leased_until=timezone.now() + job.LEASE)
        assert not job.run(preview)
        assert preview.scores.count() == 0

    def test_a_change_of_the_draft_ends_it(self, model: ScoringModel) -> None:
        preview = job.start(model, by=None)
        model.criteria.filter(name="VP").update(points=3)
        run_previews()
        assert not Preview.objects.filter(pk=preview.pk).exists()

    def test_a_newer_count_takes_its_place(self, model: ScoringModel) -> None:
        old, new = counted(model), counted(model)
        assert old.pk != new.pk
        assert new.scores.count() == 4

    def test_a_draft_that_cannot_be_scored_says_why(self, model: ScoringModel, client: Client) -> None:
        model.criteria.filter(name="VP").update(condition=field("custom.gone", "known"))
        client.force_login(make_user("Mara", make_team("Other"), Role.MARKETING))
        answer = client.post(f"/scoring/models/{model.pk}/preview/counts", follow=True)
        assert [str(message) for message in answer.context["messages"]] == [
            "VP: field: there is no field 'custom.gone'"
        ]
        assert not Preview.objects.exists()


def test_hot_per_week_counts_who_enters(team: Team) -> None:
    """By a model in which fit is enough: new VPs are Hot when their week ends, older ones were already."""
    model = make_model()
    model.labels = {grade: "hot" if grade[0] in "AB" else "cold" for grade in model.labels}
    for _ in range(3):
        past_lead(team, 10)
    past_lead(team, 100)
    weeks = hot_per_week([load(freeze(model))], timezone.now())
    assert sum(week.entering(0, load(freeze(model))) for week in weeks) == 3
    assert threshold_of(load(freeze(model))) is None  # every engagement is Hot: there is no threshold to move


class TestPage:
    def test_from_nothing_to_a_verdict(self, model: ScoringModel, marketer: Client, team: Team) -> None:
        url = f"/scoring/models/{model.pk}/preview/"
        assert "Not counted yet" in page(marketer, url)
        rep = make_user("Rob", team, Role.REP)
        Membership.objects.filter(user=rep).update(weekly_capacity=5)
        question = {"outcome": "accepted", "within": 30, "moment": "created", "after": 7}
        answer = marketer.post(f"{url}counts", question)
        assert (answer.status_code, answer["Location"]) == (302, url)
        assert "leads scored by the draft" in page(marketer, url)
        run_previews()
        said = page(marketer, url)
        assert "Draft 2 cannot be proved on past leads yet" in said
        assert "sales can work up to 5." in said
        assert "What changes in the rules" in said
        assert "7 days after creation" in said
        answer = marketer.get(url, headers={"hx-request": "true"})
        assert answer["HX-Refresh"] == "true"

    def test_the_page_says_when_the_draft_moved_on(self, model: ScoringModel, marketer: Client) -> None:
        counted(model)
        url, changed = f"/scoring/models/{model.pk}/preview/", "has changed since this was counted"
        assert changed not in page(marketer, url)
        model.criteria.filter(name="VP").update(points=3)
        assert changed in page(marketer, url)

    def test_criteria_are_switched_off_and_back_on(self, model: ScoringModel, marketer: Client) -> None:
        counted(model)
        url = f"/scoring/models/{model.pk}/preview/"
        rule = model.criteria.get(name="Pricing page")
        assert f'value="{rule.pk}"' in page(marketer, url)
        marketer.post(f"{url}omissions", {"criterion": rule.pk})
        rule.refresh_from_db()
        assert not rule.active
        assert "Switched off: Pricing page" in page(marketer, url)
        marketer.post(f"{url}steps/{DraftStep.objects.get().pk}/withdrawal")
        rule.refresh_from_db()
        assert rule.active

    def test_a_threshold_is_shown_without_a_token_in_the_address(self, model: ScoringModel, marketer: Client) -> None:
        url = f"/scoring/models/{model.pk}/preview/"
        shown = marketer.post(f"{url}threshold", {"hot": "30", "show": "1", "csrfmiddlewaretoken": "x"})
        assert (shown.status_code, shown.url) == (302, f"{url}?hot=30#h-cap")
        assert not model.steps.exists()

    def test_the_threshold_is_moved_and_put_back(self, model: ScoringModel, marketer: Client) -> None:
        counted(model)
        url = f"/scoring/models/{model.pk}/preview/"
        assert "data-limit>30<" in page(marketer, url, hot="30")
        marketer.post(f"{url}threshold", {"hot": "30"})
        model.refresh_from_db()
        assert model.engagement_limits == [38, 30, 13]
        for wrong in ("38", "13", "0", "x", ""):
            marketer.post(f"{url}threshold", {"hot": wrong})
        model.refresh_from_db()
        assert model.engagement_limits == [38, 30, 13]
        marketer.post(f"{url}steps/{DraftStep.objects.get().pk}/withdrawal")
        model.refresh_from_db()
        assert model.engagement_limits == [38, 25, 13]

    def test_lists_show_the_viewer_s_teams(self, model: ScoringModel, marketer: Client, client: Client) -> None:
        make_lead(make_team("APAC"), title="VP Sales", first_name="Hidden")
        rescore()
        preview = counted(model)
        url = f"/scoring/models/{model.pk}/preview/leads/"
        was, then = preview.scores.filter(lead__first_name="Hidden").values_list("grade_before", "grade").get()
        said = page(marketer, url, by="grade", was=was, then=then)
        assert "Hidden" not in said
        assert "VP −13" in said
        alone = preview.scores.filter(lead__first_name="Ana", grade_before=was, grade=then).count()
        assert f"{alone} lead" in said

    def test_a_list_costs_the_same_for_one_and_for_three(self, model: ScoringModel, marketer: Client) -> None:
        def cost() -> int:
            counted(model)
            with CaptureQueriesContext(connection) as queries:
                page(marketer, f"/scoring/models/{model.pk}/preview/leads/", by="grade")
            return len(queries)

        few = cost()
        for _ in range(3):
            make_lead(Team.objects.get(), title="VP Sales")
        rescore()
        assert cost() == few

    def test_reps_look_and_do_not_touch(self, model: ScoringModel, client: Client, team: Team) -> None:
        counted(model)
        client.force_login(make_user("Rob", team, Role.REP))
        url = f"/scoring/models/{model.pk}/preview/"
        said = page(client, url)
        assert "Put into draft" not in said
        assert "Count again" not in said
        for act in ("counts", "threshold", "omissions", "steps/1/withdrawal"):
            assert client.post(url + act).status_code == 403


def test_the_api_says_the_same(model: ScoringModel, team: Team) -> None:
    api = Caller(make_user("Mara", team, Role.MARKETING))
    url = f"models/{model.pk}/preview"
    assert api.get(url).status_code == 404
    started = api.post(url, {"outcome": "accepted", "within": 30})
    assert started.status_code == 202, started.content
    assert started.json()["stage"] == "leads"
    run_previews()
    found = api.get(url).json()
    assert (found["stage"], found["current"], found["result"]["moves"]["leads"]) == ("done", True, 4)
    assert found["question"] == {"outcome": "accepted", "within": 30, "moment": "created", "after": 14}
    preview = model.previews.get()
    grade, label = preview.scores.values_list("grade_before", "label").first()
    rows = api.get(f"{url}/leads", grade_before=grade, label=label).json()["results"]
    assert {row["lead"] for row in rows} == {
        score.lead_id for score in preview.scores.filter(grade_before=grade, label=label)
    }
    assert api.get(f"{url}/leads", label="").json()["results"] == []  # outside the audience
    assert api.get(f"{url}/leads", label="icy").status_code == 400
    assert api.post(url, {"within": 0}).status_code == 400


def test_complexity_is_a_word_with_a_definition(model: ScoringModel) -> None:
    found = complexity(load(freeze(model)))
    assert (found.criteria, found.tests, found.groups, found.depth, found.word) == (7, 7, 3, 0, SIMPLE)
    deep = {"all": [{"any": [{"not": {"any": [field("email", "known")]}}]}]}
    add(model.groups.first(), "Deep", 1, deep)
    assert complexity(load(freeze(model))).word == COMPLEX


def test_columns_share_one_scale() -> None:
    chart = twins(["a", "b"], [0, 8], [4, 2], ["", ""])
    assert chart.grid == [(190.0, "0"), (148.5, "2"), (107.0, "4"), (65.5, "6"), (24.0, "8")]
    assert chart.columns[1].before[1:] == (24.0, 166.0)
    assert chart.columns[0].after[1:] == (107.0, 83.0)
