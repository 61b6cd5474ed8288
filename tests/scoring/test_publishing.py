"""A version becomes live page by page, then at once, or not at all; what was published is frozen."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from leads.models import Lead, Standing
from scoring import pipeline, publishing
from scoring.approvals import NothingNew
from scoring.models import Entry, PublicationScore, ScoringModel, Version
from scoring.publishing import PublicationRunning
from scoring.verify import verify_scores
from tests.scoring.publications import checksum, finish, improve, make_leads, versions_seen
from tests.scoring.workshop import add, go_live, make_model, record, rescore, reworded

pytestmark = pytest.mark.usefixtures("small_pages")
concurrent = pytest.mark.django_db(transaction=True)

# --- Progress, and dying on the way --------------------------------------------------------------------


@pytest.mark.django_db
def test_pages_are_the_progress() -> None:
    make_leads(60)
    publication = publishing.publish(make_model(), by=None)
    assert list(publication.pages.values_list("leads", flat=True)) == [25, 25, 10]
    assert publication.leads == 60
    done = []
    while publishing.run(publication):
        done.append(publication.pages.filter(done_at__isnull=False).count())
        assert versions_seen() == {None}
    assert done == [1, 2, 3]
    assert versions_seen() == {publication.version_id}
    publication.refresh_from_db()
    assert (publication.changed, publication.abandoned, PublicationScore.objects.count()) == (60, False, 0)


@pytest.mark.django_db
def test_without_leads_a_version_is_live_at_once() -> None:
    publication = publishing.publish(make_model(), by=None)
    assert publishing.run(publication) is False
    assert Version.objects.live().get() == publication.version


class Died(BaseException):
    """As a killed process: nothing may answer it."""


@pytest.mark.django_db
@pytest.mark.parametrize("dies_in", ["_score", "switch"])
def test_who_dies_in_a_page_costs_that_page(dies_in: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_leads(60)
    publication = publishing.publish(make_model(), by=None)
    honest, scored, deaths = getattr(publishing, dies_in), [], []

    def dying(*args: Any, **how: Any) -> Any:
        scored.append(args[1])
        answer = honest(*args, **how)
        if len(deaths) < 2 and (len(scored) > 1 or dies_in == "switch"):
            deaths.append(len(scored))
            raise Died
        return answer

    monkeypatch.setattr(publishing, dies_in, dying)
    for _ in range(2):
        with pytest.raises(Died):
            finish(publication)
        assert versions_seen() == {None}
        scores, pages = publication.scores.count(), publication.pages.filter(done_at__isnull=False)
        assert scores == sum(pages.values_list("leads", flat=True))
    finish(publication)
    assert len(deaths) == 2
    assert versions_seen() == {publication.version_id}
    assert Entry.objects.count() == 60
    if dies_in == "_score":
        assert [len(leads) for leads in scored if leads] == [25, 25, 25, 25, 10]  # two pages of five are lost


# --- Back, and what is frozen --------------------------------------------------------------------------


@concurrent
def test_rolling_back_gives_the_same_standings_as_before() -> None:
    leads, model = make_leads(60), make_model()
    for lead in leads[::3]:
        record(lead, "webinar_attended", 5)
    first = go_live(model)
    before = checksum()
    improve(model, 3)
    go_live(model)
    assert checksum() != before
    finish(publishing.rollback(first, by=None))
    assert checksum() == before
    assert verify_scores().holds


@pytest.mark.django_db
def test_versions_are_live_then_retired() -> None:
    model = make_model()
    versions = [go_live(reworded(model)) for _ in range(3)]
    finish(publishing.rollback(versions[1], by=None))
    states = {version.number: version.state for version in Version.objects.all()}
    assert states == {1: "retired", 2: "live", 3: "retired"}
    with pytest.raises(ValidationError, match="Version 2 is not retired"):
        publishing.rollback(versions[1], by=None)


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"definition": {}}, {"number": 9}, {"position": 3}])
def test_what_was_published_is_frozen(change: dict[str, Any]) -> None:
    version = go_live(make_model())
    with pytest.raises(Exception, match="a published version is frozen"):
        Version.objects.filter(pk=version.pk).update(**change)


@concurrent
def test_the_order_of_models_is_published_too() -> None:
    """Dragging a draft in front of another does not change which version scores a lead until it is published."""
    make_leads(10)
    first, second = make_model("First"), make_model("Second")
    ScoringModel.objects.filter(pk=second.pk).update(position=1)
    second.refresh_from_db()
    one, two = go_live(first), go_live(second)
    assert versions_seen() == {one.pk}
    ScoringModel.objects.filter(pk=second.pk).update(position=0)
    ScoringModel.objects.filter(pk=first.pk).update(position=1)
    record(Lead.objects.all()[0], "page_viewed", url="/pricing")
    rescore()
    assert versions_seen() == {one.pk}
    assert verify_scores().holds
    third = go_live(first)
    assert versions_seen() == {two.pk} or third.position == 1
    assert verify_scores().holds


# --- What is refused ------------------------------


@pytest.mark.django_db
def test_a_draft_that_could_leave_the_range_of_a_ledger_is_refused() -> None:
    model = make_model()
    group = model.groups.get(name="Buying")
    for number in range(32):
        add(group, f"Views {number}", 1, {"event": "page_viewed"}, counting="each")
    with pytest.raises(ValidationError, match="Engagement: the criteria could add up to 32,083 points"):
        publishing.publish(model, by=None)
    model.criteria.filter(name="Views 1").update(at_most=50)
    assert go_live(model)


@pytest.mark.django_db
def test_one_at_a_time() -> None:
    model = make_model()
    publishing.publish(model, by=None)
    with pytest.raises(PublicationRunning):
        publishing.publish(make_model("Other"), by=None)
    assert Version.objects.count() == 1


@pytest.mark.django_db
def test_the_pipeline_goes_on_while_a_version_is_in_the_wings() -> None:
    leads, model = make_leads(60), make_model()
    first = go_live(model)
    publication = publishing.publish(reworded(model), by=None)
    publishing.run(publication)
    record(leads[0], "page_viewed", url="/pricing")
    assert pipeline.rescore_due() == 1
    standing = Standing.objects.get(pk=leads[0].pk)
    assert (standing.version, standing.engagement) == (first.pk, 8)


@pytest.mark.django_db
def test_what_is_live_is_not_published_again() -> None:
    model = make_model()
    go_live(model)
    with pytest.raises(NothingNew):
        publishing.publish(model, by=None)
    with pytest.raises(CommandError, match="there is nothing to publish"):
        call_command("model", "publish", model.slug, "--note", "Again")
    with pytest.raises(CommandError, match="--note"):
        call_command("model", "publish", model.slug)
    assert go_live(reworded(model)).number == 2
