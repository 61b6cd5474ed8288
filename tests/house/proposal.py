"""The line that a new address lacks in tests/house/expected_rights.py, written as the address answers today."""

from collections.abc import Iterator

from leads.enums import Role
from tests.house.matrix import METHODS, PART, TAKEN, ask
from tests.house.resolver import Address
from tests.house.world import COMPANY, KINDS, MISSING, World, browser

ALIASES = {
    "models": "scoringmodel",
    "keys": "writekey",
    "starters": "starter",
    "outbox": "effect",
    "nurture": "nurturelist",
    "duplicates": "duplicatepair",
    "alert-rules": "rule",
    "people": "user",
    "criteria": "criterion",
    "sign-ins": "signin",
    "sessions": "signin",
}
UNKNOWN = "KIND (what row is it? give it a line in tests/house/world.py)"


def lines_for(found: list[Address]) -> Iterator[str]:
    """The lines of these addresses."""
    worlds = {role: World(role) for role in (Role.values if found else ())}
    for address in found:
        kind = _kind(address)
        said = "".join(f" | {who}" for who in _observed(worlds, address, kind)) if kind != UNKNOWN else " | …"
        yield f'    "{address.name}": "{kind}{said}",  # {address.route}'


def _kind(address: Address) -> str:
    """What the route names before its first blank: handoffs/<int:pk>/acceptance/ a handoff."""
    if not address.blanks:
        return "-"
    before = address.filled(lambda name: MISSING).partition(str(MISSING))[0].strip("/").split("/")[-1]
    alike = {
        before,
        before.removesuffix("s"),
        before.removesuffix("ies") + "y",
        before.replace("-", ""),
        ALIASES.get(before),
    }
    return next((kind for kind in (*KINDS, *COMPANY) if kind in alike), UNKNOWN)


def _observed(worlds: dict[str, World], address: Address, kind: str) -> Iterator[str]:
    """GET POST rep manager admin: the methods by which these roles get somewhere with a row of their own."""
    who: dict[str, list[str]] = {}
    for method in (method for method in METHODS if method != PART):
        roles = [role for role, world in worlds.items() if _taken(world, address, kind, method)]
        if roles:
            who.setdefault("all" if len(roles) == len(worlds) else " ".join(roles), []).append(method)
    for these, methods in who.items():
        yield f"{' '.join(methods)} {these}"


def _taken(world: World, address: Address, kind: str, method: str) -> bool:
    row = world.own.get(kind)
    path = address.filled(row.fills(address.blanks) if row else lambda name: 1)
    return ask(browser(world.person), method, path, undo=True).outcome == TAKEN
