"""Several live models: the first by position decides the standing, the others keep their scores beside it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.conditions import ConditionError, parse
from leads.conditions.compile import leads_matching
from leads.conditions.vocabulary import Vocabulary
from leads.models import Lead, Standing
from scoring import publishing
from scoring.engine.evaluate import evaluate
from scoring.models import PublicationOther, Score, ScoringModel, Version
from scoring.overrides import set_label
from scoring.pipeline import recount_all
from scoring.verify import verify_scores
from tests.leads.api import Caller
from tests.sales import make_team, make_user
from tests.scoring.workshop import add, field, go_live, make_lead, make_model, record, rescore

pytestmark = pytest.mark.django_db(transaction=True)

VPS = field("title", "contains", "VP")


def model(name: str, position: int, audience: Any = None) -> ScoringModel:
    made = make_model(name)
    ScoringModel.objects.filter(pk=made.pk).update(position=position, audience=audience)
    made.refresh_from_db()
    return made


def scores(lead: Lead) -> dict[str, tuple[int, str]]:
    rows = Score.objects.filter(lead=lead).select_related("model")
    return {row.model.name: (row.total, row.label) for row in rows}


def decided_by(lead: Lead) -> str:
    return Version.objects.select_related("model").get(pk=Standing.objects.get(pk=lead.pk).version).model.name


def holds() -> bool:
    found = verify_scores()
    return found.holds and found.checked > 0 and not found.due


@pytest.fixture
def vp() -> Lead:
    return make_lead(make_team())


@pytest.fixture
def clerk() -> Lead:
    return make_lead(make_team(), title="Clerk")


def test_the_first_decides_and_the_others_stay_beside(vp: Lead, clerk: Lead) -> None:
    go_live(model("Enterprise", 0, VPS))
    go_live(model("Everybody", 1))
    assert (decided_by(vp), scores(vp)) == ("Enterprise", {"Everybody": (35, "cool")})
    assert (decided_by(clerk), scores(clerk)) == ("Everybody", {})
    assert holds()


def test_with_one_model_nothing_is_asked_or_kept(vp: Lead) -> None:
    go_live(model("Everybody", 0))
    record(vp, "page_viewed", url="/pricing")
    with CaptureQueriesContext(connection) as queries:
        rescore()
    assert Score.objects.count() == 0
    assert not [query for query in queries if "scoring_score" in query["sql"]]


def test_facts_move_every_score(vp: Lead) -> None:
    go_live(model("Enterprise", 0, VPS))
    go_live(model("Everybody", 1))
    record(vp, "page_viewed", url="/pricing")
    rescore()
    assert scores(vp) == {"Everybody": (43, "cool")}
    Lead.objects.filter(pk=vp.pk).update(title="Clerk")  # leaves the audience of the first
    rescore()
    assert (decided_by(vp), scores(vp)) == ("Everybody", {})
    Lead.objects.filter(pk=vp.pk).update(title="VP")
    rescore()
    assert (decided_by(vp), scores(vp)) == ("Enterprise", {"Everybody": (43, "cool")})
    assert holds()


def test_publishing_switches_all_of_them_at_once(vp: Lead) -> None:
    go_live(model("Enterprise", 0, VPS))
    everybody = model("Everybody", 1)
    go_live(everybody)
    everybody.criteria.filter(name="VP").update(points=5)
    publication = publishing.publish(everybody, by=None)
    publishing.run(publication)
    assert scores(vp) == {"Everybody": (35, "cool")}, "in the wings, not yet shown"
    while publishing.run(publication):
        pass
    assert scores(vp) == {"Everybody": (25, "cool")}
    assert PublicationOther.objects.count() == 0 and holds()


def test_a_model_that_comes_before_takes_the_standing_over(vp: Lead) -> None:
    go_live(model("Everybody", 1))
    go_live(model("Enterprise", 0, VPS))
    assert (decided_by(vp), scores(vp)) == ("Enterprise", {"Everybody": (35, "cool")})
    narrow = ScoringModel.objects.get(name="Enterprise")
    narrow.audience = field("title", "contains", "nobody")
    narrow.save()
    go_live(narrow)
    assert (decided_by(vp), scores(vp)) == ("Everybody", {})
    assert holds()


def test_facts_that_arrive_while_it_is_published(vp: Lead) -> None:
    go_live(model("Enterprise", 0, VPS))
    publication = publishing.publish(model("Everybody", 1), by=None)
    publishing.run(publication)
    record(vp, "page_viewed", url="/pricing")
    newcomer = make_lead(make_team())
    while publishing.run(publication):
        pass
    rescore()
    assert scores(vp) == {"Everybody": (43, "cool")} and scores(newcomer) == {"Everybody": (35, "cool")}
    assert holds()


def test_what_is_given_up_leaves_nothing(vp: Lead) -> None:
    go_live(model("Enterprise", 0, VPS))
    publication = publishing.publish(model("Everybody", 1), by=None)
    publishing.run(publication)
    assert PublicationOther.objects.count() == 1
    publishing.abandon(publication)
    assert (PublicationOther.objects.count(), Score.objects.count()) == (0, 0)


def test_what_fades_in_another_model_is_due_in_time(vp: Lead) -> None:
    """Also for a lead that will belong to its audience some day."""
    first = model("Enterprise", 0, VPS)
    first.criteria.filter(name__in=["Webinar", "Pricing page"]).delete()
    go_live(first)
    go_live(model("Everybody", 1, {"event": "webinar_attended"}))
    go_live(model("Long known", 2, field("created", "days_ago", 10)))
    record(vp, "webinar_attended")
    rescore()
    assert scores(vp) == {"Everybody": (45, "cool")}
    due = Standing.objects.get(pk=vp.pk).due_at
    fades = evaluate(Version.objects.get(model__name="Everybody"), [vp.pk], timezone.now())[0].due_at
    assert due == fades
    Lead.objects.filter(pk=vp.pk).update(title="VP", created_at=timezone.now() - timedelta(days=9))
    rescore()
    tomorrow = Standing.objects.get(pk=vp.pk).due_at
    assert tomorrow is not None and tomorrow - timezone.now() < timedelta(days=1)
    assert holds()


def test_counting_everything_again_changes_nothing(vp: Lead, clerk: Lead) -> None:
    go_live(model("Enterprise", 0, VPS))
    go_live(model("Everybody", 1))
    record(vp, "webinar_attended")
    rescore()
    before = list(Standing.objects.order_by("pk").values("total", "due_at", "seq"))
    Score.objects.update(total=1)
    assert not verify_scores().holds
    recount_all(0)
    assert list(Standing.objects.order_by("pk").values("total", "due_at", "seq")) == before
    assert holds()


def test_verify_sees_a_score_that_should_not_be_there(vp: Lead) -> None:
    go_live(model("Enterprise", 0, VPS))
    go_live(model("Everybody", 1))
    Score.objects.all().delete()
    assert verify_scores().different == [vp.pk]


def test_deleting_a_lead_takes_its_scores_along(vp: Lead) -> None:
    go_live(model("Enterprise", 0, VPS))
    go_live(model("Everybody", 1))
    vp.delete()
    assert Score.objects.count() == 0


def test_three_that_overlap(vp: Lead, clerk: Lead) -> None:
    go_live(model("A", 0, VPS))
    go_live(model("B", 1, field("company.employees", "at_least", 200)))
    third = model("C", 2, field("company.industry", "is", "Manufacturing"))
    add(third.groups.get(name="Role"), "Clerk", 4, field("title", "is", "Clerk"))
    go_live(third)
    assert (decided_by(vp), scores(vp)) == ("A", {"B": (35, "cool"), "C": (35, "cool")})
    assert (decided_by(clerk), scores(clerk)) == ("B", {"C": (24, "cold")})
    assert holds()


# --- Asked, listed and shown -----------------------------------------------------------------------------------------


@pytest.fixture
def both(vp: Lead, clerk: Lead) -> None:
    """Enterprise for VPs first, then Everybody, with more points for them."""
    go_live(model("Enterprise", 0, VPS))
    everybody = model("Everybody", 1)
    everybody.criteria.filter(name="VP").update(points=5)
    go_live(everybody)


def matching(name: str, op: str, value: Any = None) -> set[Lead]:
    test = {"field": f"score.{name}", "op": op} | ({} if value is None else {"value": value})
    return set(Lead.objects.filter(leads_matching(test)))


def test_each_model_can_be_asked_for_wherever_it_stands(both: None, vp: Lead, clerk: Lead) -> None:
    assert matching("enterprise.total", "is", 35) == {vp}
    assert matching("everybody.total", "is", 25) == {vp}
    assert matching("everybody.total", "known") == {vp, clerk}
    assert matching("enterprise.label", "unknown") == {clerk}
    assert matching("everybody.grade", "is", "C4") == {clerk}
    assert matching("everybody.grade", "is", "B4") == {vp}


def test_a_label_set_by_hand_is_no_models(both: None, vp: Lead) -> None:
    set_label(Standing.objects.get(pk=vp.pk), label="hot", reason="Met", until=timezone.localdate(), by=None)
    rescore()
    assert matching("enterprise.label", "is", "cool") == {vp}


def test_a_score_is_not_scored(both: None) -> None:
    with pytest.raises(ConditionError, match="cannot be scored"):
        Vocabulary.load().check(parse(field("score.everybody.total", "at_least", 1)))


def test_the_list_by_another_model(both: None, vp: Lead, clerk: Lead) -> None:
    caller = Caller(make_user("Rob", make_team()))

    def listed(**query: Any) -> list[int]:
        return [row["id"] for row in caller.get("leads", **query).json()["results"]]

    assert listed(model="enterprise") == [vp.pk]
    assert listed(model="everybody") == [vp.pk, clerk.pk]
    assert listed(model="everybody", grade="B4") == [vp.pk]
    assert listed(model="everybody", label="cold") == [clerk.pk]
    assert caller.get("leads", model="nobody").status_code == 400
    page = caller.client
    page.force_login(caller.token.user)
    assert "1 lead" in page.get("/leads/", {"model": "enterprise"}).content.decode()
    assert "There is no live model" in page.get("/leads/", {"model": "nobody"}).content.decode()


def test_the_lead_page_and_the_api_show_the_other_models(both: None, vp: Lead, client: Client) -> None:
    user = make_user("Rob", make_team())
    client.force_login(user)
    page = f"/scoring/leads/{vp.pk}/standing/"
    assert "Other models" in client.get(page).content.decode()
    other = client.get(page, {"model": "everybody"}).content.decode()
    assert "Everybody, version 1" in other and "Other models" not in other
    assert client.get(page, {"model": "nobody"}).status_code == 404
    body = Caller(user).get(f"leads/{vp.pk}/standing").json()
    assert [(row["model"], row["total"], row["grade"]) for row in body["others"]] == [("everybody", 25, "B4")]
    alone = Caller(user).get(f"leads/{vp.pk}/standing", model="everybody").json()
    assert (alone["model"], alone["total"], sum(line["points"] for line in alone["lines"])) == ("Everybody", 25, 25)
    assert alone["others"] == []
