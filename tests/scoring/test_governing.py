"""Four eyes, and publishing later."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.enums import Role
from leads.models import Notice, User
from scoring import publishing
from scoring.approvals import ApprovalMissing, approve
from scoring.governing import set_policy
from scoring.models import Publication, ScheduledPublication, ScoringModel, Version
from scoring.scheduling import publish_scheduled, schedule
from tests.leads.api import Caller
from tests.sales import make_team, make_user
from tests.scoring.workshop import go_live, make_model

pytestmark = pytest.mark.django_db
SOON = timedelta(hours=3)


@pytest.fixture
def ben() -> User:
    return make_user("Ben", make_team(), Role.MARKETING)


@pytest.fixture
def model() -> ScoringModel:
    return make_model()


def change(model: ScoringModel) -> None:
    model.criteria.filter(name="VP").update(points=19)


def page(client: Client, user: User, model: ScoringModel, **form: Any) -> str:
    client.force_login(user)
    address = reverse("scoring:publications", args=[model.pk])
    return client.post(address, {"note": "As agreed"} | form, follow=True).content.decode()


@pytest.mark.usefixtures("four_eyes")
class TestFourEyes:
    @pytest.fixture
    def four_eyes(self, ben: User) -> None:
        set_policy(four_eyes=True, by=ben)

    def test_another_person_approves_exactly_this_draft(self, model: ScoringModel, mara: User, ben: User) -> None:
        for who in (None, mara):
            with pytest.raises(ApprovalMissing):
                publishing.publish(model, by=who)
        approve(model, by=mara)
        with pytest.raises(ApprovalMissing):
            publishing.publish(model, by=mara)  # her own does not count
        approve(model, by=ben)
        change(model)
        with pytest.raises(ApprovalMissing):
            publishing.publish(model, by=mara)  # any change voids it
        approve(model, by=ben)
        assert publishing.publish(model, by=mara).version.number == 1

    def test_who_may_no_longer_publish_approves_nothing(self, model: ScoringModel, mara: User, ben: User) -> None:
        approve(model, by=ben)
        ben.memberships.update(role=Role.REP)
        with pytest.raises(ApprovalMissing):
            publishing.publish(model, by=mara)

    def test_going_back_needs_none(self, model: ScoringModel, mara: User, ben: User) -> None:
        set_policy(four_eyes=False, by=ben)
        first = go_live(model)
        change(model)
        go_live(model)
        set_policy(four_eyes=True, by=ben)
        first.refresh_from_db()
        assert publishing.rollback(first, by=mara).version == first

    def test_on_pages(self, client: Client, model: ScoringModel, mara: User, ben: User) -> None:
        assert "This draft needs the approval of another person" in page(client, mara, model)
        client.force_login(ben)
        shown = client.get(reverse("scoring:model", args=[model.pk])).context
        approvals = reverse("scoring:approvals", args=[model.pk])
        change(model)
        client.post(approvals, {"digest": shown["digest"]})
        assert model.approvals.count() == 0  # not what he saw
        client.post(approvals, {"digest": client.get(reverse("scoring:model", args=[model.pk])).context["digest"]})
        assert [one.by for one in model.approvals.all()] == [ben]
        client.post(reverse("scoring:approval-withdrawal", args=[model.pk]))
        assert model.approvals.count() == 0
        approve(model, by=ben)
        assert "Publishing version 1" in page(client, mara, model)

    def test_api_and_command_line(self, model: ScoringModel, mara: User, ben: User) -> None:
        assert Caller(mara).post(f"models/{model.pk}/publication/", {"note": "As agreed"}).status_code == 409
        with pytest.raises(CommandError, match="needs the approval of another person"):
            call_command("model", "publish", model.slug, "--note", "As agreed")
        told = Caller(ben).get(f"models/{model.pk}/approvals/").json()
        assert (told["four_eyes"], told["approvals"]) == (True, [])
        assert Caller(ben).post(f"models/{model.pk}/approvals/", {"digest": "x"}).status_code == 409
        given = Caller(ben).post(f"models/{model.pk}/approvals/", {"digest": told["digest"]}).json()
        assert [one["by"] for one in given["approvals"]] == [ben.pk]
        assert Caller(mara).post(f"models/{model.pk}/publication/", {"note": "As agreed"}).status_code == 202


def test_only_an_admin_changes_how_we_publish(client: Client, mara: User) -> None:
    ada = make_user("Ada", make_team(), Role.ADMIN)
    assert Caller(mara).put("publishing-policy/", {"four_eyes": True}).status_code == 403
    assert Caller(ada).put("publishing-policy/", {"four_eyes": True}).json()["changed_by"] == ada.pk
    client.force_login(ada)
    client.post(reverse("scoring:policy"), {})
    assert Caller(mara).get("publishing-policy/").json()["four_eyes"] is False


def test_where_nothing_differs_there_is_nothing_to_publish(client: Client, model: ScoringModel, mara: User) -> None:
    go_live(model)
    assert "Nothing to publish: the draft is what is live." in page(client, mara, model)
    assert Version.objects.count() == 1


class TestLater:
    def due(self, row: ScheduledPublication) -> None:
        ScheduledPublication.objects.filter(pk=row.pk).update(at=timezone.now())

    def test_it_is_published_then(self, client: Client, model: ScoringModel, mara: User) -> None:
        at = (timezone.localtime() + SOON).strftime("%Y-%m-%dT%H:%M")
        assert "Scheduled for" in page(client, mara, model, note="For the fair", at=at)
        row = ScheduledPublication.objects.get()
        assert publish_scheduled() == []
        self.due(row)
        (started,) = publish_scheduled()
        assert (started.version.note, started.version.published_by) == ("For the fair", mara)
        assert publish_scheduled() == []
        row.refresh_from_db()
        assert (row.state, row.publication) == ("published", started)

    def test_a_changed_draft_is_not_and_says_why(self, client: Client, model: ScoringModel, mara: User) -> None:
        row = schedule(model, at=timezone.now() + SOON, by=mara)
        change(model)
        client.force_login(mara)
        shown = client.get(reverse("scoring:model", args=[model.pk])).content.decode()
        assert "The draft has changed since: it will not be published then." in shown
        self.due(row)
        assert publish_scheduled() == []
        row.refresh_from_db()
        assert (row.state, row.problem) == (
            "failed", "The draft has changed meanwhile. Look at it again, then publish it.",
        )  # fmt: skip
        assert Notice.objects.get(user=mara).text.endswith(row.problem)
        assert row.problem in client.get(reverse("scoring:model", args=[model.pk])).content.decode()

    def test_rights_and_approval_are_asked_again(self, model: ScoringModel, mara: User, ben: User) -> None:
        row = schedule(model, at=timezone.now() + SOON, by=mara)
        set_policy(four_eyes=True, by=ben)
        self.due(row)
        publish_scheduled()
        row.refresh_from_db()
        assert row.problem.startswith("This draft needs the approval")
        row = schedule(model, at=timezone.now() + SOON, by=mara)
        mara.memberships.update(role=Role.REP)
        self.due(row)
        publish_scheduled()
        row.refresh_from_db()
        assert row.problem == "Mara may no longer publish."

    def test_while_another_version_is_being_scored_it_waits(self, model: ScoringModel, mara: User) -> None:
        running = publishing.publish(make_model("Other"), by=None)
        row = schedule(model, at=timezone.now() + SOON, by=mara)
        self.due(row)
        assert publish_scheduled() == []
        publishing.abandon(running)
        assert len(publish_scheduled()) == 1

    def test_it_can_be_cancelled(self, client: Client, model: ScoringModel, mara: User) -> None:
        row = schedule(model, at=timezone.now() + SOON, by=mara)
        client.force_login(mara)
        client.post(reverse("scoring:cancellation", args=[model.pk, row.pk]))
        self.due(row)
        assert publish_scheduled() == []
        assert Publication.objects.count() == 0

    def test_in_the_api(self, model: ScoringModel, mara: User) -> None:
        mine = Caller(mara)
        address = f"models/{model.pk}/schedule/"
        assert mine.post(address, {"at": "2020-01-01T00:00Z", "note": "x"}).status_code == 400
        assert mine.post(address, {"at": "2999-01-01T00:00Z", "note": "x"}).json()["state"] == "waiting"
        assert mine.post(address, {"at": "2999-01-01T00:00Z", "note": "x"}).status_code == 400  # one at a time
        assert mine.delete(address).json()["state"] == "cancelled"
        assert mine.delete(address).status_code == 409
        assert mine.post(address, {"at": "2999-01-01T00:00Z"}).json()["fields"].keys() == {"note"}
        go_live(model)
        assert mine.post(address, {"at": "2999-01-01T00:00Z", "note": "x"}).status_code == 409  # it is live already
