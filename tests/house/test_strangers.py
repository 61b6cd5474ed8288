"""Every address has its line in the matrix of rights, and none answers a stranger, except those that are public."""

import pytest
from django.contrib.admin import site
from django.test import Client

from leads.enums import Role
from leads.models import User
from tests.house.matrix import is_static, rule_of, rules
from tests.house.proposal import lines_for
from tests.house.resolver import addresses
from tests.house.sweeps import known, let_in, nothing
from tests.house.world import KINDS, World, browser

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet")]


def test_strangers_are_sent_to_sign_in() -> None:
    nothing(let_in(Client(raise_request_exception=False), World(Role.ADMIN), known()))


def test_who_was_deactivated_is_a_stranger() -> None:
    world = World(Role.ADMIN)
    client = browser(world.person)
    User.objects.filter(pk=world.person.pk).update(is_active=False)
    nothing(let_in(client, world, known()))


def test_every_address_is_in_the_matrix() -> None:
    """An address that is not written down fails here, with the line to write."""
    found = [address for address in addresses() if not is_static(address)]
    new = [address for address in found if address.name not in rules()]
    gone = sorted(set(rules()) - {address.name for address in found})
    lines = "\n".join(lines_for(new))
    assert not lines, f"write into RIGHTS of tests/house/expected_rights.py, if this is what you mean:\n{lines}"
    assert gone == [], "these addresses are no more: take them out of tests/house/expected_rights.py"
    assert len(found) >= 190  # a sweep that finds nothing would pass for ever


def test_every_kind_of_row_is_named_by_an_address() -> None:
    assert {rule.kind for rule in rules().values() if rule.of_a_team} == set(KINDS)


def test_the_admin_is_in_the_matrix() -> None:
    names = {f"{model._meta.app_label}_{model._meta.model_name}" for model in site._registry}
    assert {name for name in names if f"admin:{name}_change" not in rules()} == set()


# Negative controls


def test_it_sees_an_open_page() -> None:
    """A public page that is not written down as one."""
    address = next(address for address in addresses() if address.name == "login")
    rule = rule_of("- | GET POST all")
    assert list(let_in(Client(), World(Role.ADMIN), [(address, rule)]))[0] == "login: GET /login/ answered 200"


def test_it_proposes_a_line_for_a_new_address() -> None:
    found = {address.name: address for address in addresses()}
    assert list(lines_for([found["handoff-acceptance"], found["reports"]])) == [
        '    "handoff-acceptance": "handoff | POST rep manager admin",  # handoffs/<int:pk>/acceptance/',
        '    "reports": "- | GET marketing manager admin",  # reports/',
    ]
