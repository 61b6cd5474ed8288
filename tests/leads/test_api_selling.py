"""How sales is set up, by program: hours and promises, capacity, territories, nurture lists."""

from typing import Any

import pytest

from leads.enums import Role
from leads.models import Calendar, Endpoint, Membership, NurtureList, RoutingRule, Segment, Team, User
from leads.selling import worktime
from leads.selling.assignment import Pool
from leads.selling.capacity import set_capacity
from leads.selling.handoffs import open_handoffs
from leads.selling.nurture import nurture
from tests.leads.api import Caller
from tests.sales import hand_off, make_lead, make_team, make_user, score

pytestmark = pytest.mark.django_db
HOT = {"field": "label", "op": "any_of", "value": ["hot"]}
WEEK = [["08:00", "16:00"]] * 5 + [None, None]


@pytest.fixture
def boss(team: Team) -> Caller:
    return Caller(make_user("Helen", team, Role.MANAGER))


@pytest.fixture
def admin(team: Team) -> Caller:
    return Caller(make_user("Alex", team, Role.ADMIN))


def test_a_calendar_with_its_promises(team: Team, boss: Caller) -> None:
    handoff = hand_off(team)
    given = {
        "team": team.pk, "time_zone": "Europe/Berlin", "week": WEEK, "public_holidays_of": "DE",
        "holidays": {"2031-03-01": "Founders"}, "promises": [{"label": "hot", "hours": "2", "fast_track": True}],
    }  # fmt: skip
    made = boss.post("calendars", given)
    assert made.status_code == 201, made.json()
    said = made.json()
    assert (said["country"], said["holidays"]["2031-03-01"], len(said["promises"])) == ("DE", "Founders", 1)
    assert "Christmas Day" in said["holidays"].values()
    assert str(worktime.of(Team.objects.get())) == "Mon to Fri, 08:00 to 16:00"
    assert boss.post("calendars", given).status_code == 409
    assert boss.post(f"calendars/{said['id']}/recounts", {}).json() == {"recounted": 1}
    handoff.refresh_from_db()
    assert handoff.due_at == worktime.of(Team.objects.get()).after(handoff.opened_at, 2)
    changed = boss.patch(f"calendars/{said['id']}", {"promises": []}).json()
    assert (changed["promises"], changed["week"]) == ([], WEEK)
    assert boss.delete(f"calendars/{said['id']}").status_code == 204
    assert not Calendar.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"week": [["09:00", "18:00"]]}, "week"),
        ({"week": [["18:00", "09:00"]] * 7}, "week"),
        ({"week": "always"}, "week"),
        ({"holidays": {"Christmas": "x"}}, "holidays"),
        ({"holidays": ["2026-12-25"]}, "holidays"),
        ({"time_zone": "Berlin"}, "time_zone"),
        ({"public_holidays_of": "XX"}, "public_holidays_of"),
        ({"promises": [{"label": "hot", "hours": 1}, {"label": "hot", "hours": 2}]}, "promises"),
        ({"promises": [{"hours": 0}]}, "promises"),
        ({"hours": 3}, "hours"),
    ],
)
def test_what_a_calendar_cannot_be(team: Team, boss: Caller, wrong: dict[str, Any], field: str) -> None:
    answer = boss.post("calendars", {"team": team.pk} | wrong)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])


def test_a_calendar_of_another_team_is_not_given(boss: Caller) -> None:
    assert boss.post("calendars", {"team": make_team("APAC").pk}).status_code == 400


def test_capacity_of_a_rep(team: Team, boss: Caller) -> None:
    kim = make_user("Kim", team)
    row = kim.memberships.get()
    said = boss.patch(f"capacities/{row.pk}", {"weight": 3, "weekly_capacity": 12, "week": WEEK}).json()
    assert (said["weight"], said["weekly_capacity"], said["week"], said["user"]) == (3, 12, WEEK, kim.pk)
    assert boss.patch(f"capacities/{row.pk}", {"week": None}).json()["week"] is None
    assert boss.patch(f"capacities/{row.pk}", {"weight": 101}).status_code == 400
    assert boss.patch(f"capacities/{row.pk}", {"assigned": 7}).json()["assigned"] == 0
    assert [one["id"] for one in boss.get("capacities").json()["results"]] == [row.pk]


