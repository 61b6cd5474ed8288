"""The matrix of rights: every address × method × person × row, as tests/house/expected_rights.py says.

Persons: strangers, somebody who was deactivated, each role, and a rep who is an admin elsewhere. Rows: the
person's own, a colleague's, one of another team, and one that is not there. A row of another team is answered exactly
like one that is not there: status, address and body.
"""

import pytest

from leads.access import PERMISSIONS
from leads.enums import Role
from leads.models import Membership
from leads.models.team import OwnedQuerySet
from tests.house.matrix import PART, Rule
from tests.house.resolver import Address
from tests.house.sweeps import known, nothing, wrong_of
from tests.house.world import World, browser
from tests.sales import make_team

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet")]


@pytest.mark.parametrize("role", Role.values)
def test_each_role_may_what_is_written_down(role: str) -> None:
    world = World(role)
    nothing(wrong_of(world, browser(world.person), role, known()))


def test_an_admin_elsewhere_is_here_what_their_role_is_here() -> None:
    world = World(Role.REP)
    Membership.objects.create(user=world.person, team=make_team("LATAM"), role=Role.ADMIN)
    pages = [(address, rule) for address, rule in known() if rule.of_a_team and not address.route.startswith("admin/")]
    nothing(wrong_of(world, browser(world.person), Role.REP, pages))
    assert len(pages) >= 30


# Negative controls


def some(*names: str) -> list[tuple[Address, Rule]]:
    return [(address, rule) for address, rule in known() if address.name in names]


def test_it_sees_a_query_that_forgets_teams(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(Role.REP)
    monkeypatch.setattr(OwnedQuerySet, "visible_to", lambda rows, user: rows)
    wrong = list(wrong_of(world, browser(world.person), Role.REP, some("lead", "company", "api-deal-detail")))
    assert {line.partition(":")[0] for line in wrong} == {"lead", "company", "api-deal-detail"}


def test_it_sees_a_right_too_many_and_one_too_few(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(Role.MARKETING)
    monkeypatch.setitem(PERMISSIONS, Role.MARKETING, {"leads.add_feedback", "leads.view_company"})
    wrong = list(
        wrong_of(world, browser(world.person), Role.MARKETING, some("handoff-rejection", "leads", "companies"))
    )
    assert sorted(wrong, key=lambda line: not line.startswith("leads")) == [
        "leads: GET /leads/ by marketing: expected taken, answered 403",
        "leads: PART /leads/ by marketing: expected taken, answered 403",
        *(
            f"handoff-rejection: {method} /handoffs/{row.pk}/rejection/ by marketing, {whose} handoff: "
            f"expected refused, answered {status}"
            for row, whose in ((world.own["handoff"], "their own"), (world.colleagues["handoff"], "a colleague's"))
            for method, status in (("GET", 200), (PART, 200), ("POST", 422))
        ),
    ]
