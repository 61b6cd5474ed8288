"""A version becomes live for everybody at once, or not at all; whatever happens meanwhile."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse

from leads.enums import Role
from leads.models import Company, Field, Lead, LedgerLine, Standing
from scoring import pipeline, publishing
from scoring.engine.evaluate import _compile
from scoring.models import Criterion, Entry, Publication, PublicationScore, ScoringModel, Version, VersionState
from scoring.publishing import PublicationRunning
from scoring.verify import verify_scores
from tests.sales import make_team, make_user
from tests.scoring.workshop import add, field, go_live, make_lead, make_model, record, rescore
from tests.threads import at_once

concurrent = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "PAGE", 25)


def make_leads(count: int) -> list[Lead]:
    team = make_team()
    company = Company.objects.create(team=team, name="Northwind", industry="Manufacturing", employees=420)
    return Lead.objects.bulk_create(
        Lead(team=team, company=company, title="VP" if n % 2 else "Clerk", email=f"l{n}@n.example")
        for n in range(count)
    )


def improve(model: ScoringModel, by: int = 1) -> None:
    for criterion in model.criteria.filter(points__gt=0):
        Criterion.objects.filter(pk=criterion.pk).update(points=criterion.points + by)


def finish(publication: Publication) -> None:
    while publishing.run(publication):
        pass
    publication.refresh_from_db()


def versions_seen() -> set[int | None]:
    return set(Standing.objects.values_list("version", flat=True))


def checksum() -> str:
    columns = ("pk", "version", "fit", "engagement", "total", "grade", "label", "points")
    return sha256(repr(list(Standing.objects.order_by("pk").values_list(*columns))).encode()).hexdigest()


# --- Readers see the old version or the new ------------------------------------------------------------


class Readers:
    """Threads that look at all standings again and again, and remember how many versions they saw at once."""

    def __init__(self, count: int) -> None:
        self.seen: list[set[int | None]] = []
        self.enough = Event()
        self.threads = [Thread(target=self._look) for _ in range(count)]

    def _look(self) -> None:
        try:
            while not self.enough.is_set():
                self.seen.append(versions_seen())
        finally:
            connection.close()

    def __enter__(self) -> "Readers":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.enough.set()
        for thread in self.threads:
            thread.join()


@concurrent
def test_no_reader_sees_two_versions() -> None:
    make_leads(200)
    model = make_model()
    first = go_live(model)
    with Readers(3) as readers:
        improve(model)
        second = go_live(model)
        improve(model)
        third = go_live(model)
        publishing.run(publication := publishing.rollback(first, by=None))
        finish(publication)
    assert len(readers.seen) > 20
    assert {len(versions) for versions in readers.seen} == {1}
    assert set().union(*readers.seen) <= {first.pk, second.pk, third.pk}
    assert verify_scores().holds


@concurrent
def test_readers_would_notice_a_switch_in_two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without the one transaction there is a moment with two versions."""
    make_leads(200)
    model = make_model()
    go_live(model)
    honest = publishing.switch

    def in_two(publication: int, now: Any) -> int:
        middle = Standing.objects.order_by("pk")[100].pk
        later = PublicationScore.objects.filter(publication=publication, lead__gte=middle)
        kept = list(later)
        later.delete()
        changed = honest(publication, now)
        connection.connection.commit()  # behind Django's back
        PublicationScore.objects.bulk_create(kept)
        return changed + honest(publication, now)

    monkeypatch.setattr(publishing, "switch", in_two)
    improve(model)
    with Readers(3) as readers:
        go_live(model)
        readers.seen.append(versions_seen())
    assert any(len(versions) == 2 for versions in readers.seen)


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


# --- Two at once ---------------------------------------------------------------------------------------


def publish_at_once(models: list[ScoringModel]) -> list[Any]:
    start = Barrier(len(models), timeout=30)

    def publish(model: ScoringModel) -> Publication:
        model = ScoringModel.objects.get(pk=model.pk)
        start.wait()
        return publishing.publish(model, by=None)

    return at_once(publish, models)


@concurrent
@pytest.mark.parametrize("same", [True, False])
def test_of_people_who_publish_at_once_one_wins(same: bool) -> None:
    make_leads(30)
    models = [make_model()] * 4 if same else [make_model(f"Model {n}") for n in range(4)]
    answers = publish_at_once(models)
    assert sorted(type(answer).__name__ for answer in answers) == ["Publication"] + ["PublicationRunning"] * 3
    assert (Publication.objects.count(), Version.objects.count()) == (1, 1)
    assert LedgerLine.objects.values("version").distinct().count() == 1
    finish(Publication.objects.get())
    assert verify_scores().holds


