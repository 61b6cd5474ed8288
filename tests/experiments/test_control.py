"""A share of the leads below the bar is handed off by lot, once, and stands for all of them."""

from datetime import timedelta
from itertools import count

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from leads.enums import HandoffState, Role
from leads.models import Handoff, Lead, Standing, Team, User
from leads.statistics import wilson
from reports.models import Fact
from reports.scope import Scope
from reports.summaries import count_due
from scoring.control.draw import draw_due, set_share
from scoring.control.estimate import Row, estimate, missed
from scoring.engine.sides import number_of
from scoring.models import ControlCase, ControlSample
from scoring.tasks import draw_control
from tests.experiments.lab import live_model, newcomers
from tests.leads.api import Caller
from tests.sales import make_team, make_user
from tests.scoring.workshop import rescore
from tests.threads import at_once

pytestmark = pytest.mark.django_db
PAGE = "/scoring/experiments/control-sample/"


@pytest.fixture
def team() -> Team:
    team = make_team()
    make_user("Rob", team)
    live_model()
    return team


def sampled(team: Team | None, percent: float, *, days: int = 0, excluded: bool = True) -> ControlSample:
    sample = set_share(team, percent=percent, after_days=days, excluded=excluded, by=None)
    ControlSample.objects.update(since=timezone.now() - timedelta(days=100))
    return sample


def aged(leads: list[Lead], days: int) -> list[Lead]:
    then = timezone.now() - timedelta(days=days)
    Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(created_at=then)
    rescore()
    return leads


def test_a_share_is_drawn_by_hash_once(team: Team) -> None:
    sample = sampled(team, 10)
    leads = newcomers(team, 200)
    draw_control()
    drawn = {lead.pk for lead in leads if number_of(sample.salt, lead.pk) < 1000}
    assert set(ControlCase.objects.filter(drawn=True).values_list("lead", flat=True)) == drawn
    assert set(Handoff.objects.values_list("lead", flat=True)) == drawn and 5 < len(drawn) < 40
    assert ControlCase.objects.count() == 200 and not ControlCase.objects.exclude(permille=100).exists()
    assert set(Handoff.objects.values_list("control__lead", flat=True)) == drawn, "they are marked"
    assert draw_due() == 0 and ControlCase.objects.count() == 200


def test_by_default_nobody_is_drawn(team: Team) -> None:
    newcomers(team, 20)
    assert draw_due() == 0 and not ControlCase.objects.exists()
    sampled(team, 0)
    assert draw_due() == 0 and not ControlCase.objects.exists()


def test_only_below_the_bar_after_its_days_and_never_handed_off(team: Team) -> None:
    sampled(None, 10, days=7)
    old, young, handed, barred, hot = (newcomers(team, 1)[0] for _ in range(5))
    aged([old, handed, barred, hot], 8)
    aged([young], 6)
    Standing.objects.filter(pk=barred.pk).update(label="disqualified")
    Standing.objects.filter(pk=hot.pk).update(label="hot")
    Handoff.objects.create(team=team, lead=handed, due_at=timezone.now(), state=HandoffState.REJECTED)
    draw_due()
    assert list(ControlCase.objects.values_list("lead", flat=True)) == [old.pk]


def test_a_team_may_have_a_share_of_its_own(team: Team) -> None:
    other = make_team("APAC")
    sampled(None, 5)
    sampled(other, 0)
    newcomers(team, 5)
    newcomers(other, 5)
    draw_due()
    assert set(ControlCase.objects.values_list("team", "permille")) == {(team.pk, 50)}


def test_leads_of_before_are_left_alone(team: Team) -> None:
    newcomers(team, 5)
    sample = set_share(team, percent=5, after_days=0, excluded=True, by=None)
    assert draw_due() == 0 and not ControlCase.objects.exists()
    first = sample.since
    assert set_share(team, percent=3, after_days=0, excluded=True, by=None).since == first
    with pytest.raises(ValidationError, match="Choose 0 to 10 percent"):
        set_share(team, percent=11, after_days=0, excluded=True, by=None)


@pytest.mark.django_db(transaction=True)
def test_two_workers_offer_each_lead_once(team: Team) -> None:
    sampled(team, 10)
    newcomers(team, 150)
    offered = at_once(lambda _: draw_due(), range(3))
    assert sum(offered) == Handoff.objects.count() == ControlCase.objects.filter(drawn=True).count() > 0


def test_reports_leave_them_out_if_wished(team: Team) -> None:
    manager = make_user("Mel", team, Role.MANAGER)
    sampled(team, 10)
    newcomers(team, 100)
    draw_due()
    today = timezone.localdate()
    scope = Scope(manager, today, today)
    assert Handoff.objects.count() > 0 and scope.handoffs().count() == 0
    ControlCase.objects.update(excluded=False)
    assert scope.handoffs().count() == Handoff.objects.count()


def test_who_was_drawn_is_not_said_to_be_chosen_by_score(team: Team) -> None:
    sampled(team, 10)
    newcomers(team, 100)
    draw_due()
    count_due()
    drawn = set(ControlCase.objects.filter(drawn=True).values_list("lead", flat=True))
    assert drawn and set(Fact.objects.filter(chosen="lot").values_list("pk", flat=True)) == drawn
    assert set(Fact.objects.exclude(pk__in=drawn).values_list("chosen", flat=True)) == {""}


# --- What it misses ---------------------------------------------------------------------------------------------------


def row(label: str, permille: int, reached: int, drawn: int, answered: int, accepted: int) -> Row:
    return Row(label, permille, reached, drawn, answered, accepted, answered, 0)


