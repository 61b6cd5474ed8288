"""A version that cannot be scored, or that somebody stops: what was live stays live."""

from collections.abc import Iterator

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from leads.enums import Role
from leads.models import Field
from scoring import publishing
from scoring.engine.evaluate import _compile
from scoring.models import Publication, PublicationScore, Version, VersionState
from tests.sales import make_team, make_user
from tests.scoring.publications import checksum, make_leads
from tests.scoring.workshop import add, field, go_live, make_model, reworded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_pages")]


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
    assert go_live(reworded(model)).number == 3


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


def test_stopping_keeps_what_is_live() -> None:
    make_leads(60)
    model = make_model()
    first = go_live(model)
    before = checksum()
    publication = publishing.publish(reworded(model), by=None)
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
    third = publishing.publish(reworded(model), by=None)
    client.post(reverse("scoring:abandonment", args=[third.pk]))
    third.refresh_from_db()
    assert third.abandoned
    assert "Never live" in client.get(reverse("scoring:model", args=[model.pk])).content.decode()


def test_what_a_version_in_the_wings_needs_is_not_deleted(broken: Publication) -> None:
    """Fields are guarded while a version that asks for them is scored or live, and free once it was given up."""
    from scoring.uses import conditions_with

    assert list(conditions_with("custom.plan"))
    publishing.run(broken)
    broken.version.model.criteria.filter(name="Plan").delete()
    assert not list(conditions_with("custom.plan"))