@concurrent
def test_without_holding_the_draft_losers_get_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: two count the same next number."""
    meet = Barrier(2, timeout=30)

    def unheld(model: ScoringModel) -> ScoringModel:
        return model

    def slow_check(model: ScoringModel) -> None:
        meet.wait()

    monkeypatch.setattr(publishing, "_held_draft", unheld)
    monkeypatch.setattr(publishing, "keep", lambda draft: None)  # its history holds the model too
    monkeypatch.setattr(publishing, "check_draft", slow_check)
    answers = publish_at_once([make_model()] * 2)
    assert "IntegrityError" in {type(answer).__name__ for answer in answers}


@concurrent
def test_a_draft_is_not_edited_between_its_check_and_its_freezing(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model()
    checked, honest = Event(), publishing.check_draft

    def slow_check(draft: ScoringModel) -> None:
        honest(draft)
        checked.set()
        edited.join(0.3)

    def edit() -> None:
        checked.wait(30)
        add(model.groups.all()[0], "Broken", 1, field("custom.gone", "is", "x"))
        model.criteria.filter(name="VP").update(condition=field("custom.gone", "is", "x"))
        connection.close()

    edited = Thread(target=edit)
    edited.start()
    monkeypatch.setattr(publishing, "check_draft", slow_check)
    version = go_live(model)
    edited.join()
    assert "gone" not in str(version.definition)
    assert "gone" in str(list(model.criteria.values_list("condition", flat=True)))


# --- Facts that arrive meanwhile -----------------------------------------------------------------------


def live_through_a_publication(during: Callable[[list[Lead]], None]) -> Publication:
    leads, model = make_leads(60), make_model()
    go_live(model)
    improve(model)
    publication = publishing.publish(model, by=None)
    publishing.run(publication)
    during(leads)
    finish(publication)
    return publication


def _facts(leads: list[Lead]) -> None:
    """Of a page that was scored and of one that was not; the worker counts them by the old version meanwhile."""
    for lead in (leads[0], leads[1], leads[30]):
        record(lead, "page_viewed", url="/pricing")
    Lead.objects.filter(pk=leads[2].pk).update(title="VP Operations")
    rescore()
    record(leads[3], "webinar_attended")
    Lead.objects.filter(pk__in=[leads[5].pk, leads[40].pk]).delete()
    make_lead(leads[0].team)
    rescore()
    make_lead(leads[0].team)


@concurrent
def test_facts_that_arrive_meanwhile_count_in_the_new_version() -> None:
    publication = live_through_a_publication(_facts)
    assert versions_seen() == {publication.version_id}
    assert not Standing.objects.due().exists()
    rescore()
    found = verify_scores()
    assert (found.checked, found.holds) == (60, True)


@concurrent
def test_without_catching_up_they_would_stay_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: what the worker counted meanwhile is newer than the page, so the switch must not overwrite it."""
    monkeypatch.setattr(publishing, "_catch_up", lambda publication: None)
    publication = live_through_a_publication(_facts)
    rescore()
    assert versions_seen() != {publication.version_id}
    assert len(verify_scores().different) >= 4


@concurrent
def test_a_lead_deleted_between_counting_and_commit_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    leads, honest, deleted = make_leads(30), publishing._score, []

    def slow(publication: Publication, rows: Any, **how: Any) -> None:
        honest(publication, rows, **how)
        if not deleted:
            deleted.extend(at_once(lambda lead: Lead.objects.filter(pk=lead.pk).delete(), [leads[4]]))

    monkeypatch.setattr(publishing, "_score", slow)
    publication = publishing.publish(make_model(), by=None)
    finish(publication)
    assert not isinstance(deleted[0], Exception)
    assert (publication.abandoned, Standing.objects.count()) == (False, 29)
    assert verify_scores().holds


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
    versions = [go_live(model), go_live(model), go_live(model)]
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


# --- Giving up -----------------------------------------------------------------------------------------


@pytest.fixture
def broken() -> Iterator[Publication]:
    """Being scored while version 1 is live, when the field it asks for goes: the next worker cannot compile it."""
    make_leads(60)
    model = make_model()
    go_live(model)
    Field.objects.create(of="lead", key="plan", label="Plan", type="text")
    add(model.groups.all()[0], "Plan", 5, field("custom.plan", "is", "gold"))
    publication = publishing.publish(model, by=None)
    publishing.run(publication)
    Field.objects.all().delete()
    _compile.cache_clear()  # as in a process that has not scored it before
    yield publication
    _compile.cache_clear()


@pytest.mark.django_db
def test_a_version_that_cannot_be_scored_blocks_nobody(broken: Publication) -> None:
    before = checksum()
    assert publishing.run(broken) is False
    broken.refresh_from_db()
    assert (broken.abandoned, broken.problem) == (True, "field: there is no field 'custom.plan'")
    assert Version.objects.get(pk=broken.version_id).state == VersionState.ABANDONED
    assert (PublicationScore.objects.count(), checksum()) == (0, before)
    assert publishing.run(broken) is False  # a late wake-up
    model = broken.version.model
    model.criteria.filter(name="Plan").delete()
    assert go_live(model).number == 3