def test_with_one_chance_it_is_the_plain_share() -> None:
    found = missed("", [row("warm", 50, 1000, 50, 40, 8)], n="answered", k="accepted")
    plain = wilson(8, 40)
    assert (found.share, found.effective) == (pytest.approx(0.2), pytest.approx(40))
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == (pytest.approx(plain.low), pytest.approx(plain.high))
    assert found.missed == pytest.approx(200)


def test_each_drawn_lead_stands_for_those_like_it() -> None:
    """20 Warm at 10 % stand for 200, 20 Cold at 1 % for 2,000: the answer is nearly that of Cold."""
    rows = [row("warm", 100, 200, 20, 20, 10), row("cold", 10, 2000, 20, 20, 0)]
    found = missed("", rows, n="answered", k="accepted")
    assert found.share == pytest.approx(10 * 10 / (20 * 10 + 20 * 100))
    assert found.effective == pytest.approx(2200**2 / (20 * 100 + 20 * 10_000)) and found.effective < 40


def test_under_30_answers_nothing_is_said() -> None:
    found = missed("warm", [row("warm", 50, 500, 25, 20, 8)], n="answered", k="accepted")
    assert (found.share, found.interval, found.missed) == (None, None, None) and (found.k, found.n) == (8, 20)


def test_the_interval_holds_what_is_true() -> None:
    """A thousand samples: 3,000 leads at 2 %, 1,000 at 5 %, of which 4 % and 12 % are good."""
    random = np.random.default_rng(5)
    truth, inside = (3000 * 0.04 + 1000 * 0.12) / 4000, 0
    shares = []
    for _ in range(1000):
        rows = []
        for label, permille, reached, good in (("cold", 20, 3000, 0.04), ("warm", 50, 1000, 0.12)):
            drawn = int(random.binomial(reached, permille / 1000))
            rows.append(row(label, permille, reached, drawn, drawn, int(random.binomial(drawn, good))))
        found = missed("", rows, n="answered", k="accepted")
        assert found.interval is not None and found.share is not None
        shares.append(found.share)
        inside += found.interval.low <= truth <= found.interval.high
    assert inside >= 930 and np.mean(shares) == pytest.approx(truth, abs=0.002)


# --- Pages and API ----------------------------------------------------------------------------------------------------


@pytest.fixture
def marketer(team: Team) -> User:
    return make_user("Mia", team, Role.MARKETING)


def test_the_page_sets_the_share_and_shows_what_is_missed(team: Team, marketer: User, client: Client) -> None:
    client.force_login(marketer)
    page = PAGE
    assert "Nothing is drawn." in client.get(page).content.decode()
    wrong = client.post(page, {"team": team.slug, "percent": 50, "after_days": 0})
    assert wrong.status_code == 422 and "less than or equal to 10" in wrong.content.decode()
    assert client.post(page, {"team": team.slug, "percent": 5, "after_days": 0, "excluded": "on"}).status_code == 302
    ControlSample.objects.update(since=timezone.now() - timedelta(days=1), permille=100)
    leads = newcomers(team, 400)
    lots = (f"lot{n}" for n in count())  # one in twenty draws under 30 of them, of whom nothing would be said
    forty = next(lot for lot in lots if sum(number_of(lot, lead.pk) < 1000 for lead in leads) == 40)
    ControlSample.objects.update(salt=forty)
    draw_due()
    drawn = list(Handoff.objects.order_by("pk").values_list("pk", flat=True))
    Handoff.objects.filter(pk__in=drawn).update(state=HandoffState.REJECTED, decided_at=timezone.now())
    Handoff.objects.filter(pk__in=drawn[:5]).update(state=HandoffState.ACCEPTED)
    found = estimate([team.pk])
    assert found.reached == len(leads) and found.accepted[-1].k == 5
    shown = client.get(page).content.decode()
    assert f"of the {len(leads)} leads below the bar" in shown and f"from {len(drawn)} that were drawn" in shown
    assert client.get(f"{PAGE}leads/").content.decode().count("<tr data-item>") == min(50, len(drawn))
    assert estimate([]).accepted == []


def test_what_another_team_draws_is_not_shown_or_set(team: Team, marketer: User, client: Client) -> None:
    other = make_team("APAC")
    client.force_login(marketer)
    given = {"percent": 5, "after_days": 0}
    assert client.post(PAGE, {"team": other.slug, **given}).status_code == 404
    assert client.post(PAGE, {"team": "", **given}).status_code == 403, "it would be APAC's too"
    sampled(other, 10)
    newcomers(other, 100)
    draw_due()
    assert "<tr data-item>" not in client.get(f"{PAGE}leads/").content.decode()


def test_for_programs(team: Team, marketer: User) -> None:
    caller = Caller(marketer)
    saved = caller.put("control-sample", {"team": team.slug, "percent": 3})
    assert saved.json() == {"team": team.slug, "percent": 3.0, "after_days": 7, "excluded": True}
    assert caller.put("control-sample", {"team": "nobody", "percent": 3}).status_code == 400
    body = caller.get("control-sample").json()
    assert body["shares"] == [saved.json()] and body["accepted"] == []
    ControlSample.objects.update(since=timezone.now() - timedelta(days=1), permille=100, after_days=0)
    newcomers(team, 100)
    draw_due()
    cases = caller.get("control-sample/leads").json()["results"]
    assert len(cases) == Handoff.objects.count() and {case["percent"] for case in cases} == {10.0}
    assert caller.get("control-sample").json()["accepted"][-1]["reached"] == 100
    make_team("APAC")
    assert caller.put("control-sample", {"percent": 3}).status_code == 403
