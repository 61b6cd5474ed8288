"""On the lead's page stands what the other side says, for those who may see experiments and for nobody else."""

import pytest
from django.test import Client

from leads.enums import Role
from leads.models import Lead, Membership, User
from scoring import publishing
from scoring.experiments.running import promote, stop
from scoring.models import Experiment, LastScore
from tests.experiments.lab import begin, live_model, newcomers, side_of
from tests.leads.api import Caller
from tests.sales import make_team, make_user
from tests.scoring.workshop import record, rescore

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


def test_in_the_shadow_both_stand_there_and_after_the_end_as_they_were(client: Client) -> None:
    marketer = make_user("Mia", make_team(), Role.MARKETING)
    shadow = begin(live_model()[0], shadow=True)
    (lead,) = newcomers(make_team(), 1)
    shown = page(client, lead, marketer)
    assert "in the shadow" in shown and "20 fit + 0 engagement" in shown
    stop(shadow, by=None)
    rescore()
    record(lead, "page_viewed", url="/pricing")
    rescore()
    shown = page(client, lead, marketer)
    assert SAID in shown and "what each side said then" in shown and "20 fit + 0 engagement" in shown
    assert "Champion, decided this lead" in shown
    assert "scored in the shadow" in client.get(f"/scoring/experiments/{shadow.pk}/").content.decode()
    lines = page(client, lead, marketer, side=1)
    assert "version 2" in lines and "20 fit + 0 engagement" in lines


def test_what_both_said_last_is_kept(client: Client, lead: Lead, experiment: Experiment) -> None:
    """By either way it ends; for programs, on the list of those who took part and on the page of the experiment."""
    marketer = make_user("Mia", make_team(), Role.MARKETING)
    publication = promote(experiment, experiment.arms.get(position=1), by=None)
    while publishing.run(publication):
        pass
    Lead.objects.filter(pk=lead.pk).update(title="Buyer")
    rescore()
    caller = Caller(marketer)
    told = caller.get(f"leads/{lead.pk}/standing").json()
    assert told["total"] == 0 and told["experiment"]["ended_at"]
    assert [(one["decides"], one["total"]) for one in told["experiment"]["sides"]] == [(True, 15), (False, 20)]
    assert sum(line["points"] for line in caller.get(f"leads/{lead.pk}/standing", side=1).json()["lines"]) == 20
    rows = caller.get(f"experiments/{experiment.pk}/leads").json()["results"]
    assert {(row["side"], *(one["total"] for one in row["scores"])) for row in rows} == {(0, 15, 20), (1, 20, 15)}
    client.force_login(marketer)
    listed = client.get(f"/scoring/experiments/{experiment.pk}/leads/").content.decode()
    assert listed.count("<b>15</b>") + listed.count("<b>20</b>") == 12 and "as they were when it ended" in listed
    assert "When it ended" in client.get(f"/scoring/experiments/{experiment.pk}/").content.decode()
    Lead.objects.filter(pk=lead.pk).delete()
    assert not LastScore.objects.filter(lead=lead.pk).exists() and LastScore.objects.count() == 22


def test_reps_do_not_see_it_after_the_end_either(client: Client, lead: Lead, experiment: Experiment) -> None:
    stop(experiment, by=None)
    rep = make_user("Rob", make_team())
    assert SAID not in page(client, lead, rep) and page(client, lead, rep, side=1) == "404"
