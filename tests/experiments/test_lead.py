"""On the lead's page stands what the other side says, for those who may see experiments and for nobody else."""

import pytest
from django.test import Client

from leads.enums import Role
from leads.models import Lead, Membership, User
from scoring.experiments.running import stop
from scoring.models import Experiment
from tests.experiments.lab import begin, live_model, newcomers, side_of
from tests.leads.api import Caller
from tests.sales import make_team, make_user

pytestmark = pytest.mark.django_db
SAID = 'aria-label="Experiment"'


@pytest.fixture
def experiment() -> Experiment:
    return begin(live_model()[0])


@pytest.fixture
def lead(experiment: Experiment) -> Lead:
    """On the champion's side: 15 by it, 20 by the other."""
    return next(one for one in newcomers(make_team(), 12) if side_of(one).is_champion)


def page(client: Client, lead: Lead, user: User, **query: int) -> str:
    client.force_login(user)
    answer = client.get(f"/scoring/leads/{lead.pk}/standing/", query)
    return answer.content.decode() if answer.status_code == 200 else str(answer.status_code)


@pytest.mark.parametrize("role", [Role.MARKETING, Role.MANAGER])
def test_the_other_score_stands_beside_with_its_lines(client: Client, lead: Lead, role: Role) -> None:
    user = make_user("Mia", make_team(), role)
    shown = page(client, lead, user)
    assert SAID in shown and "Champion, decides this lead" in shown and "20 fit + 0 engagement" in shown
    lines = page(client, lead, user, side=1)
    assert "version 2" in lines and SAID not in lines
    assert page(client, lead, user, side=2) == page(client, lead, user, side=77) == "404"


def test_reps_see_neither_side(client: Client, lead: Lead) -> None:
    """Nor who is a rep of this team and a marketer of another."""
    rep = make_user("Rob", make_team())
    Membership.objects.create(user=rep, team=make_team("APAC"), role=Role.MARKETING)
    shown = page(client, lead, rep)
    assert SAID not in shown and "Five more for a VP" not in shown
    assert page(client, lead, rep, side=0) == page(client, lead, rep, side=1) == "404"
    caller = Caller(rep)
    assert caller.get(f"leads/{lead.pk}/standing").json()["experiment"] is None
    assert caller.get(f"leads/{lead.pk}/standing", side=1).status_code == 404


def test_for_programs(lead: Lead, experiment: Experiment) -> None:
    caller = Caller(make_user("Mia", make_team(), Role.MARKETING))
    told = caller.get(f"leads/{lead.pk}/standing").json()["experiment"]
    assert (told["id"], told["name"], told["shadow"], told["side"]) == (experiment.pk, "Five more for a VP", False, 0)
    sides = [(one["position"], one["decides"], one["total"], one["fit"], one["label"]) for one in told["sides"]]
    assert sides == [(0, True, 15, 15, "cold"), (1, False, 20, 20, "cold")]
    other = caller.get(f"leads/{lead.pk}/standing", side=1).json()
    assert other["total"] == 20 == sum(line["points"] for line in other["lines"])
    assert caller.get(f"leads/{lead.pk}/standing", side=9).status_code == 404


def test_in_the_shadow_both_stand_there_and_after_the_end_nothing(client: Client) -> None:
    marketer = make_user("Mia", make_team(), Role.MARKETING)
    shadow = begin(live_model()[0], shadow=True)
    (lead,) = newcomers(make_team(), 1)
    shown = page(client, lead, marketer)
    assert "in the shadow" in shown and "20 fit + 0 engagement" in shown
    stop(shadow, by=None)
    assert SAID not in page(client, lead, marketer)
