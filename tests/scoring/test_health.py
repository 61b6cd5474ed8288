"""How a live model fares: counted, kept, and said in words with the next thing to do."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.conditions import parse
from leads.enums import Cause, HandoffState
from leads.models import Company, Handoff, Lead, Membership, Standing, Team, User
from scoring.findings import drift, findings, last_review
from scoring.health import mondays, refresh, refresh_due, waits
from scoring.models import Entry, Health, LabelWeek, Version
from tests.leads.api import Caller
from tests.sales import make_user
from tests.scoring.workshop import go_live, make_lead, make_model, rescore

pytestmark = pytest.mark.django_db


@pytest.fixture
def version() -> Version:
    return go_live(make_model())


def health(version: Version) -> Health:
    refresh(version)
    return Health.objects.get()


def kinds(version: Version) -> list[str]:
    kept = health(version)
    return [one.kind for one in findings(kept, last_review(version)[0])]


def leads(team: Team, number: int, days_ago: int = 0, **company: Any) -> list[Lead]:
    firm = Company.objects.create(team=team, name=f"F{days_ago}{company}", **company)
    made = [make_lead(team, company=firm) for _ in range(number)]
    created = timezone.now() - timedelta(days=days_ago)
    Lead.objects.filter(pk__in=[lead.pk for lead in made]).update(created_at=created)
    return made


def entry(lead: Lead, version: Version, seq: int, days_ago: float, label: str, **extra: Any) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    values = {"cause": Cause.ACTIVITY, "as_of": at, "recorded_at": at, "fit": 1, "engagement": 1, "total": 2}
    values |= {"grade": "A1", "points": [0] * 6}
    Entry.objects.create(lead=lead, seq=seq, version=version, label=label, **(values | extra))


def test_labels_at_the_end_of_past_weeks_are_counted_once_and_the_present_one_again(
    team: Team, version: Version
) -> None:
    lead, other = leads(team, 2)
    entry(lead, version, 1, 30, "hot")
    entry(lead, version, 2, 10, "cold")
    entry(other, version, 1, 24, "warm")
    weeks = {week["week"]: week for week in health(version).figures["weeks"]}
    assert list(weeks) == [day.isoformat() for day in mondays(timezone.now())]

    def at(days_ago: int) -> Any:
        day = timezone.localdate() - timedelta(days=days_ago)
        week = weeks[(day - timedelta(days=day.weekday())).isoformat()]
        return week["hot"], week["warm"], week["cold"]

    assert (at(63), at(28), at(14), at(7)) == ((0, 0, 0), (1, 0, 0) if at(28)[1] == 0 else (1, 1, 0), at(14), (0, 1, 1))
    assert at(0) == (0, 0, 0)  # nobody is scored now
    Entry.objects.all().delete()
    rescore()
    again = {week["week"]: week for week in health(version).figures["weeks"]}
    assert again[min(again)] == weeks[min(weeks)]
    assert sum(again[max(again)][label] for label in ("hot", "warm", "cool", "cold")) == 2
    assert LabelWeek.objects.count() == 12 * 5


def test_more_hot_leads_than_sales_can_work(team: Team, version: Version, mara: User) -> None:
    rob = make_user("Rob", team)
    for lead in leads(team, 12):
        entry(lead, version, 1, 8, "hot", label_before="warm")
    assert "volume" not in kinds(version)  # nobody said how many are too many
    Membership.objects.filter(user=rob).update(weekly_capacity=2)
    kept = health(version)
    (found,) = [one for one in findings(kept, timezone.now()) if one.kind == "volume"]
    assert found.title == "3 Hot a week are above the capacity of 2."
    Membership.objects.filter(user=rob).update(weekly_capacity=4)
    assert "volume" not in kinds(version)


def test_new_leads_unlike_those_before(team: Team, version: Version) -> None:
    leads(team, 40, days_ago=60, industry="Manufacturing")
    leads(team, 40, days_ago=5, industry="Retail")
    rescore()
    kept = health(version)
    moved = {one.name: (one.now.k, one.now.n, one.before.k, one.before.n, one.notable) for one in drift(kept)}
    assert moved["Manufacturing"] == (0, 40, 40, 40, True)
    assert moved["VP"] == (40, 40, 40, 40, False)
    assert [(one.kind, one.title) for one in findings(kept, timezone.now())] == [
        ("drift", "Fewer new leads meet “Manufacturing”.")
    ]


def test_a_criterion_that_stopped_firing(team: Team, version: Version) -> None:
    several = leads(team, 30)
    entry(several[0], version, 1, 45, "hot", points=[15, 0, 0, 0, 8, 0])
    for lead in several:
        entry(lead, version, 2, 5, "cold", points=[15, 0, 0, 0, 0, 0])
    kept = health(version)
    assert [one.title for one in findings(kept, timezone.now())] == ["“Pricing page” has stopped firing."]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"event": "any", "last_before": 60}, True),
        ({"not": {"event": "page_viewed", "days": 30}}, True),
        ({"event": "page_viewed", "at_most": 2, "days": 30}, True),
        ({"any": [{"field": "title", "op": "known"}, {"event": "any", "last_before": 60}]}, True),
        ({"field": "days_since_activity", "op": "at_least", "value": 30}, True),
        ({"event": "page_viewed", "days": 30}, False),
        ({"not": {"event": "any", "last_before": 60}}, False),
        ({"not": {"field": "title", "op": "contains", "value": "VP"}}, False),
    ],
)
def test_silence_does_not_fall_silent(condition: dict[str, Any], expected: bool) -> None:
    """Whoever has just done something meets no criterion on having done nothing: that is no finding."""
    assert waits(parse(condition)) is expected


def test_what_sales_said_by_label(team: Team, version: Version) -> None:
    answers = [("hot", "accepted")] * 5 + [("hot", "rejected")] * 35 + [("warm", "accepted")] * 40
    for number, (label, state) in enumerate(answers):
        lead = make_lead(team, last_name=str(number))
        Handoff.objects.create(
            team=team, lead=lead, state=HandoffState(state), due_at=timezone.now(), label=label, version=version.pk
        )
    kept = health(version)
    assert kept.figures["outcomes"] == [
        {"label": "hot", "accepted": [5, 40], "won": [0, 40]}, {"label": "warm", "accepted": [40, 40], "won": [0, 40]},
    ]  # fmt: skip
    assert [one.title for one in findings(kept, timezone.now())] == [
        "Sales accepts Warm leads more often than Hot ones."
    ]


def test_a_review_is_asked_for_after_ninety_days_and_noted(client: Client, mara: User) -> None:
    version = go_live(make_model(), published_at=timezone.now() - timedelta(days=91))
    refresh(version)
    client.force_login(mara)
    home = reverse("scoring:index")
    assert "Not reviewed for 91 days." in client.get(home).content.decode()
    client.post(reverse("scoring:reviews", args=[version.model_id]))
    page = client.get(home).content.decode()
    assert "Not reviewed" not in page
    assert "by Mara" in page
    assert last_review(version)[1].by == mara  # type: ignore[union-attr]


def test_it_is_counted_when_due_and_shown_with_its_moment(client: Client, team: Team, mara: User) -> None:
    client.force_login(mara)
    version = go_live(make_model())
    assert "Counted within minutes." in client.get(reverse("scoring:index")).content.decode()
    leads(team, 3)
    rescore()
    assert (refresh_due(), refresh_due()) == (1, 0)
    Health.objects.update(as_of=timezone.now() - timedelta(hours=2))
    assert refresh_due() == 1
    assert "Nothing calls for attention." in client.get(reverse("scoring:index")).content.decode()
    told = Caller(mara).get(f"models/{version.model_id}/health/").json()
    assert (told["number"], told["findings"]) == (1, [])
    made = Caller(mara).post(f"models/{version.model_id}/reviews/", {"note": "Holds"}).json()
    assert (made["by"], Caller(mara).get(f"models/{version.model_id}/reviews/").json()) == (mara.pk, [made])
    assert Standing.objects.filter(version=version.pk).count() == 3