@pytest.mark.django_db
def test_nobody_goes_back_to_a_version_that_cannot_be_scored_any_more() -> None:
    model = make_model()
    Field.objects.create(of="lead", key="plan", label="Plan", type="text")
    plan = add(model.groups.all()[0], "Plan", 5, field("custom.plan", "is", "gold"))
    first = go_live(model)
    plan.delete()
    second = go_live(model)
    Field.objects.all().delete()
    _compile.cache_clear()
    with pytest.raises(ValidationError, match="Version 1 cannot be scored: field: there is no field 'custom.plan'"):
        publishing.rollback(first, by=None)
    first.refresh_from_db()
    assert (first.state, list(Version.objects.live())) == (VersionState.RETIRED, [second])
    assert not Publication.objects.filter(finished_at=None).exists()


@pytest.mark.django_db
def test_stopping_keeps_what_is_live() -> None:
    make_leads(60)
    model = make_model()
    first = go_live(model)
    before = checksum()
    publication = publishing.publish(model, by=None)
    publishing.run(publication)
    assert publishing.abandon(publication) is True
    assert publishing.abandon(publication) is False
    assert publishing.run(publication) is False
    assert (list(Version.objects.live()), checksum(), PublicationScore.objects.count()) == ([first], before, 0)
    second = go_live(model)
    publication = publishing.rollback(first, by=None)
    publishing.abandon(publication)
    first.refresh_from_db()
    assert (first.state, list(Version.objects.live())) == (VersionState.RETIRED, [second])


@concurrent
def test_of_a_switch_and_a_stop_exactly_one_happens() -> None:
    make_leads(30)
    model = make_model()
    for _ in range(4):
        publication = publishing.publish(model, by=None)
        at_once(lambda act, publication=publication: act(publication), [finish, finish, publishing.abandon])
        state = Version.objects.get(pk=publication.version_id).state
        ended = Publication.objects.get(pk=publication.pk)
        assert ended.finished_at is not None
        assert (state == VersionState.LIVE) is not ended.abandoned
        assert (versions_seen() == {publication.version_id}) is not ended.abandoned
        assert PublicationScore.objects.count() == 0
    assert verify_scores().holds


@pytest.mark.django_db
def test_the_page_says_why_and_lets_publishers_stop(client: Client, broken: Publication) -> None:
    page, stop = (reverse(name, args=[broken.pk]) for name in ("scoring:publication", "scoring:abandonment"))
    client.force_login(make_user("Rob", make_team(), Role.REP))
    assert "Stop, and keep" not in client.get(page).content.decode()
    assert client.post(stop).status_code == 403
    client.force_login(make_user("Mara", make_team(), Role.MARKETING))
    assert "Stop, and keep what is live" in client.get(page).content.decode()
    publishing.run(broken)
    text = client.get(page).content.decode()
    assert "Version 2 could not be scored" in text
    assert "there is no field &#x27;custom.plan&#x27;" in text
    assert "every 1s" not in text
    assert "nothing to stop" in client.post(stop, follow=True).content.decode()
    model = broken.version.model
    model.criteria.filter(name="Plan").delete()
    third = publishing.publish(model, by=None)
    client.post(reverse("scoring:abandonment", args=[third.pk]))
    third.refresh_from_db()
    assert third.abandoned
    assert "Never live" in client.get(reverse("scoring:model", args=[model.pk])).content.decode()


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
def test_what_a_version_in_the_wings_needs_is_not_deleted(broken: Publication) -> None:
    """Fields are guarded while a version that asks for them is scored or live, and free once it was given up."""
    from scoring.uses import conditions_with

    assert list(conditions_with("custom.plan"))
    publishing.run(broken)
    broken.version.model.criteria.filter(name="Plan").delete()
    assert not list(conditions_with("custom.plan"))


@pytest.mark.django_db
def test_the_pipeline_goes_on_while_a_version_is_in_the_wings() -> None:
    leads, model = make_leads(60), make_model()
    first = go_live(model)
    publication = publishing.publish(model, by=None)
    publishing.run(publication)
    record(leads[0], "page_viewed", url="/pricing")
    assert pipeline.rescore_due() == 1
    standing = Standing.objects.get(pk=leads[0].pk)
    assert (standing.version, standing.engagement) == (first.pk, 8)


@pytest.mark.django_db
def test_one_at_a_time() -> None:
    model = make_model()
    publishing.publish(model, by=None)
    with pytest.raises(PublicationRunning):
        publishing.publish(make_model("Other"), by=None)
    assert Version.objects.count() == 1
