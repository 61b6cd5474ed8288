"""What became of leads like this one: counted at night for each live version, said on the lead, refused when thin."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from leads.enums import Role
from leads.models import Lead, Standing, Team
from scoring.likelihood import calibrate_due, likelihood
from scoring.models import Calibration, Version
from scoring.tasks import calibrate
from tests.leads.api import Caller
from tests.learning.history import history
from tests.sales import make_user
from tests.scoring.workshop import add, field, go_live, make_model, rescore

pytestmark = pytest.mark.django_db


@pytest.fixture
def live(team: Team) -> Version:
    """Referrals, who buy more often, have the more points."""
    history(team)
    model = make_model()
    add(model.groups.get(name="Role"), "Referral", 20, field("source", "is", "Referral"))
    version = go_live(model)
    rescore()
    return version


def of(source: str, **where: Any) -> Any:
    return likelihood(Standing.objects.filter(lead__source=source, **where).earliest("pk"))


class TestCounted:
    def test_counts_are_those_of_the_leads(self, live: Version) -> None:
        assert calibrate_due() == 1
        figures = Calibration.objects.get().figures
        over = Lead.objects.filter(created_at__lte=timezone.now() - timedelta(days=180 + 14))
        n, won = over.count(), over.filter(deals__state="won").count()
        assert (figures["n"], figures["won"]) == (n, won)
        assert sum(n for _, n in figures["cells"].values()) == n
        assert sum(k for k, _ in figures["labels"].values()) == won
        assert figures["checked"] == round(n / 5)
        assert figures["error"] < 0.2

    def test_a_better_lead_has_the_higher_share(self, live: Version) -> None:
        calibrate_due()
        good, poor = of("Referral"), of("Web")
        assert good.rate.share > poor.rate.share
        assert good.promised > poor.promised
        assert good.interval.low < good.rate.share < good.interval.high
        assert abs(good.promised - good.rate.share) < 0.2
        assert good.within == 180

    def test_every_night_and_when_a_version_is_new(self, live: Version) -> None:
        calibrate()
        assert calibrate_due() == 0
        Calibration.objects.update(due_at=timezone.now() - timedelta(hours=1))
        assert calibrate_due() == 1
        live.model.criteria.filter(name="Referral").update(points=5)
        go_live(live.model)
        assert calibrate_due() == 1
        assert Calibration.objects.count() == 2

    def test_by_chance_the_shares_are_alike(self, team: Team) -> None:
        """Negative control."""
        history(team, signal=False)
        model = make_model()
        add(model.groups.get(name="Role"), "Referral", 20, field("source", "is", "Referral"))
        go_live(model)
        rescore()
        calibrate_due()
        assert abs(of("Referral").promised - of("Web").promised) < 0.1


class TestThin:
    def test_with_too_few_outcomes_nothing_is_said(self, team: Team) -> None:
        history(team, leads=30)
        go_live(make_model())
        rescore()
        calibrate_due()
        said = of("Web")
        assert not said.said
        assert "Too few past outcomes to say: needed are" in said.missing

    def test_with_too_few_alike_nothing_is_said(self, live: Version) -> None:
        calibrate_due()
        row = Calibration.objects.get()
        few = [3, 20]
        row.figures |= {"cells": {}, "labels": {}, "bands": [few] * 5}
        row.save()
        assert of("Web").missing == "Too few past leads like this one to say: 20 so far, 30 are needed."


class TestSaid:
    def test_on_the_lead(self, live: Version, team: Team, client: Client) -> None:
        calibrate_due()
        client.force_login(make_user("Rob", team, Role.REP))
        lead = Lead.objects.filter(source="Referral").earliest("pk")
        said = " ".join(client.get(f"/scoring/leads/{lead.pk}/standing/").content.decode().split())
        rate = of("Referral").rate
        assert f"of cases, {rate.k} of {rate.n}" in said
        assert "a customer within 180 days from then" in said

    def test_through_the_api(self, live: Version, team: Team) -> None:
        calibrate_due()
        caller = Caller(make_user("Dana", team, Role.MARKETING))
        lead = Lead.objects.filter(source="Referral").earliest("pk")
        said = caller.get(f"leads/{lead.pk}/likelihood").json()
        assert said["share"] == said["k"] / said["n"]
        assert caller.get(f"models/{live.model_id}/calibration").json()["question"]["within"] == 180
