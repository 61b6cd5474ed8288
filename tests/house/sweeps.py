"""Cells of the matrix of rights that are not as tests/house/expected_rights.py says, one line each."""

from collections.abc import Iterator

from django.test import Client

from tests.house.matrix import ABSENT, REFUSED, TAKEN, Rule, ask, methods_of, rules
from tests.house.resolver import Address, addresses
from tests.house.world import Row, World


def known() -> list[tuple[Address, Rule]]:
    return [(address, rules()[address.name]) for address in addresses() if address.name in rules()]


def path_of(address: Address, row: Row | None, pk: object = None) -> str:
    return address.filled(row.fills(address.blanks, pk) if row else lambda name: 1)


def wrong_of(world: World, client: Client, role: str, found: list[tuple[Address, Rule]]) -> Iterator[str]:
    """Cells of a person of the first team that are not as they are written down."""
    for address, rule in found:
        if rule.public:
            continue
        if not rule.kind:
            yield from wrong_cells(client, address, rule, role, None, "")
            continue
        yield from wrong_cells(client, address, rule, role, world.own[rule.kind], "their own")
        if rule.of_a_team:
            yield from wrong_cells(client, address, rule, role, world.colleagues[rule.kind], "a colleague's")
            yield from not_alike(client, address, world.others[rule.kind], rule)


def wrong_cells(client: Client, address: Address, rule: Rule, role: str, row: Row | None, whose: str) -> Iterator[str]:
    for method in methods_of(address, rule, named=whose == "a colleague's"):
        answer = ask(client, method, path_of(address, row), row.pk if row else "", undo=rule.names(method))
        expected = rule.expects(method, role, own=whose != "a colleague's")
        right = (REFUSED, ABSENT) if expected == REFUSED else (expected,)
        if answer.outcome not in right:
            yield (
                f"{address.name}: {method} {path_of(address, row)} by {role}"
                f"{f', {whose} {rule.kind}' if row else ''}: expected {expected}, answered {answer.status}"
            )


def not_alike(client: Client, address: Address, theirs: Row, rule: Rule) -> Iterator[str]:
    """Methods that tell a row of another team from one that is not there, or let either be."""
    for method in methods_of(address, rule, named=True):
        answer = ask(client, method, path_of(address, theirs), theirs.pk)
        missing = ask(client, method, path_of(address, theirs, theirs.missing), theirs.missing)
        if answer != missing:
            yield (
                f"{address.name}: {method} tells the {rule.kind} of another team from one that is not there: "
                f"{answer.status} and {missing.status}"
            )
        if 200 <= missing.status < 300 or missing.status >= 500:
            yield f"{address.name}: {method} of a {rule.kind} that is not there answered {missing.status}"


def let_in(client: Client, world: World, found: list[tuple[Address, Rule]]) -> Iterator[str]:
    for address, rule in found:
        row = world.own[rule.kind] if rule.kind else None
        for method in (*methods_of(address, rule), "HEAD", "OPTIONS"):
            answer = ask(client, method, path_of(address, row), row.pk if row else "")
            if answer.outcome not in ((TAKEN, REFUSED, ABSENT) if rule.public else (REFUSED,)):
                yield f"{address.name}: {method} {path_of(address, row)} answered {answer.status}"
            if (
                rule.of_a_team
                and rule.names(method)
                and answer != ask(client, method, path_of(address, row, row.missing), row.missing)
            ):
                yield f"{address.name}: {method} tells what is there from what is not"


def nothing(wrong: Iterator[str]) -> None:
    told = "\n".join(wrong)
    assert not told, f"not as tests/house/expected_rights.py says:\n{told}"