def test_a_changed_capacity_takes_no_turns_back(team: Team) -> None:
    """Who had read the row before turns were counted writes what they said, and nothing else."""
    kim = make_user("Kim", team).memberships.get()
    open_handoffs([score(make_lead(team)).pk])
    set_capacity(kim, weight=2)
    fresh = Membership.objects.get(pk=kim.pk)
    assert (fresh.weight, fresh.assigned) == (2, 1)
    kim.save()  # negative control: the whole row
    assert Membership.objects.get(pk=kim.pk).assigned == 0


def test_territories(team: Team, admin: Caller, boss: Caller) -> None:
    far = make_team("APAC")
    person = User.objects.get(email=admin.token.user.email)
    rule = {"name": "Hot ones", "of": team.pk, "team": far.pk, "condition": HOT}
    assert admin.post("routing-rules", rule).status_code == 400  # not a team of theirs
    Membership.objects.create(user=person, team=far, role=Role.ADMIN)
    made = admin.post("routing-rules", rule)
    assert made.status_code == 201, made.json()
    assert boss.get("routing-rules").status_code == 403
    make_user("Yuki", far)
    (handoff,) = open_handoffs([score(make_lead(team)).pk])
    assert (handoff.team, handoff.assigned_because) == (far, "routed by “Hot ones”: round robin, 1st of 1")
    wrong = admin.patch(f"routing-rules/{made.json()['id']}", {"condition": {"field": "nope", "op": "known"}})
    assert (wrong.status_code, list(wrong.json()["fields"])) == (400, ["condition"])
    assert admin.patch(f"routing-rules/{made.json()['id']}", {"active": False}).json()["active"] is False
    assert admin.delete(f"routing-rules/{made.json()['id']}").status_code == 204
    assert not RoutingRule.objects.exists()


def test_nurture_lists_are_made_changed_and_given_up(team: Team, boss: Caller) -> None:
    made = boss.post(
        "nurture-lists", {"team": team.pk, "name": "Later", "takes_rejected": True, "takes_labels": ["cold"]}
    )
    assert made.status_code == 201, made.json()
    path = f"nurture-lists/{made.json()['id']}"
    assert boss.patch(path, {"quiet_days": 90}).json()["quiet_days"] == 90
    again = boss.post("nurture-lists", {"team": team.pk, "name": "Other", "takes_rejected": True})
    assert (again.status_code, "takes what sales sends back" in str(again.json())) == (400, True)
    foreign = Segment.objects.create(name="Far", team=make_team("APAC"), condition=HOT)
    assert boss.patch(path, {"segment": foreign.pk}).status_code == 400
    assert boss.patch(path, {"takes_labels": ["tepid"]}).status_code == 400
    of = NurtureList.objects.get()
    of.endpoint = Endpoint.objects.create(team=team, name="Mailer", url="https://example.com/in")
    of.save()
    nurture(of, [make_lead(team).pk], reason="By hand")
    assert boss.delete(path).status_code == 204
    assert not NurtureList.objects.exists()
    told = of.endpoint.team.effect_set.order_by("pk").values_list("payload__type", "payload__data__reason")
    assert list(told) == [("nurture.entered", "By hand"), ("nurture.left", "Helen deleted the list")]


def test_the_pool_still_counts_who_was_given_more_room(team: Team, boss: Caller) -> None:
    kim = make_user("Kim", team)
    boss.patch(f"capacities/{kim.memberships.get().pk}", {"weekly_capacity": 0})
    assert Pool.locked([team.pk]).next_in_turn(team.pk, but=None).user_id is None
    boss.patch(f"capacities/{kim.memberships.get().pk}", {"weekly_capacity": 1})
    assert Pool.locked([team.pk]).next_in_turn(team.pk, but=None).user_id == kim.pk
