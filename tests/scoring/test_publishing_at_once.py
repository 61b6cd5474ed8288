"""Readers, writers and publishers at the same time as a publication: one version for everybody, and nothing lost."""

from collections.abc import Callable
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from django.db import connection

from leads.models import Lead, LedgerLine, Standing
from scoring import publishing
from scoring.models import Publication, PublicationScore, ScoringModel, Version, VersionState
from scoring.verify import verify_scores
from tests.scoring.publications import finish, improve, make_leads, versions_seen
from tests.scoring.workshop import add, field, go_live, make_lead, make_model, record, rescore, reworded
from tests.threads import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("small_pages")]

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


# --- Two at once ---------------------------------------------------------------------------------------


def publish_at_once(models: list[ScoringModel]) -> list[Any]:
    start = Barrier(len(models), timeout=30)

    def publish(model: ScoringModel) -> Publication:
        model = ScoringModel.objects.get(pk=model.pk)
        start.wait()
        return publishing.publish(model, by=None)

    return at_once(publish, models)


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


def test_without_holding_the_draft_losers_get_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: two count the same next number."""
    meet = Barrier(2, timeout=30)

    def unheld(model: ScoringModel) -> ScoringModel:
        return model

    def slow_check(model: ScoringModel) -> None:
        meet.wait()

    monkeypatch.setattr(publishing, "held_draft", unheld)
    monkeypatch.setattr(publishing, "keep", lambda draft: None)  # its history holds the model too
    monkeypatch.setattr(publishing, "check_draft", slow_check)
    answers = publish_at_once([make_model()] * 2)
    assert "IntegrityError" in {type(answer).__name__ for answer in answers}


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


def test_facts_that_arrive_meanwhile_count_in_the_new_version() -> None:
    publication = live_through_a_publication(_facts)
    assert versions_seen() == {publication.version_id}
    assert not Standing.objects.due().exists()
    rescore()
    found = verify_scores()
    assert (found.checked, found.holds) == (60, True)


def test_without_catching_up_they_would_stay_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: what the worker counted meanwhile is newer than the page, so the switch must not overwrite it."""
    monkeypatch.setattr(publishing, "_catch_up", lambda publication: None)
    publication = live_through_a_publication(_facts)
    rescore()
    assert versions_seen() != {publication.version_id}
    assert len(verify_scores().different) >= 4


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


def test_of_a_switch_and_a_stop_exactly_one_happens() -> None:
    make_leads(30)
    model = make_model()
    for _ in range(4):
        publication = publishing.publish(reworded(model), by=None)
        at_once(lambda act, publication=publication: act(publication), [finish, finish, publishing.abandon])
        state = Version.objects.get(pk=publication.version_id).state
        ended = Publication.objects.get(pk=publication.pk)
        assert ended.finished_at is not None
        assert (state == VersionState.LIVE) is not ended.abandoned
        assert (versions_seen() == {publication.version_id}) is not ended.abandoned
        assert PublicationScore.objects.count() == 0
    assert verify_scores().holds
